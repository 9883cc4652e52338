//! The second factor of a sign-in: a code of the app, or a recovery code, where the account asks
//! for one. Each is used once: what a sign-in changes of the account is stored with its session, and
//! only while the account is as it was when the code was checked.

use keyward_api::Sensitive;
use time::OffsetDateTime;

use super::account::Accounts;
use super::entity::users;
use super::error::{AccountError, AccountRefusal};
use super::recovery;
use super::store;
use super::totp::TotpSecret;
use crate::database::StoreError;
use crate::encryption::columns::TOTP;
use crate::encryption::error::KeyringError;

/// What was given beside the password, and is right.
#[derive(Debug)]
pub enum SecondFactor {
    /// None is asked for.
    None,
    /// A code of the app, of this step.
    Code(i64),
    /// A recovery code: what is stored of those that are left.
    Recovery(String),
}

impl SecondFactor {
    /// Uses it up.
    pub fn apply(self, user: &mut users::Model) {
        match self {
            Self::None => (),
            Self::Code(step) => user.totp_step = Some(step),
            Self::Recovery(left) => user.recovery_codes = Some(left),
        }
    }
}

impl Accounts {
    /// Checks the code of a sign-in to this account, whose password was right.
    pub async fn check_code(
        &self,
        user: &users::Model,
        code: Option<&Sensitive>,
        now: OffsetDateTime,
    ) -> Result<SecondFactor, AccountError> {
        let Some(totp_id) = &user.totp_id else { return Ok(SecondFactor::None) };
        let code = code.ok_or(AccountRefusal::TotpRequired)?.expose();
        // Looked at first: it needs nothing that could be unreadable.
        let codes = user.recovery_codes.as_deref().unwrap_or_default();
        if let Some(left) = recovery::without(codes, code) {
            return Ok(SecondFactor::Recovery(left));
        }
        let step = self.totp_secret(user, totp_id).await?.step_of(code, now);
        let step = step.filter(|step| user.totp_step.is_none_or(|used| *step > used));
        Ok(SecondFactor::Code(step.ok_or(AccountRefusal::WrongCode)?))
    }

    /// What makes the codes of this account.
    async fn totp_secret(
        &self,
        user: &users::Model,
        totp_id: &str,
    ) -> Result<TotpSecret, AccountError> {
        let mut opened = self.open(user, totp_id).await?;
        if opened.as_ref().is_err_and(KeyringError::may_have_moved) {
            opened = self.open(user, totp_id).await?;
        }
        match opened {
            Ok(Some(secret)) => Ok(secret),
            Ok(None) => Err(unreadable(user, "it has another length".to_owned())),
            Err(error) if error.is_about_the_server() => Err(error.into()),
            Err(reason) => Err(unreadable(user, reason.to_string())),
        }
    }

    async fn open(
        &self,
        user: &users::Model,
        totp_id: &str,
    ) -> Result<Result<Option<TotpSecret>, KeyringError>, AccountError> {
        let db = self.people.db();
        let Some(row) = store::totp_row(db, totp_id, user.id).await? else {
            // It is gone for a good reason when the account was changed since it was read.
            let found = store::user_by_id(db, user.id).await?;
            return Err(if found.is_some_and(|found| found.mac == user.mac) {
                unreadable(user, "its row is missing".to_owned())
            } else {
                StoreError::Revoked.into()
            });
        };
        let opened = self.keyring.open(db, TOTP, &row).await;
        Ok(opened.map(|opened| TotpSecret::from_bytes(&opened)))
    }
}

fn unreadable(user: &users::Model, reason: String) -> AccountError {
    AccountRefusal::TotpUnreadable { email: user.email.clone(), reason }.into()
}
