//! Signals that ask the server to stop.

use tokio::signal::unix::{self, SignalKind, signal};

use crate::http::error::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// A supervisor, and perhaps a load balancer with it.
    Terminate,
    Interrupt,
}

pub(super) struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Error> {
        let failed = |error| Error::Internal(format!("signals cannot be handled: {error}"));
        let listen = |kind| signal(kind).map_err(failed);
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }
}
