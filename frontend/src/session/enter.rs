//! Checks after signing in whether the browser kept the cookie. A browser drops a cookie for
//! https when the page came over http, and would show the sign-in page again without a reason.

use keyward_api::session::Session;
use leptos::prelude::*;

use crate::context::Context;
use crate::http::Cause;
use crate::location::Navigate;

/// Navigates to `to`, or says why nobody is signed in.
pub async fn enter(context: Context, session: Session, to: &str) -> Result<(), String> {
    let kept = context.client.session().await;
    if kept.is_err_and(|error| matches!(error.cause, Cause::SessionLost)) {
        let here = location().origin().unwrap_or_default();
        return Err(not_kept(&session.public_url, &here));
    }
    context.enter(session);
    context.location.navigate(to, Navigate::Replace);
    Ok(())
}

/// `public_url` is that of the server, `here` that of the page.
fn not_kept(public_url: &str, here: &str) -> String {
    let is_secure = |origin: &str| origin.starts_with("https:");
    if is_secure(public_url) && !is_secure(here) {
        format!(
            "You are not signed in: the browser keeps the session cookie only over https. \
             Open {public_url} (KEYWARD_PUBLIC_URL) instead of {here}."
        )
    } else {
        format!(
            "You are not signed in: the browser did not keep the session cookie. \
             Allow cookies for {here} and sign in again."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::not_kept;

    #[test]
    fn over_http_the_address_to_open_is_named_and_else_what_to_allow() {
        let text = not_kept("https://keys.example", "http://10.0.0.5:8080");
        assert!(text.contains("only over https. Open https://keys.example (KEYWARD_PUBLIC_URL)"));
        assert!(text.ends_with("instead of http://10.0.0.5:8080."));
        for public_url in ["http://127.0.0.1:8080", "https://keys.example"] {
            let text = not_kept(public_url, "https://keys.example");
            assert!(text.ends_with("Allow cookies for https://keys.example and sign in again."));
        }
    }
}
