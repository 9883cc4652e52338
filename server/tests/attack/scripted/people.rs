//! Users, sessions, and the setup.

use sha2::{Digest, Sha256};

use super::{Attack, reported, row_of};
use crate::oracle::CHOSEN_TOKEN;
use crate::snapshot::{Row, Snapshot, Table};
use crate::step::Plan;
use crate::store::{INSIDER, Prepared};

pub const ATTACKS: &[Attack] = &[
    reported("a session of the administrator with a chosen token is inserted", session_inserted),
    reported("a chosen session is put in the place of one that is there", session_replaced),
    reported("a session of another store is inserted", session_foreign),
    reported("a signed-out session is put back", session_put_back),
    reported("a signed-out session is put back with the whole set of people", people_put_back),
    reported("a session lasts longer", session_longer),
    reported("the sessions are deleted", |_, _| Plan::new().sql("DELETE FROM sessions")),
    reported("a user with a known password is inserted", user_inserted),
    reported("the administrator's password is replaced by a known one", password_replaced),
    reported("the administrator's address is replaced", address_replaced),
    reported("users are exchanged for those of another store", users_exchanged),
    reported("a chosen setup token is inserted", token_inserted),
    reported("a viewer's role is raised", role_raised),
    reported("a viewer's row gets the administrator's role and mac", role_copied),
    reported("a demoted editor's row is put back", role_put_back),
    reported("an invitation with a chosen token is inserted", invitation_inserted),
    reported("a pending invitation gets a chosen token", invitation_replaced),
    reported("a pending invitation of another store is inserted", invitation_foreign),
    reported("an invitation that was taken back is put back", invitation_put_back),
    reported("a pending invitation is for more", invitation_raised),
    reported("users are deleted", |_, _| Plan::new().sql("DELETE FROM users")),
    reported("users are deleted and a chosen setup token is inserted", setup_opened),
    reported(
        "everything of people is deleted and a chosen setup token is inserted",
        setup_opened_wide,
    ),
];

fn session_of(table: &Table, user: &str, token: &str) -> Vec<(String, String)> {
    let hash = Snapshot::text(&hex::encode(Sha256::digest(token.as_bytes())));
    let (past, future) = ("'2026-01-01 00:00:00+00:00'", "'2999-01-01 00:00:00+00:00'");
    let mut columns = vec![
        ("token_hash", hash.as_str()),
        ("user_id", user),
        ("created_at", past),
        ("last_seen_at", future),
        ("expires_at", future),
    ];
    columns.retain(|(name, _)| table.columns.iter().any(|column| column.name == *name));
    columns.iter().map(|(name, literal)| ((*name).to_owned(), (*literal).to_owned())).collect()
}

fn admin(snapshot: &Snapshot) -> &Row {
    snapshot.row("users", &[("role", "admin")])
}

fn user_id(snapshot: &Snapshot) -> &str {
    snapshot.table("users").get(admin(snapshot), "id")
}

fn session<'a>(store: &Prepared, snapshot: &'a Snapshot, name: &str) -> &'a Row {
    let hash = hex::encode(Sha256::digest(store.sessions[name].as_bytes()));
    snapshot.row("sessions", &[("token_hash", &hash)])
}

fn chosen_session(now: &Snapshot, base: Option<&Row>) -> Row {
    let table = now.table("sessions");
    let columns = session_of(table, user_id(now), CHOSEN_TOKEN);
    let columns: Vec<_> = columns.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    match base {
        Some(row) => table.with(row, &columns),
        None => row_of(now, "sessions", &columns),
    }
}

fn session_inserted(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().insert(&store.now, "sessions", &chosen_session(&store.now, None))
}

fn session_replaced(store: &Prepared, _: &Prepared) -> Plan {
    let there = session(store, &store.now, "admin");
    let row = chosen_session(&store.now, Some(there));
    Plan::new().delete(&store.now, "sessions", there).insert(&store.now, "sessions", &row)
}

fn session_foreign(store: &Prepared, foreign: &Prepared) -> Plan {
    let row = session(foreign, &foreign.now, "admin");
    let row = store.now.table("sessions").with(row, &[("user_id", user_id(&store.now))]);
    Plan::new().insert(&store.now, "sessions", &row)
}

fn session_put_back(store: &Prepared, _: &Prepared) -> Plan {
    let row = session(store, &store.rotated, "signed out");
    Plan::new().insert(&store.now, "sessions", row)
}

fn people_put_back(store: &Prepared, _: &Prepared) -> Plan {
    let then = &store.rotated;
    let plan = Plan::new().put_back(then, "sessions").put_back(then, "users");
    let plan = plan.put_back(then, "invitations");
    let rows = then.table("generation").rows.iter();
    let people = rows.filter(|(id, _)| id.trim_matches('\'') == "3");
    people.fold(plan, |plan, (_, row)| plan.put(&store.now, "generation", row))
}

fn session_longer(store: &Prepared, _: &Prepared) -> Plan {
    let row = session(store, &store.now, "admin");
    Plan::new().set(&store.now, "sessions", row, &[("expires_at", "'2999-01-01 00:00:00+00:00'")])
}

fn user_inserted(store: &Prepared, foreign: &Prepared) -> Plan {
    Plan::new().insert(&store.now, "users", admin(&foreign.now))
}

fn password_replaced(store: &Prepared, foreign: &Prepared) -> Plan {
    let known = foreign.now.table("users").get(admin(&foreign.now), "password_hash");
    Plan::new().set(&store.now, "users", admin(&store.now), &[("password_hash", known)])
}

fn address_replaced(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().set(&store.now, "users", admin(&store.now), &[("email", "'eve@example.com'")])
}

fn insider(snapshot: &Snapshot) -> &Row {
    snapshot.row("users", &[("email", INSIDER)])
}

fn role_raised(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().set(&store.now, "users", insider(&store.now), &[("role", "'admin'")])
}

fn role_copied(store: &Prepared, _: &Prepared) -> Plan {
    let mac = store.now.table("users").get(admin(&store.now), "mac");
    let columns = [("role", "'admin'"), ("mac", mac)];
    Plan::new().set(&store.now, "users", insider(&store.now), &columns)
}

fn role_put_back(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().put(&store.now, "users", insider(&store.rotated))
}

fn pending<'a>(store: &Prepared, snapshot: &'a Snapshot, name: &str) -> &'a Row {
    let hash = hex::encode(Sha256::digest(store.invitations[name].as_bytes()));
    snapshot.row("invitations", &[("token_hash", &hash)])
}

fn chosen_invitation(store: &Prepared) -> Row {
    let hash = Snapshot::text(&hex::encode(Sha256::digest(CHOSEN_TOKEN.as_bytes())));
    let columns = [("token_hash", hash.as_str()), ("role", "'admin'")];
    store.now.table("invitations").with(pending(store, &store.now, "pending"), &columns)
}

fn invitation_inserted(store: &Prepared, _: &Prepared) -> Plan {
    let row = chosen_invitation(store);
    let other = [("id", "'chosen'"), ("email", "'mallory@example.org'")];
    let row = store.now.table("invitations").with(&row, &other);
    Plan::new().insert(&store.now, "invitations", &row)
}

fn invitation_replaced(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().put(&store.now, "invitations", &chosen_invitation(store))
}

fn invitation_foreign(store: &Prepared, foreign: &Prepared) -> Plan {
    let row = pending(foreign, &foreign.now, "pending");
    let row = store.now.table("invitations").with(row, &[("email", "'mallory@example.org'")]);
    Plan::new().insert(&store.now, "invitations", &row)
}

fn invitation_put_back(store: &Prepared, _: &Prepared) -> Plan {
    let row = pending(store, &store.rotated, "taken back");
    Plan::new().insert(&store.now, "invitations", row)
}

fn invitation_raised(store: &Prepared, _: &Prepared) -> Plan {
    let row = pending(store, &store.now, "pending");
    Plan::new().set(&store.now, "invitations", row, &[("role", "'admin'")])
}

fn users_exchanged(_: &Prepared, foreign: &Prepared) -> Plan {
    Plan::new().put_back(&foreign.now, "users")
}

fn token_inserted(store: &Prepared, _: &Prepared) -> Plan {
    let hash = hex::encode(Sha256::digest(CHOSEN_TOKEN.as_bytes()));
    let (key, time) =
        (Snapshot::text(&format!("setup-token:{hash}")), "'2026-01-01 00:00:00+00:00'");
    let columns = [
        ("id", "'chosen-token'"),
        ("type", "'config'"),
        ("key", key.as_str()),
        ("value", "'{}'"),
        ("created_at", time),
        ("updated_at", time),
    ];
    Plan::new().insert(&store.now, "settings", &row_of(&store.now, "settings", &columns))
}

fn setup_opened(store: &Prepared, foreign: &Prepared) -> Plan {
    Plan::new().sql("DELETE FROM users").then(token_inserted(store, foreign))
}

fn setup_opened_wide(store: &Prepared, foreign: &Prepared) -> Plan {
    Plan::new()
        .sql("DELETE FROM users")
        .sql("DELETE FROM sessions")
        .sql("DELETE FROM invitations")
        .sql("DELETE FROM generation WHERE id = 3")
        .then(token_inserted(store, foreign))
}
