//! The database itself works against the owner: triggers undo what the server has just written,
//! in the same transaction. What was taken back must stay so all the same, and be reported.

use http::Method;
use keyward::clock::Clock;
use keyward::session::store::IDLE;
use sea_orm::ConnectionTrait;
use serde_json::json;
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::attempt::Outcome;
use crate::http::{Client, Credential};
use crate::oracle::Oracle;
use crate::place::{Backend, Place};
use crate::reported::{Reported, reported};
use crate::server::{Form, Server, run, start_in_process};
use crate::snapshot::Snapshot;
use crate::step::{Plan, apply};

/// What the owner does, not knowing of the trigger.
#[derive(Clone, Copy)]
enum Act {
    DeletesKey,
    /// On the command line, beside the server.
    DeletesKeyElsewhere,
    DisablesKey,
    SignsOut,
    ReadsSecret,
}

#[derive(Clone, Copy)]
pub struct Live {
    pub name: &'static str,
    /// The event that the trigger waits for, and its table.
    on: (&'static str, &'static str),
    does: fn(&Snapshot) -> String,
    act: Act,
    /// Why it need not be reported.
    limit: Option<&'static str>,
}

pub const ATTACKS: [Live; 7] = [
    Live {
        name: "a trigger puts a deleted key back",
        on: ("DELETE", "settings"),
        does: |now| inserts(now, "settings"),
        act: Act::DeletesKey,
        limit: None,
    },
    Live {
        name: "a trigger puts a key back that was deleted on the command line",
        on: ("DELETE", "settings"),
        does: |now| inserts(now, "settings"),
        act: Act::DeletesKeyElsewhere,
        limit: None,
    },
    Live {
        name: "a trigger puts a disabled key back as it was",
        on: ("UPDATE OF value", "settings"),
        does: |now| restores(now, "settings", "id"),
        act: Act::DisablesKey,
        limit: None,
    },
    Live {
        name: "a trigger hides which key was changed",
        on: ("INSERT", "key_changes"),
        does: |_| "UPDATE key_changes SET key_id = 'nobody' WHERE n = NEW.n".to_owned(),
        act: Act::DeletesKeyElsewhere,
        limit: Some("says which keys to read again; what is missed by it does not add up"),
    },
    Live {
        name: "a trigger hides that a key was changed",
        on: ("UPDATE", "generation"),
        does: |now| restores(now, "generation", "id"),
        act: Act::DeletesKeyElsewhere,
        limit: None,
    },
    Live {
        name: "a trigger puts a signed-out session back",
        on: ("DELETE", "sessions"),
        does: |now| inserts(now, "sessions"),
        act: Act::SignsOut,
        limit: None,
    },
    Live {
        name: "a trigger deletes the record of a read",
        on: ("INSERT", "audit_log"),
        does: |_| "DELETE FROM audit_log WHERE seq = NEW.seq".to_owned(),
        act: Act::ReadsSecret,
        limit: None,
    },
];

fn columns(now: &Snapshot, table: &str) -> Vec<String> {
    now.table(table).columns.iter().map(|column| format!("\"{}\"", column.name)).collect()
}

/// The row that was deleted is there again.
fn inserts(now: &Snapshot, table: &str) -> String {
    let columns = columns(now, table);
    let old: Vec<_> = columns.iter().map(|column| format!("OLD.{column}")).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), old.join(", "))
}

/// The row that was changed is as it was. A trigger that fires itself ends by its condition.
fn restores(now: &Snapshot, table: &str, key: &str) -> String {
    let columns = columns(now, table);
    let old: Vec<_> = columns.iter().map(|column| format!("{column} = OLD.{column}")).collect();
    format!("UPDATE {table} SET {} WHERE {key} = OLD.{key}", old.join(", "))
}

/// Makes the attack.
pub async fn attempt(oracle: &Oracle<'_>, live: Live) -> Outcome {
    let store = oracle.store;
    let place = store.place.copy().await;
    let server = Server::start(Form::Program, &place, &store.root).await.unwrap();
    set_trigger(&place, live, &store.now).await;
    let taken = act(oracle, live.act, &place, &server).await;
    server.follow().await;
    let mut wrong = Vec::new();
    if let Some(credential) = &taken {
        wrong.extend(is_accepted(&server, credential).await.then_some("while it ran: accepted"));
    }
    server.stop().await;
    let mut found = reported(&place, &store.root).await;
    match Server::start(Form::Program, &place, &store.root).await {
        Err(reason) => found = found.or(Some(Reported::Refusal(reason))),
        Ok(server) => {
            if let Some(credential) = &taken {
                let accepted = is_accepted(&server, credential).await;
                wrong.extend(accepted.then_some("after its start: accepted"));
            }
            server.stop().await;
        }
    }
    place.remove().await;
    // Of what was not done, nothing is to be reported.
    let is_done = taken.is_some() || matches!(live.act, Act::ReadsSecret);
    if is_done && found.is_none() && live.limit.is_none() {
        wrong.push("not reported");
    }
    match found {
        _ if !wrong.is_empty() => Outcome::Broken(wrong.into_iter().map(str::to_owned).collect()),
        Some(reported) => Outcome::Reported(reported),
        None => Outcome::Limit(live.limit.unwrap_or("the owner's change was refused")),
    }
}

/// A session that nobody used for long ends, unless somebody writes that it was used.
pub async fn revive_idle_session(oracle: &Oracle<'_>) -> Outcome {
    let (store, later) = (oracle.store, Clock::System.now() + IDLE + Duration::hours(1));
    let place = store.place.copy().await;
    let clock = Clock::manual(later);
    let server = start_in_process(&place, &store.root, clock).await.unwrap();
    let session = Credential::Session(store.sessions["admin"].clone());
    assert!(!is_accepted(&server, &session).await, "it has not ended");
    let used = Snapshot::text(&later.truncate_to_second().format(&Rfc3339).unwrap());
    let plan = Plan::new().sql(format!("UPDATE sessions SET last_seen_at = {used}"));
    apply(&place, &plan).await;
    let accepted = is_accepted(&server, &session).await;
    server.stop().await;
    let found = reported(&place, &store.root).await;
    place.remove().await;
    match found {
        _ if accepted => Outcome::Broken(vec!["the session is accepted".to_owned()]),
        Some(reported) => Outcome::Reported(reported),
        None => Outcome::Broken(vec!["not reported".to_owned()]),
    }
}

async fn set_trigger(place: &Place, live: Live, now: &Snapshot) {
    let ((event, table), does) = (live.on, (live.does)(now));
    let statements = match place.backend {
        Backend::Sqlite => vec![format!(
            "CREATE TRIGGER undo AFTER {event} ON {table} FOR EACH ROW BEGIN {does}; END"
        )],
        Backend::Postgres => vec![
            format!(
                "CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN {does}; RETURN NULL; END $$"
            ),
            format!(
                "CREATE TRIGGER undo AFTER {event} ON {table} FOR EACH ROW \
                 WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION undo()"
            ),
        ],
    };
    let db = place.connect().await;
    for statement in statements {
        db.execute_unprepared(&statement).await.unwrap();
    }
    db.close().await.unwrap();
}

/// The credential that is taken back, if the owner got the answer that it is.
async fn act(oracle: &Oracle<'_>, act: Act, place: &Place, server: &Server) -> Option<Credential> {
    let (store, client) = (oracle.store, Client::new());
    let admin = Credential::Session(store.sessions["admin"].clone());
    let keys = store.now.table("settings");
    let reader = store.now.row("settings", &[("type", "api_key"), ("key", "reader")]);
    let path = format!("/api/keys/{}", keys.get(reader, "id").trim_matches('\''));
    let key = Credential::Key(store.keys["reader"].clone());
    let ask = async |method: Method, path: &str, body: Option<serde_json::Value>| {
        let asked = (method, path);
        client.ask(server.address(), &admin, asked, body.as_ref()).await.is_success()
    };
    let (is_done, taken) = match act {
        Act::DeletesKey => (ask(Method::DELETE, &path, None).await, key),
        Act::DeletesKeyElsewhere => {
            (run(place, &store.root, &["keys", "delete", "reader"]).await.0 == 0, key)
        }
        Act::DisablesKey => {
            (ask(Method::PATCH, &path, Some(json!({ "enabled": false }))).await, key)
        }
        Act::SignsOut => (ask(Method::DELETE, "/api/session", None).await, admin.clone()),
        Act::ReadsSecret => {
            ask(Method::GET, "/api/secrets/PROD_TOKEN", None).await;
            return None;
        }
    };
    is_done.then_some(taken)
}

async fn is_accepted(server: &Server, credential: &Credential) -> bool {
    let path = match credential {
        Credential::Key(_) => "/api/verify",
        _ => "/api/session",
    };
    let answer = Client::new().ask(server.address(), credential, (Method::GET, path), None).await;
    answer.is_success()
}
