//! What the dialogs and the rows say. Pure.

use keyward_api::roles::Role;
use keyward_api::users::User;

use crate::roles;

/// Why nothing is done to the last admin.
pub const LAST_ADMIN: &str = "The only admin who is not disabled: make another one first.";

/// How a person can sign in.
pub fn sign_in_by(user: &User) -> &'static str {
    match (user.has_password, user.sso) {
        (true, true) => "Password, single sign-on",
        (true, false) => "Password",
        (false, true) => "Single sign-on",
        (false, false) => "Nothing yet",
    }
}

/// What a change of the role means beyond the role itself.
pub fn change_of_role(from: Role, to: Role, is_me: bool) -> String {
    let whose = if is_me { "Your" } else { "Their" };
    if from == to {
        return format!("{} is the present role.", roles::named(to));
    }
    if to > from {
        return "It takes effect at once.".to_owned();
    }
    let back = if is_me { "you sign in" } else { "they sign in" };
    format!("{whose} sessions end at once; {back} again with less.")
}

pub fn disabling(is_me: bool) -> &'static str {
    if is_me {
        "This is your own account: you are signed out at once, and cannot sign in until another admin enables it."
    } else {
        "Their sessions end at once, and they cannot sign in until you enable them again. What they made stays, and API keys go on working."
    }
}

pub const ENABLING: &str = "They can sign in again, as before.";

pub fn deleting(is_me: bool) -> &'static str {
    if is_me {
        "This is your own account: you are signed out at once and cannot come back without an invitation. What you made stays, with your name."
    } else {
        "Their sessions end at once, and they cannot come back without a new invitation. What they made stays, with their name, and API keys go on working."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_less_ends_sessions() {
        use Role::{Admin, Editor, Viewer};
        assert!(change_of_role(Admin, Viewer, false).starts_with("Their sessions end"));
        assert!(change_of_role(Admin, Editor, true).starts_with("Your sessions end"));
        assert_eq!(change_of_role(Viewer, Editor, false), "It takes effect at once.");
        assert_eq!(change_of_role(Editor, Editor, false), "Editor is the present role.");
    }
}
