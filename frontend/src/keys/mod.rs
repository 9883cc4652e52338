//! The API keys.
//!
//! | module | what |
//! |---|---|
//! | [`store`], [`changes`], [`chosen`] | the list, and what may be done to its keys |
//! | [`opened`], [`opening`], [`frame`], [`page`] | the page of one key, by its address |
//! | [`listing`], [`order`], [`rights`], [`status`], [`expiry`], [`scopes`], [`limits`], [`effect`] | pure: decisions and sentences |
//! | [`banner`] | the only time a key is seen |
//! | [`section`], [`toolbar`], [`table`] | what is on the page of the list |
//! | [`later`] | what is downloaded when it is needed |
//! | [`row`], [`cells`], [`overlap`], [`delete`], [`menu`], [`buttons`] | one key in it |
//! | [`chosen_bar`], [`delete_chosen`] | several keys at once |
//! | [`form`], [`expiry_fields`], [`scope_fields`], [`limit_fields`] | what a person fills in |
//! | [`dialogs`], [`edit`], [`rename`], [`change_expiry`], [`change_scopes`], [`change_limits`], [`rotate`] | the dialogs of the menu |

pub mod banner;
pub mod buttons;
pub mod cells;
pub mod change_expiry;
pub mod change_limits;
pub mod change_scopes;
pub mod changes;
pub mod chosen;
pub mod chosen_bar;
pub mod delete;
pub mod delete_chosen;
pub mod dialogs;
pub mod edit;
pub mod effect;
pub mod expiry;
pub mod expiry_fields;
pub mod form;
pub mod frame;
pub mod later;
pub mod limit_fields;
pub mod limits;
pub mod listing;
pub mod menu;
pub mod opened;
pub mod opening;
pub mod order;
pub mod overlap;
pub mod page;
pub mod rename;
pub mod rights;
pub mod rotate;
pub mod row;
pub mod scope_fields;
pub mod scopes;
pub mod section;
pub mod status;
pub mod store;
pub mod table;
pub mod toolbar;
