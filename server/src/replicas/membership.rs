//! This server among those of its store: what it knows, and until when it accepts keys. What it
//! decides is in [`keyward_core::lease::member`].

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_core::lease::{BootId, Generation, Member, Next, Own, Question, Seen, Terms};
use sea_orm::DatabaseTransaction;

use super::listen::{Hints, Listener};
use super::peers::Peers;
use super::session::Session;
use super::statements;
use super::{Lease, Servers};
use crate::clock::boottime;
use crate::database::{DatabaseConnection, OutsidePool, StoreError};

/// Why a server accepts nothing, and writes nothing.
pub(super) const LACKS: &str = "the database lacks changes that this server has seen: it was put back, or a \
     failover lost them. Look at what is stored, accept it with `keyward store accept`, and restart \
     the servers";

/// What a store showed of its history, and what was known when it was asked.
#[derive(Clone, Copy)]
pub struct History {
    question: Question,
    seen: Seen,
}

/// This server among those of its store. Cheap to clone.
#[derive(Clone)]
pub struct Membership(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) lease: Arc<Lease>,
    pub(super) hints: Hints,
    pub(super) servers: Servers,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// On SQLite, the only server.
    Alone,
    /// A command, which verifies nothing.
    Command,
    Member(Box<AsMember>),
}

pub(super) struct AsMember {
    pub(super) terms: Terms,
    pub(super) db: DatabaseConnection,
    /// What people are shown.
    pub(super) address: String,
    pub(super) session: Session,
    pub(super) listener: Option<Listener>,
    pub(super) state: Mutex<Member>,
    /// The row that may be there.
    pub(super) inserted: Mutex<Option<BootId>>,
    /// What was acknowledged last, and for which row.
    pub(super) acknowledged: Mutex<Option<(BootId, Generation)>>,
    pub(super) peers: Mutex<Peers>,
    pub(super) has_refused: AtomicBool,
}

impl Membership {
    /// Of a command that changes keys, and verifies none.
    pub fn of_command() -> Self {
        Self::of(Lease::none(), Kind::Command)
    }

    /// Of a server. One on PostgreSQL accepts nothing before it has [joined](Self::join).
    pub fn of_server(db: &DatabaseConnection, terms: Terms, address: &str) -> Self {
        let Some(OutsidePool { options, listen, .. }) = db.outside_pool() else {
            return Self::of(Lease::unbound(), Kind::Alone);
        };
        let member = AsMember {
            terms,
            db: db.clone(),
            address: address.to_owned(),
            session: Session::new(options.clone()),
            listener: listen.clone().map(Listener::new),
            state: Mutex::new(Member::new(terms, Generation::default())),
            inserted: Mutex::default(),
            acknowledged: Mutex::default(),
            peers: Mutex::new(Peers::new(terms)),
            has_refused: AtomicBool::new(false),
        };
        Self::of(Lease::none(), Kind::Member(Box::new(member)))
    }

    fn of(lease: Lease, kind: Kind) -> Self {
        let (lease, servers) = (Arc::new(lease), Servers::default());
        Self(Arc::new(Inner { lease, hints: Hints::default(), servers, kind }))
    }

    /// Until when this server accepts keys.
    pub fn lease(&self) -> Arc<Lease> {
        self.0.lease.clone()
    }

    /// Whether keys are accepted at the moment.
    pub fn is_leased(&self) -> bool {
        Lease::covers(self.0.lease.permit())
    }

    /// How long a revocation may wait for a server that is silent.
    pub fn longest_wait(&self) -> Duration {
        self.member().map_or(Duration::ZERO, |member| member.terms.wait())
    }

    /// Whether notifications arrive. None: this server does not listen for any.
    pub fn is_listening(&self) -> Option<bool> {
        self.member()?.listener.as_ref().map(Listener::is_listening)
    }

    /// How many servers verify, as far as this one sees.
    pub fn servers(&self) -> &Servers {
        &self.0.servers
    }

    /// How long ago the store answered what the last change is.
    pub fn seen_ago(&self) -> Option<Duration> {
        self.member().map(|member| boottime().since(locked(&member.peers).seen_at()))
    }

    /// The last change that is applied.
    pub fn known(&self) -> Option<Generation> {
        self.member().map(|member| locked(&member.state).known())
    }

    pub(super) fn own(&self) -> Option<Own> {
        let state = locked(&self.member()?.state);
        state.boot().map(|boot| Own { boot, applied: state.known().n })
    }

    pub(super) fn member(&self) -> Option<&AsMember> {
        match &self.0.kind {
            Kind::Member(member) => Some(member),
            Kind::Alone | Kind::Command => None,
        }
    }

    /// Changes the state, and lets verifications know until when they may accept.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Member) -> T) -> Option<T> {
        let mut state = locked(&self.member()?.state);
        let changed = change(&mut state);
        self.0.lease.set(state.permit());
        Some(changed)
    }

    /// What goes with a look at the stored keys, and is asked for before it begins. None: this
    /// process is no member.
    pub fn question(&self) -> Option<Question> {
        self.member().map(|member| locked(&member.state).question())
    }

    /// Whether the stored keys are to be looked at, even if they seem to be those that are known.
    pub fn must_follow(&self) -> bool {
        let next = self.member().map(|member| locked(&member.state).next());
        matches!(next, Some(Next::Load | Next::Follow))
    }

    /// Looks at the history of the store in a transaction, before any key that is read in it counts.
    /// Fails when the store lacks what this server knows.
    pub async fn look(
        &self,
        question: Option<Question>,
        moment: &DatabaseTransaction,
    ) -> Result<Option<History>, StoreError> {
        let Some(question) = question else { return Ok(None) };
        let seen = statements::seen(moment, question).await?;
        let next = self.change(|member| {
            member.polled(question, seen);
            member.next()
        });
        match next {
            Some(Next::Refuse(_)) => Err(StoreError::Unusable(LACKS.to_owned())),
            _ => Ok(Some(History { question, seen })),
        }
    }

    /// The keys in memory are those of this history, which was looked at before they were read.
    pub fn took_over(&self, history: Option<History>) {
        let Some(History { question, seen }) = history else { return };
        self.change(|member| {
            if member.next() == Next::Load {
                member.loaded(question, seen);
            } else if !matches!(member.next(), Next::Refuse(_)) {
                member.applied(seen.newest);
            }
        });
    }

    /// Fails when the store lacks what this server knows: then nothing is written to it.
    pub fn expect_history(&self) -> Result<(), StoreError> {
        let next = self.member().map(|member| locked(&member.state).next());
        match next {
            Some(Next::Refuse(_)) => Err(StoreError::Unusable(LACKS.to_owned())),
            _ => Ok(()),
        }
    }

    /// This process has made a change, and applied it.
    pub fn made(&self, change: Generation) {
        self.change(|member| member.applied(change));
    }
}

impl AsMember {
    pub(super) fn limit(&self) -> Duration {
        self.terms.renew_every()
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
