//! A person who is signed in and gives the password once more, for what a stolen session must not do.

use std::net::IpAddr;

use axum::extract::{FromRef, FromRequestParts};
use axum_extra::extract::cookie::CookieJar;
use http::request::Parts;
use keyward_api::Sensitive;

use super::{known_browser, throttled_actor};
use crate::access::{Guard, SignedIn};
use crate::audit::Action;
use crate::http::client_address::TrustedProxies;
use crate::http::error::Error;
use crate::http::extract::ClientAddress;
use crate::session::account::Own;
use crate::session::error::AccountRefusal;
use crate::session::password::Lane;
use crate::session::sign_in::SignInService;

/// What the audit log says of a refusal.
const WRONG_PASSWORD: &str = "the password is wrong";

/// A person who is signed in, and from where.
pub struct Confirming {
    pub person: SignedIn,
    address: Option<IpAddr>,
    jar: CookieJar,
}

impl Confirming {
    pub fn own(&self) -> Own<'_> {
        Own { session: &self.person.session, actor: &self.person.actor }
    }

    /// Refuses an account that has no password.
    pub fn expect_password(&self) -> Result<(), Error> {
        if self.person.session.user.password_hash.is_empty() {
            return Err(AccountRefusal::NoPassword.into());
        }
        Ok(())
    }

    /// Refuses when this is not the password of the person. Counted as an attempt to sign in is, so
    /// that a session is no way to guess more. `field`: where the request has the password;
    /// `action`: what it is asked for. Answers where a further password may wait to be hashed.
    pub async fn confirm(
        &self,
        service: &SignInService,
        action: Action,
        field: &'static str,
        password: Sensitive,
    ) -> Result<Lane, Error> {
        self.expect_password()?;
        let (user, actor) = (&self.person.session.user, &self.person.actor);
        let browser = known_browser(service, &self.jar, &user.email);
        let attempt = match service.limit.attempt(self.address, &user.email, browser.as_ref()) {
            Ok(attempt) => attempt,
            Err(wait) => return Err(throttled_actor(service, actor, action, wait).await),
        };
        let checked = match service.passwords.enter(attempt.lane) {
            Ok(ticket) => ticket.verify(password, Some(user.password_hash.clone())).await,
            Err(error) => Err(error),
        };
        if let Ok(false) = checked {
            // The attempt stays counted.
            let event = actor.was_refused(action, Some(user.email.clone()));
            service.refusals.record(event.with_detail(WRONG_PASSWORD), WRONG_PASSWORD).await?;
            return Err(AccountRefusal::WrongPassword(field).into());
        }
        let lane = attempt.lane;
        attempt.give_back();
        Ok(checked.map(|_| lane)?)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Confirming
where
    Guard: FromRef<S>,
    TrustedProxies: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let person = SignedIn::from_request_parts(parts, state).await?;
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        Ok(Self { person, address, jar: CookieJar::from_headers(&parts.headers) })
    }
}
