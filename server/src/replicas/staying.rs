//! How a server stays one of those of its store: it renews, follows what others changed and
//! acknowledges it, until it leaves.

use std::sync::atomic::Ordering;

use keyward_core::lease::{Member, Next, POLL_EVERY};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::membership::{AsMember, LACKS, Membership, locked};
use super::statements;
use crate::background::repeat;
use crate::clock::boottime;
use crate::database::StoreError;

impl Membership {
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
