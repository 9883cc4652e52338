//! From a new installation to the first call of a program.
//!
//! | module | what |
//! |---|---|
//! | [`guide`] | the three steps |
//! | [`snippet`] | what is put in front of a service, or into it |
//! | [`first_call`] | waits for the call |

mod first_call;
pub mod guide;
mod snippet;
