//! What new values are sealed with.

use std::fmt;
use std::sync::Arc;

use rand::rngs::{SysError, SysRng};

use super::columns::Subject;
use keyward_core::dek::Dek;
use keyward_core::seal::{self, OpenError, Opened};

/// The active data key, held until the transaction ends; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Sealer {
    /// The id of the key, to be stored beside the value.
    pub key_id: String,
    dek: Arc<Dek>,
}

impl Sealer {
    pub(super) fn new(key_id: String, dek: Arc<Dek>) -> Self {
        Self { key_id, dek }
    }

    pub fn seal(&self, subject: &Subject<'_>, value: &[u8]) -> Result<Vec<u8>, SysError> {
        seal::seal(&self.dek, subject.binding(&self.key_id), value, &mut SysRng)
    }

    pub fn open(&self, subject: &Subject<'_>, sealed: &[u8]) -> Result<Opened, OpenError> {
        seal::open(&self.dek, subject.binding(&self.key_id), sealed)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}
