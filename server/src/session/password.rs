//! Hashing and checking passwords with Argon2id.

use std::sync::Arc;

use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use keyward_api::Sensitive;
use keyward_api::session::NewPassword;
use tokio::sync::Semaphore;

use crate::error::Error;

/// 19 MiB, 2 passes, 1 lane: the OWASP minimum for Argon2id (Password Storage Cheat Sheet).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes at a time: a flood of sign-ins takes this times the memory above and waits.
const AT_A_TIME: usize = 2;

/// Hashes passwords on threads where they do not hold up requests.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// Checked when there is no user, so that it takes as long as when there is one.
    nobody: Arc<str>,
}

impl Passwords {
    /// Takes as long as one hash.
    pub fn new() -> Result<Self, Error> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
            .map_err(|error| Error::Internal(format!("argon2 parameters: {error}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, b"nobody has this password").map_err(failed)?;
        Ok(Self { argon2, turns: Arc::new(Semaphore::new(AT_A_TIME)), nobody: nobody.into() })
    }

    /// The PHC string to store for a new password.
    pub async fn hash(&self, password: NewPassword) -> Result<String, Error> {
        self.run(move |argon2| hash(argon2, password.expose().as_bytes())).await
    }

    /// Whether the password belongs to the stored PHC string. With none the answer is no,
    /// after the same work.
    pub async fn verify(&self, password: Sensitive, stored: Option<String>) -> Result<bool, Error> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
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
        &self,
        work: impl FnOnce(&Argon2<'_>) -> password_hash::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        // The semaphore is never closed.
        let turn = self.turns.clone().acquire_owned().await;
        let argon2 = self.argon2.clone();
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&argon2);
            drop(turn);
            result
        });
        done.await
            .map_err(|error| Error::Internal(format!("hashing stopped: {error}")))?
            .map_err(failed)
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> password_hash::Result<String> {
    let hash: PasswordHash = argon2.hash_password(password)?;
    Ok(hash.to_string())
}

fn failed(error: password_hash::Error) -> Error {
    Error::Internal(format!("argon2: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(password: &str) -> Sensitive {
        password.to_owned().into()
    }

    #[tokio::test]
    async fn the_stored_form_names_argon2id_and_its_parameters_and_is_salted() {
        let passwords = Passwords::new().unwrap();
        let new = NewPassword::try_from(text("correct horse")).unwrap();
        let first = passwords.hash(new.clone()).await.unwrap();
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, passwords.hash(new).await.unwrap());
        assert!(passwords.verify(text("correct horse"), Some(first.clone())).await.unwrap());
        assert!(!passwords.verify(text("correct horsf"), Some(first)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let passwords = Passwords::new().unwrap();
        assert!(!passwords.verify(text("nobody has this password"), None).await.unwrap());
    }
}
