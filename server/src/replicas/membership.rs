//! This server among those of its store: it joins, renews, follows and leaves. What it decides is
//! in [`keyward_core::lease::member`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_core::lease::{
    BootId, Generation, Member, Next, Own, POLL_EVERY, Question, Seen, Terms,
};
use rand::TryRng;
use rand::rngs::SysRng;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::listen::{Hints, Listener};
use super::peers::Peers;
use super::session::Session;
use super::statements;
use super::{Lease, Servers};
use crate::background::repeat;
use crate::clock::{Clock, boottime};
use crate::database::{DatabaseConnection, OutsidePool, StoreError, begin_write, commit};

/// How long a start waits for the first lease.
const START: Duration = Duration::from_secs(30);

/// As long as the column.
const LONGEST_ADDRESS: usize = 255;

/// Why a server accepts nothing, and writes nothing.
const LACKS: &str = "the database lacks changes that this server has seen: it was put back, or a \
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
    servers: Servers,
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
    db: DatabaseConnection,
    /// What people are shown.
    address: String,
    pub(super) session: Session,
    listener: Option<Listener>,
    state: Mutex<Member>,
    /// The row that may be there.
    inserted: Mutex<Option<BootId>>,
    /// What was acknowledged last, and for which row.
    acknowledged: Mutex<Option<(BootId, Generation)>>,
    pub(super) peers: Mutex<Peers>,
    has_refused: AtomicBool,
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
    fn change<T>(&self, change: impl FnOnce(&mut Member) -> T) -> Option<T> {
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

impl Membership {
    /// Joins, once the keys are loaded, and waits for the first lease. Nothing to do for one that is
    /// alone.
    pub async fn start(&self) -> Result<(), StoreError> {
        let Some(member) = self.member() else { return Ok(()) };
        self.join(member).await?;
        let begun = boottime();
        while !self.is_leased() {
            match self.renew().await {
                Err(error) if boottime().since(begun) > START => return Err(error),
                Err(error) => tracing::warn!(%error, "no lease yet; trying again"),
                Ok(()) if boottime().since(begun) > START => {
                    return Err(StoreError::Unusable("no lease could be had".to_owned()));
                }
                Ok(()) => (),
            }
            // What was changed since the keys were loaded is followed by the loop.
            if self.must_follow() {
                break;
            }
            tokio::time::sleep(POLL_EVERY / 10).await;
        }
        Ok(())
    }

    async fn join(&self, member: &AsMember) -> Result<(), StoreError> {
        if locked(&member.state).next() != Next::Join {
            return Ok(());
        }
        self.clear(member).await?;
        let mut random = [0; 16];
        SysRng.try_fill_bytes(&mut random)?;
        let boot = BootId(u128::from_le_bytes(random));
        let known = locked(&member.state).known();
        let transaction = begin_write(&member.db).await?;
        super::terms::expect(&transaction, &member.terms).await?;
        // From here on it may be there, whatever becomes of the commit.
        *locked(&member.inserted) = Some(boot);
        insert(&transaction, boot, &member.address, known).await?;
        commit(transaction).await?;
        self.change(|member| member.joined(boot));
        tracing::debug!(boot = statements::text(boot), "joined the servers of this store");
        Ok(())
    }

    /// Deletes the row that this server inserted last, so that nobody waits for it.
    async fn clear(&self, member: &AsMember) -> Result<(), StoreError> {
        let inserted = *locked(&member.inserted);
        if let Some(boot) = inserted {
            member.session.rows(statements::leave(boot), member.limit()).await?;
            locked(&member.inserted).take_if(|last| *last == boot);
        }
        Ok(())
    }

    /// Asks for a lease, if there is something to ask for.
    async fn renew(&self) -> Result<(), StoreError> {
        let Some(member) = self.member() else { return Ok(()) };
        let Some(renewal) = locked(&member.state).renewal(boottime()) else { return Ok(()) };
        let sql = statements::renew(renewal.boot, renewal.question);
        let rows = member.session.rows(sql, member.limit()).await?;
        let seen = rows.first().map(statements::read_history).transpose()?;
        let next = self.change(|member| {
            member.granted(renewal, seen);
            member.next()
        });
        if seen.is_none() {
            tracing::warn!("other servers have taken this one for lost; joining again");
        }
        if next != Some(Next::Nothing) {
            self.0.hints.changed();
        }
        Ok(())
    }

    /// Looks at the store: what there is to do.
    async fn poll(&self, member: &AsMember) -> Result<Next, StoreError> {
        let question = locked(&member.state).question();
        let rows = member.session.rows(statements::poll(question), member.limit()).await?;
        let first = rows.first().ok_or_else(statements::nothing)?;
        if first.try_get("", "is_standby")? {
            let reason = "the database is a standby, which may lack what was revoked";
            return Err(StoreError::Unusable(reason.to_owned()));
        }
        let seen = statements::read_history(first)?;
        let live = locked(&member.peers).see(&rows, boottime())?;
        self.0.servers.set(live);
        let next = self.change(|member| {
            member.polled(question, seen);
            member.next()
        });
        Ok(next.unwrap_or(Next::Nothing))
    }

    /// Tells the others what is applied here.
    async fn acknowledge(&self, member: &AsMember) -> Result<(), StoreError> {
        let (boot, known) = {
            let state = locked(&member.state);
            (state.boot(), state.known())
        };
        let Some(boot) = boot.filter(|_| known.n > 0) else { return Ok(()) };
        if *locked(&member.acknowledged) == Some((boot, known)) {
            return Ok(());
        }
        let sql = statements::acknowledge(boot, known);
        if !member.session.rows(sql, member.limit()).await?.is_empty() {
            *locked(&member.acknowledged) = Some((boot, known));
        }
        Ok(())
    }

    /// Stays a member until `stop` is set, then leaves. `follow` applies what others changed.
    pub async fn run<F: Future<Output = Result<(), StoreError>>>(
        &self,
        stop: watch::Receiver<bool>,
        follow: impl Fn() -> F,
    ) {
        let Some(member) = self.member() else { return };
        let renew =
            repeat(member.terms.renew_every(), "renew the lease", stop.clone(), || self.renew());
        let listen = async {
            if let Some(listener) = &member.listener {
                listener.run(&self.0.hints, stop.clone()).await;
            }
        };
        let mut steps = Steps { last: String::new() };
        let mut hint = self.0.hints.watch_changes();
        let follow = async {
            let mut stop = stop.clone();
            let mut pace = tokio::time::interval(POLL_EVERY);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = pace.tick() => (),
                    _ = hint.changed() => (),
                    _ = stop.changed() => break,
                }
                tokio::select! {
                    done = self.step(member, &follow) => steps.report(done),
                    _ = stop.changed() => break,
                }
            }
        };
        tokio::join!(renew, listen, follow);
        self.leave(member).await;
    }

    async fn step<F: Future<Output = Result<(), StoreError>>>(
        &self,
        member: &AsMember,
        follow: &impl Fn() -> F,
    ) -> Result<(), StoreError> {
        match self.poll(member).await? {
            Next::Refuse(found) => {
                if !member.has_refused.swap(true, Ordering::Relaxed) {
                    tracing::error!(found = found.n, "no key is accepted: {LACKS}");
                }
                return Ok(());
            }
            Next::Load | Next::Follow => follow().await?,
            Next::Join => {
                self.join(member).await?;
                self.renew().await?;
            }
            Next::Nothing => (),
        }
        self.acknowledge(member).await
    }

    /// Accepts nothing any more, and says so, so that nobody waits for this server. One that has
    /// refused the store writes nothing to it.
    async fn leave(&self, member: &AsMember) {
        self.change(Member::leave);
        if member.has_refused.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.clear(member).await {
            tracing::warn!(%error, "the other servers do not know that this one has stopped");
        }
    }
}

impl AsMember {
    pub(super) fn limit(&self) -> Duration {
        self.terms.renew_every()
    }
}

/// What went wrong is logged when it begins, and when it is over.
struct Steps {
    last: String,
}

impl Steps {
    fn report(&mut self, done: Result<(), StoreError>) {
        let error = done.err().map(|error| error.to_string()).unwrap_or_default();
        if error != self.last {
            if error.is_empty() {
                tracing::info!("following the database again");
            } else {
                tracing::warn!(error, "could not follow what other servers changed; trying again");
            }
        }
        self.last = error;
    }
}

async fn insert(
    transaction: &DatabaseTransaction,
    boot: BootId,
    address: &str,
    known: Generation,
) -> Result<(), DbErr> {
    const SQL: &str = "INSERT INTO replicas \
        (boot, address, version, joined_at, beat, granted, applied) \
        SELECT $1, $2, $3, $4, 0, g.n, CASE WHEN EXISTS \
            (SELECT 1 FROM key_changes WHERE n = $5 AND mark = $6) THEN $5 ELSE 0 END \
        FROM generation g WHERE g.id = 1";
    let address: String = address.chars().take(LONGEST_ADDRESS).collect();
    let values = [
        statements::text(boot).into(),
        address.into(),
        env!("CARGO_PKG_VERSION").into(),
        Clock::System.now().into(),
        known.n.into(),
        known.mark.into(),
    ];
    let backend = ConnectionTrait::get_database_backend(transaction);
    let insert = Statement::from_sql_and_values(backend, SQL, values);
    transaction.execute_raw(insert).await.map(drop)
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
