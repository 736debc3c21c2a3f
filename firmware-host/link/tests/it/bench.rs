//! A host and a microcontroller on one line and one simulated clock. Whatever happens on the line, the promises of safety
//! are checked every millisecond.

use std::time::Duration;

use normgate_link::clock::SimulatedClock;
use normgate_link::mcu::{Mcu, McuConfig, McuEvent, Output};
use normgate_link::wire::loopback;
use normgate_link::{Cable, Clock, Config, Event, Faults, Faulty, Loopback, Session, Verdict};
use normgate_protocol::{Judgement, Limits, ModelHash, Raw};

use crate::spy::{Plug, Sent, Spy};

pub(crate) const LABELS: u16 = 10;
pub(crate) const BAUD: u32 = 115_200;
/// The protocol's hold time.
pub(crate) const HOLD_MS: u64 = 250;

pub(crate) fn config() -> Config {
    let labels = (0..LABELS).map(|n| format!("label {n}")).collect();
    Config {
        seed: Some(1),
        ..Config::new(ModelHash([7; 32]), labels)
    }
}

pub(crate) fn mcu_config() -> McuConfig {
    McuConfig {
        // Its clock wraps around soon.
        uptime_ms: 0xFFFF_F800,
        ..McuConfig::new(Limits::new(300, 60).unwrap())
    }
}

/// What is said of a frame: a class most of the time, another for each; sometimes unknown.
pub(crate) fn judgement(frame: u64) -> Judgement {
    let class = (!frame.is_multiple_of(7)).then_some((frame % u64::from(LABELS)) as u16);
    Judgement::new(LABELS, class, Raw::of(frame as f32, 1.0)).unwrap()
}

/// Whether a drift alarm stands: for a while, then not, and again.
pub(crate) const fn drift(frame: u64) -> bool {
    frame % 10 >= 5
}

pub(crate) type Line = Plug<Spy<Faulty<Loopback<SimulatedClock>, SimulatedClock>>>;

pub(crate) struct Bench {
    pub(crate) clock: SimulatedClock,
    pub(crate) session: Session<Line>,
    config: Config,
    line: Line,
    pub(crate) mcu: Mcu,
    pub(crate) cable: Cable,
    mcu_end: Loopback<SimulatedClock>,
    pub(crate) sent: Sent,
    pub(crate) offered: Vec<Verdict>,
    /// Frame and ms from its capture.
    pub(crate) applied: Vec<(u64, u64)>,
    pub(crate) events: Vec<Event>,
    pub(crate) mcu_events: Vec<McuEvent>,
    max_age_ms: u64,
    /// False accepts are counted; else they panic.
    pub(crate) counts_false_accepts: bool,
    pub(crate) false_accepts: u64,
    pub(crate) host_is_alive: bool,
    pub(crate) mcu_is_alive: bool,
}

impl Bench {
    pub(crate) fn new(faults: Faults, seed: u64) -> Self {
        Self::of(config(), mcu_config(), faults, seed, [BAUD; 2])
    }

    pub(crate) fn of(
        config: Config,
        mcu: McuConfig,
        faults: Faults,
        seed: u64,
        bauds: [u32; 2],
    ) -> Self {
        let clock = SimulatedClock::new();
        let (host_end, mcu_end) = loopback::pair_of(&clock, bauds[0], bauds[1]);
        let faulty = Faulty::new(host_end, clock.clone(), faults, seed);
        let cable = faulty.cable();
        let spy = Spy::new(faulty);
        let sent = Sent::clone(&spy.sent);
        let line = Plug::new(spy);
        let limits = config.limits.agree(mcu.limits);
        Self {
            clock,
            session: Session::new(line.clone(), config.clone()).unwrap(),
            config,
            line,
            mcu: Mcu::new(mcu),
            cable,
            mcu_end,
            sent,
            offered: Vec::new(),
            applied: Vec::new(),
            events: Vec::new(),
            mcu_events: Vec::new(),
            max_age_ms: limits.max_age_ms().into(),
            counts_false_accepts: false,
            false_accepts: 0,
            host_is_alive: true,
            mcu_is_alive: true,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Offers the next frame, captured this many ms ago.
    pub(crate) fn offer(&mut self, age_ms: u64) -> u64 {
        let frame = self.offered.len() as u64;
        let verdict = Verdict {
            frame,
            captured_ms: self.now().saturating_sub(age_ms),
            judgement: judgement(frame),
            drift: drift(frame),
        };
        self.offered.push(verdict);
        self.session.offer(verdict).unwrap();
        frame
    }

    /// The host is killed and started again, `off_ms` later. What it gave to the line stays there.
    pub(crate) fn restart_host(&mut self, off_ms: u64) {
        self.host_is_alive = false;
        self.run(off_ms);
        self.config.seed = self.config.seed.map(|seed| seed + 1);
        self.session = Session::new(self.line.clone(), self.config.clone()).unwrap();
        self.host_is_alive = true;
    }

    /// The microcontroller is switched off, and on again `off_ms` later. What it had not heard yet it hears then.
    pub(crate) fn restart_mcu(&mut self, off_ms: u64) {
        self.mcu_is_alive = false;
        self.mcu.restart(self.now());
        self.run(off_ms);
        self.mcu.restart(self.now());
        self.mcu_is_alive = true;
    }

    /// The host is stopped just after it has read the clock, and goes on `ms` later.
    pub(crate) fn stop_host(&mut self, ms: u64, age: u64) {
        let before = self.now();
        self.offer(age);
        self.host_is_alive = false;
        self.run(ms);
        let events = self.session.poll(before, Duration::ZERO);
        self.events.extend(events);
        self.host_is_alive = true;
    }

    pub(crate) fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.clock.advance(1);
            let now = self.now();
            if self.host_is_alive {
                self.events.extend(self.session.poll(now, Duration::ZERO));
            }
            if self.mcu_is_alive {
                let served = self
                    .mcu
                    .serve(&mut self.mcu_end, &self.clock, Duration::ZERO);
                for event in served.unwrap() {
                    if let McuEvent::Applied {
                        frame,
                        judgement,
                        drift,
                    } = event
                    {
                        self.check_applied(frame, judgement, drift);
                    } else {
                        self.mcu_events.push(event);
                    }
                }
            }
            self.check_output();
        }
    }

    /// Offers a frame each `every` ms, captured `age` ms before.
    pub(crate) fn stream(&mut self, ms: u64, every: u64, age: u64) {
        for _ in 0..ms / every {
            self.offer(age);
            self.run(every);
        }
    }

    pub(crate) fn output(&self) -> Output {
        self.mcu.output(self.now())
    }

    fn check_applied(&mut self, frame: u64, judgement: Judgement, drift: bool) {
        match self.is_true(frame, judgement, drift) {
            Ok(age) => self.applied.push((frame, age)),
            Err(_) if self.counts_false_accepts => self.false_accepts += 1,
            Err(why) => panic!("frame {frame} {why}"),
        }
    }

    /// The age of a verdict that may be applied, or why it may not.
    fn is_true(&self, frame: u64, judgement: Judgement, drift: bool) -> Result<u64, String> {
        let sent = self.sent.lock().unwrap();
        let sent = sent.iter().rev().find(|sent| sent.frame == frame);
        let sent = sent.ok_or("was never sent")?;
        let offered = &self.offered[frame as usize];
        if sent.judgement != judgement || offered.judgement != judgement {
            return Err(format!("says something else: {judgement:?}"));
        }
        if sent.drift != drift || offered.drift != drift {
            return Err(format!("says something else of drift: {drift}"));
        }
        let age = self.now() - offered.captured_ms;
        if age > self.max_age_ms {
            return Err(format!("was applied {age} ms old"));
        }
        match self.applied.last() {
            Some((newest, _)) if frame <= *newest => Err(format!("was applied after {newest}")),
            _ => Ok(age),
        }
    }

    fn check_output(&self) {
        if let Output::Class(class) = self.output() {
            let (frame, _) = *self.applied.last().expect("open without a verdict");
            let verdict = self.offered[frame as usize];
            assert_eq!(verdict.judgement.committed(), Some(class));
            let age = self.now() - verdict.captured_ms;
            assert!(
                age <= self.max_age_ms + HOLD_MS,
                "open for frame {frame}, {age} ms old"
            );
        }
    }

    pub(crate) fn has(&self, is_it: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(is_it)
    }
}
