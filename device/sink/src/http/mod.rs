//! One HTTP server: metrics for Prometheus, a health check, and a live page with what the camera sees.
//!
//! ```text
//! loop -- Event --> HttpSink -- Live (newest verdict, history, picture) <-- routes <-- guard <-- connections
//! loop -- counts --> Meters <-- /metrics
//! ```
//!
//! The sink's thread only writes to [`Live`](live::Live). All that a client can slow down runs on the server's thread,
//! with a bound on each: connections, header bytes, and the time that a client may take.

mod frames;
mod guard;
mod history;
mod live;
mod metrics;
mod patient;
mod rejects;
mod routes;
mod server;
mod snapshot;
mod token;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::{Demand, Event, Meters, Sink, SinkError};
use live::Shared;
pub use token::{Token, TokenError};

/// What is served, and to whom.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// What a client has to show. Without one, only a loopback address is served.
    pub token: Option<Token>,
    /// The folder of rejected frames that the page lists.
    pub rejects: Option<PathBuf>,
    /// The loop's counts.
    pub meters: Arc<Meters>,
    /// Without a verdict for this long the device is unhealthy and the page says unknown.
    pub stale_after: Duration,
    /// How much of this machine clients may take.
    pub limits: HttpLimits,
}

/// What clients may take. Memory is bounded by it: about 100 KiB a connection, and one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections at a time.
    pub connections: usize,
    /// Those of one client that is not this machine.
    pub connections_each: usize,
    /// From a connection's begin, or from its last answer, to the end of a request's headers.
    pub header_time: Duration,
    /// How long a client may take nothing of its answer.
    pub patience: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 64,
            connections_each: 24,
            header_time: Duration::from_secs(10),
            patience: Duration::from_secs(20),
        }
    }
}

impl HttpOptions {
    /// A server on `addr` without a token and without rejects; verdicts are stale after 10 s.
    #[must_use]
    pub fn new(addr: SocketAddr, meters: Arc<Meters>) -> Self {
        Self {
            addr,
            token: None,
            rejects: None,
            meters,
            stale_after: Duration::from_secs(10),
            limits: HttpLimits::default(),
        }
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Others could reach it, and nothing would stop them.
    #[error(
        "HTTP at {0} can be reached from other machines: expected a loopback address, as 127.0.0.1, or a token"
    )]
    NoToken(SocketAddr),
    /// Another program listens there.
    #[error("HTTP at {0}: the port is in use by another program: expected a free one")]
    Busy(SocketAddr),
    /// The system does not let this user listen there.
    #[error(
        "HTTP at {0}: no permission: expected a port from 1024, or the right to bind a lower one"
    )]
    Permission(SocketAddr),
    /// No network interface has the address.
    #[error(
        "HTTP at {0}: this machine does not have that address: expected one of its own, or 0.0.0.0 for all"
    )]
    Address(SocketAddr),
    /// Anything else that the system says.
    #[error("HTTP at {0}: {1}")]
    Other(SocketAddr, std::io::Error),
}

/// The server, and the sink that tells it what happens. Dropping it closes every connection.
#[derive(Debug)]
pub struct HttpSink {
    shared: Arc<Shared>,
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HttpSink {
    /// Listens, and serves from a thread of its own.
    ///
    /// # Errors
    /// [`HttpError`] if the address is not loopback and there is no token, or the system refuses it.
    pub fn bind(options: HttpOptions) -> Result<Self, HttpError> {
        let wanted = options.addr;
        if options.token.is_none() && !wanted.ip().to_canonical().is_loopback() {
            return Err(HttpError::NoToken(wanted));
        }
        let refused = |e| refused(wanted, e);
        let bound = server::Bound::new(wanted).map_err(refused)?;
        let addr = bound.addr().map_err(refused)?;
        let shared = Arc::new(Shared::new(options, addr));
        let (stop, stopped) = oneshot::channel();
        let thread = bound.serve(Arc::clone(&shared), stopped).map_err(refused)?;
        Ok(Self {
            shared,
            addr,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

fn refused(addr: SocketAddr, error: std::io::Error) -> HttpError {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => HttpError::Busy(addr),
        std::io::ErrorKind::PermissionDenied => HttpError::Permission(addr),
        std::io::ErrorKind::AddrNotAvailable => HttpError::Address(addr),
        _ => HttpError::Other(addr, error),
    }
}

impl Sink for HttpSink {
    fn name(&self) -> &'static str {
        "http"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        let mut live = self
            .shared
            .live
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Record(record, picture) => live.record(record, picture.as_ref()),
            Event::Status(status) => live.status(status),
        }
        drop(live);
        self.shared.changed.send_replace(());
        Ok(())
    }

    fn demand(&self) -> Demand {
        if self.shared.is_watched() {
            Demand::Every(PICTURE_PERIOD)
        } else {
            Demand::Nothing
        }
    }
}

impl Drop for HttpSink {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The server's thread ends by itself; if it panicked, there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// Five pictures a second look alive, and cost a small board little.
const PICTURE_PERIOD: Duration = Duration::from_millis(200);
