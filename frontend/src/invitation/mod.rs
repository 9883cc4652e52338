//! How an invited person comes in.
//!
//! | module | what |
//! |---|---|
//! | [`page`] | `/invitation`: whose it is, or why it is not valid |
//! | [`accept`] | the password, or the identity provider |

mod accept;
pub mod page;
