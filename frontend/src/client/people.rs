//! Requests about people, their accounts, and how they come in.

use keyward_api::account::{
    ChangePassword, ConfirmPassword, EnableTotp, NewTotp, SsoStarted, StartSso, UserSession,
};
use keyward_api::session::Session;
use keyward_api::users::{
    AcceptInvitation, CheckInvitation, CheckedInvitation, Invitation, Invite, UpdateUser,
};
use keyward_api::{Sensitive, paths};

use crate::client::{Client, below};
use crate::http::{Answer, Body, Cause, ClientError, Exchange, exchange, json};
use crate::query::with_query;

impl Client {
    /// Where the browser goes to sign in elsewhere.
    pub async fn start_sso(self, start: &StartSso) -> Answer<String> {
        let body = exchange("POST", paths::OIDC_START, json(start)).await?;
        body.data::<SsoStarted>().map(|started| started.url)
    }

    /// A token that is not valid is the server's sentence, not a lost session.
    pub async fn check_invitation(self, token: Sensitive) -> Answer<CheckedInvitation> {
        let check = CheckInvitation { token };
        exchange("POST", paths::INVITATION_CHECK, json(&check)).await?.data()
    }

    pub async fn accept_invitation(self, accept: &AcceptInvitation) -> Answer<Session> {
        exchange("POST", paths::INVITATION, json(accept)).await?.data()
    }

    /// All other sessions of the person end.
    pub fn change_password(self, change: &ChangePassword) -> Exchange {
        self.signed_in("PUT", paths::SESSION_PASSWORD, json(change))
    }

    pub async fn new_totp(self) -> Answer<NewTotp> {
        self.signed_in("POST", paths::TOTP, None).await?.data()
    }

    pub fn enable_totp(self, enable: &EnableTotp) -> Exchange {
        self.signed_in("PUT", paths::TOTP, json(enable))
    }

    pub fn disable_totp(self, confirm: &ConfirmPassword) -> Exchange {
        self.signed_in("POST", paths::TOTP_DISABLE, json(confirm))
    }

    pub fn new_recovery_codes(self, confirm: &ConfirmPassword) -> Exchange {
        self.signed_in("POST", paths::TOTP_RECOVERY_CODES, json(confirm))
    }

    /// Those of the person.
    pub async fn sessions(self) -> Answer<Vec<UserSession>> {
        self.signed_in("GET", paths::SESSIONS, None).await?.data()
    }

    pub fn end_session(self, id: &str) -> Exchange {
        self.signed_in("DELETE", &below(paths::SESSIONS, id), None)
    }

    /// All but this one.
    pub fn end_other_sessions(self) -> Exchange {
        self.signed_in("DELETE", paths::SESSIONS, None)
    }

    /// Whether only one person can administer the server.
    pub async fn has_one_admin(self) -> Answer<bool> {
        let body = self.signed_in("GET", paths::OVERVIEW, None).await?;
        let items = body.json.member("data").member("attention");
        let mut kinds = items.items(u32::MAX).map(|item| item.member("kind").text());
        Ok(kinds.any(|kind| kind.is_ok_and(|kind| kind == "oneAdministrator")))
    }

    pub fn update_user(self, id: &str, update: &UpdateUser) -> Exchange {
        self.signed_in("PATCH", &below(paths::USERS, id), json(update))
    }

    pub fn delete_user(self, id: &str) -> Exchange {
        self.signed_in("DELETE", &below(paths::USERS, id), None)
    }

    pub async fn invitations(self) -> Answer<Vec<Invitation>> {
        let path = with_query(paths::INVITATIONS, &[("limit", "1000")]);
        self.signed_in("GET", &path, None).await?.data()
    }

    pub fn invite(self, invite: &Invite) -> Exchange {
        self.signed_in("POST", paths::INVITATIONS, json(invite))
    }

    pub fn take_back_invitation(self, id: &str) -> Exchange {
        self.signed_in("DELETE", &below(paths::INVITATIONS, id), None)
    }
}

/// The only answer that carries the link of an invitation.
pub fn invited(body: Body) -> Answer<(Invitation, Sensitive)> {
    let link = body.json.member("data").member("link").read::<Sensitive>();
    let link = link.map_err(|_| ClientError { cause: Cause::Network, request_id: None })?;
    Ok((body.data()?, link))
}
