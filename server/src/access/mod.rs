//! Who may do what.
//!
//! | module | what |
//! |---|---|
//! | [`presented`](mod@presented) | where a request may carry a key |
//! | [`credential`] | what a request is authenticated by: not presented, refused, accepted |
//! | [`signed_in`] | a person with a session |
//! | [`permission`], [`allowed`] | what a handler asks for, and those who have it |
//! | [`authority`] | whether the credential is still good when a change commits |
//! | [`guard`] | what the extractors need of the server |

pub mod allowed;
pub mod authority;
pub mod credential;
pub mod guard;
pub mod permission;
pub mod presented;
pub mod signed_in;

pub use allowed::Allowed;
pub use guard::Guard;
pub use permission::{Intent, Permission};
pub use signed_in::SignedIn;
