//! The three states of something that is fetched.

use crate::client::ClientError;

/// Loading, failed and empty are different things to a person, so they are to the page.
#[derive(Clone, Debug)]
pub enum Load<T> {
    /// The request is under way, for the first time or again after a failure.
    Loading,
    /// The request failed; nothing is known.
    Failed(ClientError),
    /// The answer.
    Ready(T),
}

impl<T> Load<T> {
    /// The answer, if there is one.
    pub fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Loading | Self::Failed(_) => None,
        }
    }

    /// The answer, to be changed.
    pub fn ready_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Loading | Self::Failed(_) => None,
        }
    }
}
