//! The page of one key. It is downloaded when the first is opened, see [`crate::later`]; its frame,
//! [`crate::keys::frame`], is not.
//!
//! | module | what |
//! |---|---|
//! | [`view`] | its parts, from top to bottom |
//! | [`facts`] | what is known of the key, and how each is changed |
//! | [`history`] | what the audit log says about it |
//! | [`revoke`] | what ends the key |

pub mod facts;
pub mod history;
pub mod revoke;
pub mod view;
