//! What is done at the command line for those who cannot sign in any more.

use keyward_api::session::Email;
use sea_orm::prelude::TextUuid;

use super::accounts::{Users, found, replace};
use super::error::{UserError, UserRefusal};
use super::store;
use crate::audit::{Action, Actor};
use crate::database::begin_write;
use crate::numbers::counted;
use crate::session::ending::end_all;
use crate::session::entity::users;

impl Users {
    /// The id of the account with this address, whether or not its row holds.
    pub async fn find(&self, email: &Email) -> Result<TextUuid, UserError> {
        let found = store::user_by_email(self.people.db(), email.as_str()).await?;
        Ok(found.ok_or(UserRefusal::NotFound)?.id)
    }

    /// Gives an account another password and ends all its sessions; how many there were. With
    /// `enable`, a disabled account is let in again. Two-factor stays as it is.
    pub async fn set_password(
        &self,
        actor: &Actor,
        id: TextUuid,
        password_hash: String,
        enable: bool,
    ) -> Result<u64, UserError> {
        let transaction = begin_write(self.people.db()).await?;
        let mut change = self.begin(&transaction, actor).await?;
        let before = found(&transaction, &change, id).await?;
        let enables = enable && before.is_disabled;
        let ended = end_all(&transaction, &mut change, id, None).await?;
        let is_disabled = before.is_disabled && !enable;
        let was_connected = before.sso_subject.is_some();
        // It may be somebody else who connected it: its owner connects it once more, and nobody is
        // taken for the owner by the address.
        let (sso_issuer, sso_subject, is_email_verified) = (None, None, false);
        let before = users::Model { is_email_verified, sso_issuer, sso_subject, ..before };
        let mut user = users::Model { password_hash, is_disabled, ..before };
        replace(&transaction, &mut change, &mut user).await?;
        let made = change.finish().await?;
        let ends = counted(ended, "session ended", "sessions ended");
        let mut detail = if enables { format!("enabled; {ends}") } else { ends };
        if was_connected {
            detail.push_str("; single sign-on disconnected");
        }
        let event = actor.did(Action::UserPassword, Some(user.email)).with_detail(detail);
        self.commit(transaction, made, event).await?;
        Ok(ended)
    }

    /// Asks an account for no more codes, and forgets its recovery codes; whether it had any.
    pub async fn reset_totp(&self, actor: &Actor, id: TextUuid) -> Result<bool, UserError> {
        let transaction = begin_write(self.people.db()).await?;
        // A rotation counts the values that it moves.
        self.keyring.hold(&transaction).await?;
        let mut change = self.begin(&transaction, actor).await?;
        let before = found(&transaction, &change, id).await?;
        if before.totp_id.is_none() {
            return Ok(false);
        }
        store::delete_totp(&transaction, id).await?;
        let (totp_id, totp_step, recovery_codes) = Default::default();
        let mut user = users::Model { totp_id, totp_step, recovery_codes, ..before };
        replace(&transaction, &mut change, &mut user).await?;
        let made = change.finish().await?;
        let event = actor.did(Action::UserTotp, Some(user.email)).with_detail("reset");
        self.commit(transaction, made, event).await?;
        Ok(true)
    }

    /// Ends all sessions of an account; how many there were.
    pub async fn end_sessions(&self, actor: &Actor, id: TextUuid) -> Result<u64, UserError> {
        let transaction = begin_write(self.people.db()).await?;
        let mut change = self.begin(&transaction, actor).await?;
        let user = found(&transaction, &change, id).await?;
        let ended = end_all(&transaction, &mut change, id, None).await?;
        if ended > 0 {
            let made = change.finish().await?;
            let event = actor.did(Action::SessionDelete, Some(user.email));
            let event = event.with_detail(counted(ended, "session ended", "sessions ended"));
            self.commit(transaction, made, event).await?;
        }
        Ok(ended)
    }
}
