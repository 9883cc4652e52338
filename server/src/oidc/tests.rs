//! What the pure parts decide.

use keyward_api::roles::Role;
use keyward_api::session::Email;
use serde_json::{Map, Value, json};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::claims::{Identity, add_missing};
use super::decision::{Decision, Facts, decide};
use super::flow::{Flow, FlowSealer, Purpose, ReturnTo};
use super::refusal::Code;
use super::roles::{Granted, GroupRoles};
use crate::session::entity::{invitations, users};

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
const ISSUER: &str = "https://id.example";

fn roles(claim: &str) -> GroupRoles {
    let [admin, editor, viewer] =
        [&["root", "Key Admins"][..], &["dev"], &["staff"]].map(|g| g.iter().map(|g| (*g).into()));
    let claim = claim.to_owned();
    GroupRoles { claim, admin: admin.collect(), editor: editor.collect(), viewer: viewer.collect() }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn the_highest_group_gives_the_role_and_only_strings_are_groups() {
    let granted = |groups: Value| roles("groups").granted_by(&object(json!({ "groups": groups })));
    assert_eq!(granted(json!(["staff", "Key Admins", "dev"])), Granted::Role(Role::Admin));
    assert_eq!(granted(json!(["staff", "dev"])), Granted::Role(Role::Editor));
    assert_eq!(granted(json!("staff")), Granted::Role(Role::Viewer));
    for nothing in [
        json!([]),
        json!(["Root", "roots", " root", ""]),
        json!("root,dev"),
        json!(null),
        json!(true),
        json!({ "root": true }),
        json!(["root", 1]),
        json!([["root"]]),
    ] {
        assert_eq!(granted(nothing.clone()), Granted::Nothing, "{nothing}");
    }
    assert_eq!(roles("groups").granted_by(&Map::new()), Granted::Nothing);
    let unmanaged = GroupRoles { claim: "groups".to_owned(), ..GroupRoles::default() };
    assert_eq!(unmanaged.granted_by(&object(json!({ "groups": ["root"] }))), Granted::Unmanaged);
}

#[test]
fn dots_lead_into_objects_after_the_name_as_it_is() {
    let claims = object(json!({
        "realm_access": { "roles": ["dev"] },
        "resource_access": { "key.ward": { "roles": ["root"] } },
        "https://id.example/roles": ["staff"],
        "a.b": ["staff"], "a": { "b": ["root"] },
    }));
    for (claim, expected) in [
        ("realm_access.roles", Granted::Role(Role::Editor)),
        ("resource_access.key.ward.roles", Granted::Role(Role::Admin)),
        ("https://id.example/roles", Granted::Role(Role::Viewer)),
        ("a.b", Granted::Role(Role::Viewer)),
        ("realm_access.", Granted::Nothing),
        (".", Granted::Nothing),
        ("realm_access.roles.dev", Granted::Nothing),
    ] {
        assert_eq!(roles(claim).granted_by(&claims), expected, "{claim}");
    }
}

#[test]
fn an_address_is_verified_only_when_that_is_said_of_it() {
    let of = |issuer: &str, claims| Identity::of(issuer, &object(claims), &GroupRoles::default());
    let verified = |claims| of(ISSUER, claims).unwrap().is_email_verified;
    assert!(verified(json!({ "sub": "1", "email": "a@b", "email_verified": true })));
    for other in [json!(false), json!("true"), json!(1), json!(null)] {
        assert!(!verified(json!({ "sub": "1", "email": "a@b", "email_verified": other })));
    }
    let entra = json!({ "sub": "1", "email": "a@b", "xms_edov": "1" });
    assert!(!verified(entra.clone()));
    assert!(of("https://login.microsoftonline.com/t/v2.0", entra).unwrap().is_email_verified);
    assert!(of(ISSUER, json!({ "sub": "1", "email": "nobody" })).unwrap().email.is_none());
    let hidden = json!({ "sub": "1", "email": "a\u{200b}@b" });
    assert!(of(ISSUER, hidden).unwrap().email.is_none());
    for subject in [json!(""), json!(1), json!("x".repeat(256)), json!("a\nb"), json!(null)] {
        assert!(of(ISSUER, json!({ "sub": subject })).is_none());
    }
}

#[test]
fn what_is_added_says_nothing_of_another_address() {
    let added = |first: Value, more: Value| {
        let mut claims = object(first);
        add_missing(&mut claims, object(more));
        Value::Object(claims)
    };
    let more = json!({ "email": "a@b", "email_verified": true, "groups": ["root"] });
    assert_eq!(added(json!({}), more.clone()), more);
    assert_eq!(added(json!({ "email": "a@b" }), more.clone()), more);
    let other = json!({ "email": "c@d", "groups": [] });
    assert_eq!(added(other.clone(), more.clone()), other);
    let unverified = json!({ "email": "a@b", "email_verified": false, "groups": [] });
    assert_eq!(added(unverified.clone(), more.clone()), unverified);
    let without = added(json!({ "email_verified": true }), json!({ "email": "c@d" }));
    assert_eq!(without, json!({ "email_verified": true }));
}

fn identity(granted: Granted) -> Identity {
    Identity {
        issuer: ISSUER.to_owned(),
        subject: "1".to_owned(),
        email: Some(Email::new("ada@example.com".to_owned()).unwrap()),
        is_email_verified: true,
        granted,
    }
}

fn user(role: Role, sso: Option<[&str; 2]>) -> users::Model {
    let [issuer, subject] =
        sso.map_or([None; 2], |sso| sso.map(Some)).map(|s| s.map(str::to_owned));
    users::Model {
        role: role.as_str().to_owned(),
        is_email_verified: sso.is_some(),
        sso_issuer: issuer,
        sso_subject: subject,
        ..users::Model::admin(Uuid::now_v7(), "ada@example.com", String::new(), NOW)
    }
}

fn invitation(email: &str, role: Role) -> invitations::Model {
    invitations::Model {
        id: Uuid::now_v7().into(),
        token_hash: "hash".to_owned(),
        email: email.to_owned(),
        role: role.as_str().to_owned(),
        created_by: "bob@example.com".to_owned(),
        created_at: NOW,
        expires_at: NOW + Duration::days(1),
        mac: None,
    }
}

fn facts<'a>(identity: &'a Identity, purpose: &'a Purpose) -> Facts<'a> {
    Facts {
        identity,
        purpose,
        known: None,
        by_email: None,
        connecting: None,
        invitation: None,
        is_first: false,
        has_setup_token: false,
        only_admin: None,
        provisions: true,
    }
}

const REFUSED: fn(Code) -> Decision<'static> = Decision::Refuse;

#[test]
fn a_known_account_signs_in_with_the_role_of_its_groups() {
    let known = user(Role::Editor, Some([ISSUER, "1"]));
    let decided = |granted, user| {
        let identity = identity(granted);
        let facts = Facts { known: Some(user), ..facts(&identity, &Purpose::SignIn) };
        match decide(&facts) {
            Decision::SignIn { role, links: false, .. } => Ok(role),
            Decision::EndSessions(_) => Err(None),
            Decision::Refuse(code) => Err(Some(code)),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(decided(Granted::Unmanaged, &known), Ok(Role::Editor));
    assert_eq!(decided(Granted::Role(Role::Viewer), &known), Ok(Role::Viewer));
    assert_eq!(decided(Granted::Role(Role::Admin), &known), Ok(Role::Admin));
    assert_eq!(decided(Granted::Nothing, &known), Err(None));
    let disabled = users::Model { is_disabled: true, ..known.clone() };
    assert_eq!(decided(Granted::Role(Role::Admin), &disabled), Err(Some(Code::Disabled)));
}

#[test]
fn the_last_administrator_stays_one() {
    let admin = user(Role::Admin, Some([ISSUER, "1"]));
    for (granted, expected) in [
        (Granted::Nothing, REFUSED(Code::LastAdmin)),
        (Granted::Role(Role::Editor), REFUSED(Code::LastAdmin)),
        (
            Granted::Role(Role::Admin),
            Decision::SignIn { user: &admin, role: Role::Admin, links: false },
        ),
    ] {
        let identity = identity(granted);
        let facts = facts(&identity, &Purpose::SignIn);
        let alone = Facts { known: Some(&admin), only_admin: Some(&admin), ..facts };
        assert_eq!(decide(&alone), expected);
    }
    let identity = identity(Granted::Nothing);
    let of_two = Facts { known: Some(&admin), ..facts(&identity, &Purpose::SignIn) };
    assert_eq!(decide(&of_two), Decision::EndSessions(&admin));
}

#[test]
fn an_address_leads_to_an_account_only_when_both_sides_verified_it() {
    let good = identity(Granted::Role(Role::Editor));
    let unverified = Identity { is_email_verified: false, ..good.clone() };
    let none = Identity { email: None, ..good.clone() };
    let ungrouped = identity(Granted::Nothing);
    let purpose = Purpose::SignIn;
    let by = |identity, user| Facts { by_email: Some(user), ..facts(identity, &purpose) };
    let local = user(Role::Admin, None);
    assert_eq!(decide(&by(&good, &local)), REFUSED(Code::LinkFirst));
    let other_subject = user(Role::Admin, Some([ISSUER, "2"]));
    assert_eq!(decide(&by(&good, &other_subject)), REFUSED(Code::OtherAccount));
    let before = user(Role::Viewer, Some(["https://former.example", "2"]));
    let linked = Decision::SignIn { user: &before, role: Role::Editor, links: true };
    assert_eq!(decide(&by(&good, &before)), linked);
    assert_eq!(decide(&by(&ungrouped, &before)), REFUSED(Code::NoRole));
    for account in [&local, &other_subject, &before] {
        assert_eq!(decide(&by(&unverified, account)), REFUSED(Code::UnverifiedEmail));
        assert_eq!(decide(&by(&none, account)), REFUSED(Code::NoEmail));
    }
}

#[test]
fn a_new_account_needs_groups_or_an_invitation() {
    let invited = invitation("ada@example.com", Role::Viewer);
    let other = invitation("bob@example.com", Role::Admin);
    let by_token = Purpose::Invitation("hash".to_owned());
    let sign_in = Purpose::SignIn;
    for (granted, purpose, invitation, provisions, expected) in [
        (Granted::Unmanaged, &sign_in, None, true, REFUSED(Code::NotInvited)),
        (Granted::Nothing, &sign_in, None, true, REFUSED(Code::NoRole)),
        (Granted::Role(Role::Admin), &sign_in, None, true, Decision::Create(Role::Admin)),
        (Granted::Role(Role::Admin), &sign_in, None, false, REFUSED(Code::NotInvited)),
        (Granted::Unmanaged, &sign_in, Some(&invited), false, Decision::Create(Role::Viewer)),
        (
            Granted::Role(Role::Editor),
            &by_token,
            Some(&invited),
            false,
            Decision::Create(Role::Editor),
        ),
        (Granted::Nothing, &by_token, Some(&invited), true, REFUSED(Code::NoRole)),
        (Granted::Role(Role::Admin), &by_token, None, true, REFUSED(Code::Invitation)),
        (Granted::Unmanaged, &by_token, Some(&other), true, REFUSED(Code::Invitation)),
    ] {
        let identity = identity(granted);
        let facts = Facts { invitation, provisions, ..facts(&identity, purpose) };
        assert_eq!(decide(&facts), expected, "{facts:?}");
    }
    let known = user(Role::Viewer, Some([ISSUER, "1"]));
    let identity = identity(Granted::Unmanaged);
    let facts = facts(&identity, &by_token);
    let has_one = Facts { known: Some(&known), invitation: Some(&other), ..facts };
    assert_eq!(decide(&has_one), REFUSED(Code::OtherAccount));
}

#[test]
fn the_first_account_is_an_administrator_by_a_setup_link_or_by_groups() {
    let setup = Purpose::Setup("hash".to_owned());
    let sign_in = Purpose::SignIn;
    for (granted, purpose, is_first, has_setup_token, expected) in [
        (Granted::Unmanaged, &setup, true, true, Decision::Create(Role::Admin)),
        (Granted::Role(Role::Admin), &setup, true, true, Decision::Create(Role::Admin)),
        (Granted::Role(Role::Editor), &setup, true, true, REFUSED(Code::NoRole)),
        (Granted::Nothing, &setup, true, true, REFUSED(Code::NoRole)),
        (Granted::Unmanaged, &setup, true, false, REFUSED(Code::Setup)),
        (Granted::Unmanaged, &setup, false, true, REFUSED(Code::Setup)),
        (Granted::Role(Role::Admin), &sign_in, true, false, Decision::Create(Role::Admin)),
        (Granted::Role(Role::Editor), &sign_in, true, false, REFUSED(Code::Setup)),
        (Granted::Unmanaged, &sign_in, true, false, REFUSED(Code::NotInvited)),
    ] {
        let identity = identity(granted);
        let facts = Facts { is_first, has_setup_token, ..facts(&identity, purpose) };
        assert_eq!(decide(&facts), expected, "{facts:?}");
    }
}

#[test]
fn an_account_is_connected_with_one_identity() {
    let (mine, connected) = (user(Role::Viewer, None), user(Role::Viewer, Some([ISSUER, "1"])));
    let other = user(Role::Viewer, Some([ISSUER, "2"]));
    let purpose = Purpose::Connect { user: Uuid::nil(), session: "hash".to_owned() };
    let identity = identity(Granted::Unmanaged);
    let decided =
        |connecting, known| decide(&Facts { known, connecting, ..facts(&identity, &purpose) });
    assert_eq!(decided(Some(&mine), None), Decision::Connect(&mine));
    assert_eq!(decided(Some(&connected), Some(&connected)), Decision::Connect(&connected));
    assert_eq!(decided(Some(&mine), Some(&connected)), REFUSED(Code::OtherAccount));
    assert_eq!(decided(Some(&other), None), REFUSED(Code::OtherAccount));
    assert_eq!(decided(None, None), REFUSED(Code::State));
}

fn flow() -> Flow {
    Flow {
        state: "planted-state".to_owned().into(),
        nonce: "planted-nonce".to_owned().into(),
        verifier: "planted-verifier".to_owned().into(),
        purpose: Purpose::SignIn,
        return_to: ReturnTo::home(),
        began_at: NOW.unix_timestamp(),
    }
}

#[test]
fn a_flow_comes_back_as_it_was_and_every_byte_counts() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let sealer = FlowSealer::new(Zeroizing::new([7; 32]));
    let cookie = sealer.seal(&flow()).unwrap();
    let opened = sealer.open(cookie.expose()).unwrap();
    assert_eq!(opened.verifier.expose(), "planted-verifier");
    assert_eq!(opened.return_to, ReturnTo::home());
    let bytes = URL_SAFE_NO_PAD.decode(cookie.expose()).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("planted"));
    for n in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[n] ^= 1;
        assert!(sealer.open(&URL_SAFE_NO_PAD.encode(changed)).is_none(), "byte {n}");
    }
    let others = FlowSealer::new(Zeroizing::new([8; 32]));
    assert!(others.open(cookie.expose()).is_none());
    for odd in ["", "?", "AAAA", &cookie.expose()[1..]] {
        assert!(sealer.open(odd).is_none(), "{odd:?}");
    }
    assert!(!format!("{:?} {sealer:?}", flow()).contains("planted"));
}

#[test]
fn a_flow_is_over_after_ten_minutes() {
    let over = |after| flow().is_over(NOW + after);
    assert!(!over(Duration::seconds(599)) && over(Duration::seconds(600)));
    // Another server's clock may be behind, a little.
    assert!(!over(Duration::seconds(-60)) && over(Duration::seconds(-61)));
}

#[test]
fn the_way_back_is_a_path_of_the_page() {
    let is_path = |text: &str| ReturnTo::try_from(text.to_owned()).is_ok();
    for good in ["/", "/settings/secrets?tab=keys&key=1#x", "/a//b", "/a%5Cb", "/apis"] {
        assert!(is_path(good), "{good}");
    }
    for bad in [
        "",
        "a",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a b",
        "/ä",
        "javascript:alert(1)",
        "/.//../\u{0}",
        "/api/session",
        "/api",
        "/./api/session",
        "/x/../api/keys",
        "/x/%2e%2e/api/keys",
        &format!("/{}", "a".repeat(512)),
    ] {
        assert!(!is_path(bad), "{bad:?}");
    }
}

#[test]
fn each_code_is_explained() {
    let page = include_str!("../../docs/single-sign-on.md");
    for code in Code::ALL {
        assert!(page.contains(&format!("| `{}` |", code.as_str())), "{code:?}");
    }
}
