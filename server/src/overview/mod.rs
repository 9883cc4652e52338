//! What a person sees first: what needs attention, how much there is, the traffic of a day, the
//! last changes.
//!
//! | module | what |
//! |---|---|
//! | [`facts`] | what is known of the installation, and that costs little to know |
//! | [`attention`], [`words`] | pure: what of that needs a person, and in which words |
//! | [`overviews`] | all of it together |
//! | [`root_key`] | that somebody keeps a copy of the root key |
//! | [`handlers`], [`permissions`] | HTTP |

pub mod attention;
pub mod facts;
pub mod handlers;
pub mod overviews;
pub mod permissions;
pub mod root_key;
mod words;

pub use overviews::Overviews;
