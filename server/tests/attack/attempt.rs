//! One attack on a copy of the prepared store, and what came of it.

use std::fmt;

use crate::limits;
use crate::oracle::Oracle;
use crate::owner;
use crate::reported::{Reported, reported};
use crate::server::{Form, Server};
use crate::snapshot::{Difference, differences};
use crate::step::{Applied, Plan, apply};

/// When the steps are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// While the server runs; then it is started again.
    Running,
    /// Between two runs of it.
    Stopped,
}

/// How an attack is made.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    pub form: Form,
    pub moment: Moment,
    /// Whether the database must take every step.
    pub whole: bool,
    /// Whether the owner goes on to work with the store, which may make good what was changed.
    pub owner_works: bool,
}

/// What came of an attack.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nobody has more than they were given, and it is reported.
    Reported(Reported),
    /// The same, and it is not reported: a limit that is documented.
    Limit(&'static str),
    /// The database itself refused the steps.
    Nothing,
    /// Somebody has what they were not given, or it is not reported.
    Broken(Vec<String>),
}

/// Of one attack, so many lines are printed.
const SHOWN: usize = 6;

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reported(reported) => write!(f, "reported by {reported}"),
            Self::Limit(reason) => write!(f, "not reported, a limit: {reason}"),
            Self::Nothing => f.write_str("nothing was changed"),
            Self::Broken(wrong) => {
                f.write_str("BROKEN")?;
                let shown = wrong.iter().take(SHOWN);
                shown.clone().try_for_each(|line| write!(f, "\n      {line}"))?;
                match wrong.len().saturating_sub(SHOWN) {
                    0 => Ok(()),
                    more => write!(f, "\n      and {more} more"),
                }
            }
        }
    }
}

/// Makes the attack.
pub async fn attempt(oracle: &Oracle<'_>, plan: &Plan, manner: Manner) -> Outcome {
    let store = oracle.store;
    let place = store.place.copy().await;
    let mut wrong = Vec::new();
    let (applied, signs_in) = if manner.moment == Moment::Running {
        let server = Server::start(manner.form, &place, &store.root).await;
        let server = server.unwrap_or_else(|error| panic!("before the attack: {error}"));
        // So that it has seen the end of the audit log.
        oracle.ask_as_owner(server.address(), &mut wrong).await;
        let applied = apply(&place, plan).await;
        let signs_in = is_about_people(&applied);
        server.follow().await;
        wrong.extend(Stage::Running.labels(oracle.judge(server.address(), signs_in).await));
        server.stop().await;
        (applied, signs_in)
    } else {
        let applied = apply(&place, plan).await;
        let signs_in = is_about_people(&applied);
        (applied, signs_in)
    };
    let mut found = reported(&place, &store.root).await;
    match Server::start(manner.form, &place, &store.root).await {
        Err(reason) => found = found.or(Some(Reported::Refusal(reason))),
        Ok(server) => {
            let address = server.address();
            server.follow().await;
            wrong.extend(Stage::Restarted.labels(oracle.judge(address, signs_in).await));
            if manner.owner_works {
                owner::work(oracle, address).await;
                let after = oracle.judge(address, signs_in).await;
                wrong.extend(Stage::Afterwards.labels(after));
            }
            server.stop().await;
        }
    }
    place.remove().await;
    if manner.whole {
        wrong.extend(applied.refused.iter().map(|step| format!("the database refused {step}")));
    }
    outcome(oracle, &applied, found, wrong)
}

/// When something was found.
#[derive(Clone, Copy)]
enum Stage {
    Running,
    Restarted,
    Afterwards,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Running => "while it ran",
            Self::Restarted => "after its start",
            Self::Afterwards => "after the owner's work",
        }
    }

    fn labels(self, wrong: Vec<String>) -> impl Iterator<Item = String> {
        wrong.into_iter().map(move |line| format!("{}: {line}", self.as_str()))
    }
}

/// Passwords are slow, so they are tried only where it matters.
fn is_about_people(applied: &Applied) -> bool {
    let people = |difference: &Difference| match difference.table.as_str() {
        "users" | "invitations" => true,
        "settings" => [&difference.before, &difference.after]
            .into_iter()
            .flatten()
            .any(|row| row.iter().any(|literal| literal == "'config'")),
        _ => false,
    };
    differences(&applied.before, &applied.after).iter().any(people)
}

fn outcome(
    oracle: &Oracle<'_>,
    applied: &Applied,
    reported: Option<Reported>,
    mut wrong: Vec<String>,
) -> Outcome {
    let changed = differences(&applied.before, &applied.after);
    let limit = |one: &Difference| limits::limit(oracle.store, &applied.before, one);
    let day = limits::earlier_day(oracle.store, &applied.before, &applied.after);
    if day == Some(limits::WHOLE_DAY) {
        // What was good on that day is good again, but not for a server that has seen more.
        wrong.retain(|line| line.starts_with(Stage::Running.as_str()));
    }
    let to_be_told = changed.iter().find(|one| limit(one).is_none()).filter(|_| day.is_none());
    if reported.is_none() {
        wrong.extend(to_be_told.map(|one| format!("not reported: {one}")));
    }
    match (wrong.is_empty(), reported) {
        (false, _) => Outcome::Broken(wrong),
        (true, Some(reported)) => Outcome::Reported(reported),
        (true, None) => match changed.first() {
            None => Outcome::Nothing,
            Some(first) => Outcome::Limit(day.or_else(|| limit(first)).unwrap_or_default()),
        },
    }
}
