//! The API keys.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | the list, and what may be done to it |
//! | [`listing`], [`status`], [`expiry`], [`scopes`], [`limits`] | pure: decisions and sentences |
//! | [`banner`], [`leave_dialog`] | the only time a key is seen, and not losing it |
//! | [`section`], [`toolbar`], [`table`], [`row`], [`delete`], [`menu`] | what is on the page |
//! | [`form`], [`expiry_fields`], [`scope_fields`], [`limit_fields`] | what a person fills in |
//! | [`dialogs`], [`edit`], [`rename`], [`change_expiry`], [`change_limits`], [`rotate`] | the dialogs of the menu |

pub mod banner;
pub mod buttons;
pub mod change_expiry;
pub mod change_limits;
pub mod delete;
pub mod dialogs;
pub mod edit;
pub mod expiry;
pub mod expiry_fields;
pub mod form;
pub mod leave_dialog;
pub mod limit_fields;
pub mod limits;
pub mod listing;
pub mod menu;
pub mod rename;
pub mod rotate;
pub mod row;
pub mod scope_fields;
pub mod scopes;
pub mod section;
pub mod status;
pub mod store;
pub mod table;
pub mod toolbar;
