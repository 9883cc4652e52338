//! `/admin/users`: people and invitations.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | the list, the invitations, and what may be done to them |
//! | [`words`] | pure: what the dialogs say |
//! | [`page`], [`row`], [`invitations`], [`banner`] | what is on the page |
//! | [`dialogs`], [`invite`], [`role_choice`] | the dialogs |

mod banner;
mod dialogs;
mod invitations;
mod invite;
pub mod page;
mod role_choice;
mod row;
mod store;
mod words;
