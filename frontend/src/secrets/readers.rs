//! Who can read a secret, and who last did, in words. The members of the answer are read one by
//! one: a type for it would be downloaded for this alone.

use keyward_api::secrets::Secret;
use time::OffsetDateTime;

use crate::audit::sentence::named;
use crate::clock;
use crate::json::Json;
use crate::text::grouped;

/// How many keys are named, as many as the server does.
const NAMED: u32 = 100;

#[derive(Clone)]
pub struct Details {
    /// Terms and what is said of them.
    pub facts: Vec<(&'static str, String)>,
    /// Who of those who sign in can read it.
    pub people: String,
    pub keys: Vec<Reader>,
    /// How many keys are not named.
    pub rest: String,
}

/// A key that can read it.
#[derive(Clone)]
pub struct Reader {
    pub id: String,
    pub name: String,
    /// Its first characters, and the scope.
    pub says: String,
}

impl Details {
    /// `access` is a `SecretAccess`.
    pub fn read(secret: &Secret, access: &Json, now: OffsetDateTime) -> Option<Self> {
        let mut facts = Vec::new();
        facts.extend(secret.description.clone().map(|text| ("Description", text)));
        let by = secret.created_by.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
        facts.push(("Added", format!("{}{by}", when(secret.created_at, now))));
        facts.push(("Last changed", when(secret.updated_at, now)));
        facts.push(("Last read", last_read(&access.member("lastRead"), now)));

        let roles: Vec<_> =
            access.member("roles").items(NAMED).filter_map(|it| it.text().ok()).collect();
        let people = match roles.as_slice() {
            [] => "Nobody who signs in.".to_owned(),
            [role] => format!("People with the role {role}."),
            roles => format!("People with one of the roles {}.", roles.join(", ")),
        };

        let keys: Vec<_> =
            access.member("keys").items(NAMED).filter_map(|it| Reader::read(&it)).collect();
        let rest = access.member("totalKeys").number().ok()?.saturating_sub(keys.len() as u64);
        let rest = if rest == 0 { String::new() } else { format!("{} more.", grouped(rest)) };
        Some(Self { facts, people, keys, rest })
    }
}

impl Reader {
    fn read(key: &Json) -> Option<Self> {
        let text = |name| key.member(name).text().ok();
        let says = format!("{}...  {}", text("prefix")?, text("scope")?);
        Some(Self { id: text("id")?, name: text("name")?, says })
    }
}

fn last_read(read: &Json, now: OffsetDateTime) -> String {
    let Some(at) = read.member("at").text().ok().and_then(|at| clock::parse(&at)) else {
        return "Never, as far as the audit log goes back".to_owned();
    };
    let actor = read.member("actor");
    let kind = actor.member("kind").text().unwrap_or_default();
    let who = named(&kind, actor.member("name").text().ok().as_deref());
    let from = read.member("address").text().map(|address| format!(" from {address}"));
    format!("{who}, {}{}", when(at, now), from.unwrap_or_default())
}

/// `3 minutes ago (22 Nov 2026, 07:19:03)`.
fn when(at: OffsetDateTime, now: OffsetDateTime) -> String {
    format!("{} ({})", clock::relative(at, now), clock::second(clock::local(at)))
}
