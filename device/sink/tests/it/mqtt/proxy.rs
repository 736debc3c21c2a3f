//! A network between a client and a broker that can be cut, or go silent.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    open: Mutex<Vec<TcpStream>>,
    is_cut: AtomicBool,
    is_silent: AtomicBool,
}

impl Proxy {
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let shared = Arc::new(Shared {
            open: Mutex::default(),
            is_cut: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
        });
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            for near in listener.incoming() {
                let Ok(near) = near else { break };
                if shared.is_cut.load(SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                let both = [&near, &far].map(|stream| stream.try_clone().unwrap());
                shared.open.lock().unwrap().extend(both);
                for (mut from, mut to) in [
                    (near.try_clone().unwrap(), far.try_clone().unwrap()),
                    (far, near),
                ] {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || {
                        let mut bytes = [0; 4096];
                        while let Ok(n @ 1..) = from.read(&mut bytes) {
                            while shared.is_silent.load(SeqCst) {
                                thread::sleep(Duration::from_millis(2));
                            }
                            if to.write_all(&bytes[..n]).is_err() {
                                break;
                            }
                        }
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        proxy
    }

    /// Ends every connection, and any new one at once.
    pub(crate) fn cut(&self) {
        self.shared.is_cut.store(true, SeqCst);
        for stream in self.shared.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.shared.is_cut.store(false, SeqCst);
    }

    /// Holds every byte back while `silent`.
    pub(crate) fn set_silent(&self, silent: bool) {
        self.shared.is_silent.store(silent, SeqCst);
    }
}
