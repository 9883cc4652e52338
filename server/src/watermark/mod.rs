//! What this machine has seen of the store, kept outside of it, so that a backup that is restored
//! brings no revoked key back to life. The lines are [`keyward_core::watermark`].
//!
//! 1. What a change takes away is written here, and is on the disk, before the change is answered;
//!    and before this server counts a change of another one as followed. Only what was committed.
//! 2. What cannot be written stays to be written. Until it is, `/readyz` is 503, and so is each
//!    change that takes something away.
//! 3. A store that is behind does not start, and neither does another one in its place; nothing is
//!    made in a place that is empty now.
//! 4. A key that was revoked is not accepted, whatever the database says.
//! 5. Several processes share a file: each takes its lock, reads what others wrote, and appends.
//!
//! | module | what |
//! |---|---|
//! | [`place`] | which file, in which folder |
//! | [`file`](mod@file) | the lines in it, and those who write them |
//! | [`stored`] | what is asked of the store |
//! | [`known`] | what a process knows, and has to write |
//! | [`keeper`] | who writes it |
//! | `rewriting` | who writes the file as a whole |
//! | [`admission`] | which keys may be accepted |
//! | [`opening`] | whether the store is the one that was seen |
//! | [`error`] | why it is not |

use std::time::Duration;

pub mod admission;
pub mod error;
pub mod file;
pub mod keeper;
mod known;
pub mod opening;
pub mod place;
mod rewriting;
pub mod stored;

/// How often the position is written, when it changed.
pub const PACE: Duration = Duration::from_secs(5);

pub use error::WatermarkError;
pub use keeper::Watermark;
pub use opening::{Look, look};
