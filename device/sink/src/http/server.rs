//! Connections, and how much of this machine they may take.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::HttpLimits;
use super::live::Shared;
use super::patient::Patient;
use super::routes;

/// A request's headers, in bytes.
const HEADER_BYTES: usize = 16 << 10;
const HEADERS: usize = 64;
/// The system's memory for what a client has not taken; small, so that one that is gone is noticed.
const SEND_BYTES: u32 = 64 << 10;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;

/// A listener, and what it runs on.
pub(super) struct Bound {
    runtime: Runtime,
    listener: TcpListener,
}

impl Bound {
    pub(super) fn new(addr: SocketAddr) -> io::Result<Self> {
        let mut builder = Builder::new_current_thread();
        // Folders and pictures are read and made on two more.
        let runtime = builder
            .enable_all()
            .thread_name("http-work")
            .max_blocking_threads(2)
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            let socket = if addr.is_ipv4() {
                TcpSocket::new_v4()?
            } else {
                TcpSocket::new_v6()?
            };
            // A server that starts again does not wait for the connections of the one before.
            socket.set_reuseaddr(true)?;
            socket.set_send_buffer_size(SEND_BYTES)?;
            socket.bind(addr)?;
            socket.listen(BACKLOG)?
        };
        Ok(Self { runtime, listener })
    }

    pub(super) fn addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves on a thread of its own until `stopped` is told, or its other end is dropped.
    pub(super) fn serve(
        self,
        shared: Arc<Shared>,
        stopped: oneshot::Receiver<()>,
    ) -> io::Result<JoinHandle<()>> {
        let Self { runtime, listener } = self;
        let limits = shared.limits;
        let router = routes::router(shared);
        std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::spawn(accept(listener, router, limits));
                    let _ = stopped.await;
                });
                runtime.shutdown_timeout(Duration::from_secs(1));
            })
    }
}

async fn accept(listener: TcpListener, router: Router, limits: HttpLimits) {
    let seats = Arc::new(Seats::new(limits));
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                // Who finds no seat is hung up on.
                if let Some(seat) = Seats::take(&seats, from.ip().to_canonical()) {
                    tokio::spawn(serve(stream, router.clone(), limits, seat));
                }
            }
            // Out of descriptors, mostly: some are closed in a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve(stream: TcpStream, router: Router, limits: HttpLimits, _seat: Seat) {
    // Small events have to leave at once.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(Patient::new(stream, limits.patience));
    // What fails here is one client's connection, and the client knows.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADERS)
        .serve_connection(io, TowerToHyperService::new(router))
        .await;
}

#[derive(Debug)]
struct Seats {
    limits: HttpLimits,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

struct Seat {
    seats: Arc<Seats>,
    ip: IpAddr,
}

impl Seats {
    fn new(limits: HttpLimits) -> Self {
        Self {
            limits,
            taken: Mutex::default(),
        }
    }

    fn take(seats: &Arc<Self>, ip: IpAddr) -> Option<Seat> {
        let mut taken = seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(&ip).copied().unwrap_or(0);
        let is_full = taken.values().sum::<usize>() >= seats.limits.connections;
        let has_enough = own >= seats.limits.connections_each && !ip.is_loopback();
        if is_full || has_enough {
            return None;
        }
        taken.insert(ip, own + 1);
        drop(taken);
        Some(Seat {
            seats: Arc::clone(seats),
            ip,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self
            .seats
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.ip) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_cannot_take_every_seat_and_seats_come_back() {
        let limits = HttpLimits::default();
        let (all, each) = (limits.connections, limits.connections_each);
        let seats = Arc::new(Seats::new(limits));
        let (far, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let of = |ip, n: usize| {
            (0..n)
                .map_while(|_| Seats::take(&seats, ip))
                .collect::<Vec<_>>()
        };
        let first = of(far, all);
        assert_eq!(first.len(), each);
        let second = of(other, all);
        assert_eq!(second.len(), each);
        let local = of(IpAddr::from([127, 0, 0, 1]), all);
        assert_eq!(local.len(), all - 2 * each);
        drop(first);
        assert_eq!(of(far, all).len(), each);
        drop((second, local));
        assert!(seats.taken.lock().unwrap().is_empty());
    }
}
