//! Who rules the loop of `normgate run`: signals, a changed model file, the service manager.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use normgate::pipeline::{Control, Order, Swapper};
use sd_notify::NotifyState;

/// Signals as flags, the model's file, and the watchdog.
pub(super) struct Signals {
    stop: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    swapper: Option<Swapper>,
    watchdog: Option<Watchdog>,
}

/// Tells the service manager that the loop turns.
struct Watchdog {
    every: Duration,
    last: Instant,
}

impl Signals {
    /// Listens to SIGINT and SIGTERM, which end the loop (a second one ends the program at once), and SIGHUP, which
    /// asks `swapper` for the model anew.
    ///
    /// # Errors
    /// If no handler can be set.
    pub(super) fn listen(swapper: Option<Swapper>) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let reload = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        {
            use signal_hook::consts::SIGHUP;
            stop_on_signals(&stop).context("signals")?;
            signal_hook::flag::register(SIGHUP, Arc::clone(&reload)).context("signals")?;
        }
        // Half the time allowed, as sd_watchdog_enabled(3) asks.
        let watchdog = sd_notify::watchdog_enabled().map(|allowed| Watchdog {
            every: allowed / 2,
            last: Instant::now(),
        });
        Ok(Self {
            stop,
            reload,
            swapper,
            watchdog,
        })
    }

    /// Tells the service manager, if there is one.
    pub(super) fn notify(states: &[NotifyState<'_>]) {
        // Without a service manager there is nobody to tell, and a lost note must not stop the camera.
        let _ = sd_notify::notify(states);
    }

    /// Set by the signals that end the loop.
    pub(super) fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Whether a signal ended the loop.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Sets `stop` on SIGINT and SIGTERM; a second one ends the program at once.
#[cfg(unix)]
pub(super) fn stop_on_signals(stop: &Arc<AtomicBool>) -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(stop))?;
        signal_hook::flag::register(signal, Arc::clone(stop))?;
    }
    Ok(())
}

impl Control for Signals {
    fn turn(&mut self) -> Order {
        if let Some(watchdog) = &mut self.watchdog
            && watchdog.last.elapsed() >= watchdog.every
        {
            watchdog.last = Instant::now();
            Self::notify(&[NotifyState::Watchdog]);
        }
        if self.stopped() {
            return Order::Stop;
        }
        if self.reload.swap(false, Ordering::Relaxed) {
            match &self.swapper {
                Some(swapper) => swapper.request(),
                None => {
                    let why =
                        "the model is inside the program; expected --model FILE to read again";
                    return Order::Refuse(why.into());
                }
            }
        }
        match self.swapper.as_ref().and_then(Swapper::poll) {
            Some(Ok(new)) => Order::Swap(Box::new(new)),
            Some(Err(why)) => Order::Refuse(why),
            None => Order::GoOn,
        }
    }
}
