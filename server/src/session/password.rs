//! Hashing and checking passwords with Argon2id.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use keyward_api::Sensitive;
use keyward_api::session::NewPassword;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// 19 MiB, 2 passes, 1 lane: the OWASP minimum for Argon2id (Password Storage Cheat Sheet).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Passwords that wait in a lane or are hashed there. At 20 to 50 ms for each, the last of them
/// waits about a second while all lanes are busy.
pub const PLACES: usize = 16;

/// Where somebody waits for a hash. Each lane hashes one password at a time and has places of
/// its own, so that a flood in one does not delay another: three times the memory above is the
/// most that all take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Browsers that signed in to the account before.
    Known,
    /// Addresses that signed in before, and networks that had no failure lately.
    New,
    Crowd,
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("too many passwords wait to be hashed")]
    Busy,
    #[error("argon2: {0}")]
    Failed(String),
}

/// Hashes passwords on threads where they do not hold up requests.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    lanes: Arc<[Queue; 3]>,
    /// Checked when there is no user, so that it takes as long as when there is one.
    nobody: Arc<str>,
}

struct Queue {
    places: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

impl Default for Queue {
    fn default() -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { places: semaphore(PLACES), turn: semaphore(1) }
    }
}

/// A place in a lane. It is given up when the hash is done, or when the caller hangs up before
/// it began.
#[must_use]
pub struct Ticket {
    passwords: Passwords,
    turn: Arc<Semaphore>,
    permit: OwnedSemaphorePermit,
}

impl Passwords {
    pub fn new() -> Result<Self, PasswordError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
            .map_err(|error| PasswordError::Failed(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, b"nobody has this password").map_err(failed)?;
        Ok(Self { argon2, lanes: Arc::default(), nobody: nobody.into() })
    }

    /// A place in this lane, or [`PasswordError::Busy`] when all are taken.
    pub fn enter(&self, lane: Lane) -> Result<Ticket, PasswordError> {
        let queue = &self.lanes[lane as usize];
        let permit = queue.places.clone().try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        Ok(Ticket { passwords: self.clone(), turn: queue.turn.clone(), permit })
    }
}

impl Ticket {
    /// The PHC string to store for a new password.
    pub async fn hash(self, password: NewPassword) -> Result<String, PasswordError> {
        self.run(move |argon2| hash(argon2, password.expose().as_bytes())).await
    }

    /// Whether the password belongs to the stored PHC string. With none, or an empty one, the
    /// answer is no, after the same work.
    pub async fn verify(
        self,
        password: Sensitive,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        // An account that has none has an empty one.
        let stored = stored.filter(|stored| !stored.is_empty());
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.passwords.nobody.to_string());
        let verified = move |argon2: &Argon2<'_>| match argon2
            .verify_password(password.expose().as_bytes(), stored.as_str())
        {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(error),
        };
        Ok(self.run(verified).await? & known)
    }

    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Argon2<'_>) -> password_hash::Result<T> + Send + 'static,
    ) -> Result<T, PasswordError> {
        // The semaphore is never closed.
        let turn = self.turn.acquire_owned().await;
        let (argon2, permit) = (self.passwords.argon2.clone(), self.permit);
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&argon2);
            drop((turn, permit));
            result
        });
        done.await.map_err(|error| PasswordError::Failed(error.to_string()))?.map_err(failed)
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> password_hash::Result<String> {
    let hash: PasswordHash = argon2.hash_password(password)?;
    Ok(hash.to_string())
}

fn failed(error: password_hash::Error) -> PasswordError {
    PasswordError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(password: &str) -> Sensitive {
        password.to_owned().into()
    }

    async fn is_right(passwords: &Passwords, password: &str, stored: Option<String>) -> bool {
        passwords.enter(Lane::New).unwrap().verify(text(password), stored).await.unwrap()
    }

    #[tokio::test]
    async fn the_stored_form_names_argon2id_and_its_parameters_and_is_salted() {
        let passwords = Passwords::new().unwrap();
        let new = NewPassword::try_from(text("correct horse")).unwrap();
        let hash = async || passwords.enter(Lane::Known).unwrap().hash(new.clone()).await.unwrap();
        let first = hash().await;
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, hash().await);
        assert!(is_right(&passwords, "correct horse", Some(first.clone())).await);
        assert!(!is_right(&passwords, "correct horsf", Some(first)).await);
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let passwords = Passwords::new().unwrap();
        for stored in [None, Some(String::new())] {
            assert!(!is_right(&passwords, "nobody has this password", stored.clone()).await);
            assert!(!is_right(&passwords, "", stored).await);
        }
    }

    #[tokio::test]
    async fn a_full_lane_refuses_at_once_and_no_other_lane_with_it() {
        let passwords = Passwords::new().unwrap();
        let mut places: Vec<_> =
            (0..PLACES).map(|_| passwords.enter(Lane::Crowd).unwrap()).collect();
        assert!(matches!(passwords.enter(Lane::Crowd), Err(PasswordError::Busy)));
        let others = [Lane::Known, Lane::New].map(|lane| passwords.enter(lane).unwrap());
        for place in others {
            assert!(!place.verify(text("x"), None).await.unwrap());
        }
        // One who hangs up gives up the place.
        let place = places.pop().unwrap();
        drop(place.verify(text("x"), None));
        places.push(passwords.enter(Lane::Crowd).unwrap());
        // And so does one who is done.
        assert!(!places.pop().unwrap().verify(text("x"), None).await.unwrap());
        let _ = passwords.enter(Lane::Crowd).unwrap();
    }
}
