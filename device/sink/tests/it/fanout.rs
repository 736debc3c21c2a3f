//! The loop's side: whatever a sink does, the loop goes on and every event is accounted for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use normgate_frame::Picture;
use normgate_sink::{
    Demand, Event, Fanout, Meters, Record, Sink, SinkError, SinkMeter, Status, Wait,
};
use proptest::prelude::*;

use crate::support::{eventually, known, meters, summary, unknown};

const LONG: Duration = Duration::from_secs(60);

/// Does with each event what it is told.
struct Scripted<F> {
    name: &'static str,
    demand: Demand,
    lossless: bool,
    take: F,
}

impl<F: FnMut(Event<'_>) -> Result<(), SinkError> + Send> Sink for Scripted<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        (self.take)(event)
    }

    fn demand(&self) -> Demand {
        self.demand
    }

    fn is_lossless(&self) -> bool {
        self.lossless
    }
}

fn sink(take: impl FnMut(Event<'_>) -> Result<(), SinkError> + Send + 'static) -> Box<dyn Sink> {
    Box::new(Scripted {
        name: "scripted",
        demand: Demand::Nothing,
        lossless: false,
        take,
    })
}

type Said = Arc<Mutex<Vec<String>>>;

fn fanout() -> (Fanout, Arc<Meters>, Said) {
    let (meters, said) = (meters(), Said::default());
    let to = Arc::clone(&said);
    let fanout = Fanout::new(Arc::clone(&meters))
        .with_warnings(move |line| to.lock().unwrap().push(line.to_owned()));
    (fanout, meters, said)
}

/// Taken, missed, failed.
fn counts(meter: &SinkMeter) -> [u64; 3] {
    [&meter.taken, &meter.missed, &meter.failed].map(|count| count.load(SeqCst))
}

fn frame_of(event: Event<'_>) -> Option<u64> {
    match event {
        Event::Record(record, _) => Some(record.frame),
        Event::Status(_) => None,
    }
}

/// A sink that waits for leave before each event, and tells what it took.
fn gated() -> (Box<dyn Sink>, Sender<()>, Receiver<Option<u64>>) {
    let (leave, asked) = channel::<()>();
    let (tell, told) = channel();
    let take = move |event: Event<'_>| {
        // Without anyone to give leave there is no need of it.
        let _ = asked.recv();
        let _ = tell.send(frame_of(event));
        Ok(())
    };
    (sink(take), leave, told)
}

#[test]
fn a_sink_gets_everything_in_order() {
    let (mut fanout, meters, said) = fanout();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&seen);
    let take = move |event: Event<'_>| {
        to.lock().unwrap().push(match event {
            Event::Record(record, picture) => {
                assert!(picture.is_none());
                (Some(record.clone()), None)
            }
            Event::Status(status) => (None, Some(status.clone())),
        });
        Ok(())
    };
    fanout.add(sink(take), 100).unwrap();
    let lost = Status::Lost {
        why: "gone".to_owned(),
    };
    fanout.offer(&known(0), None);
    fanout.status(lost.clone());
    fanout.offer(&unknown(1, 0.1), None);
    assert!(fanout.finish(summary(), LONG).is_empty());
    let expected = [
        (Some(known(0)), None),
        (None, Some(lost)),
        (Some(unknown(1, 0.1)), None),
        (None, Some(Status::Ended(summary()))),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(counts(&meters.sinks()[0]), [4, 0, 0]);
    assert!(said.lock().unwrap().is_empty());
}

#[test]
fn a_stuck_sink_costs_the_others_nothing() {
    let (mut fanout, meters, _) = fanout();
    let (stuck, leave, told) = gated();
    let seen = Arc::new(AtomicU64::new(0));
    let to = Arc::clone(&seen);
    fanout.add(stuck, 4).unwrap();
    let take = move |_: Event<'_>| {
        to.fetch_add(1, SeqCst);
        Ok(())
    };
    fanout.add(sink(take), 1).unwrap();
    for frame in 0..1000 {
        fanout.offer(&known(frame), None);
        // The sink that works has a queue of one: it takes each while the other one takes none.
        eventually("taken", || seen.load(SeqCst) == frame + 1);
    }
    let stuck = fanout.finish(summary(), Duration::from_millis(20));
    assert_eq!(stuck, ["scripted"]);
    let meters = meters.sinks();
    assert_eq!(counts(&meters[0]), [0, 1001, 0]);
    assert_eq!(counts(&meters[1]), [1001, 0, 0]);
    // It comes to itself when nobody waits: nothing is counted twice.
    drop(leave);
    eventually("the thread ends", || {
        told.try_recv() != Err(std::sync::mpsc::TryRecvError::Empty)
    });
    eventually("the thread ends", || {
        matches!(
            told.try_recv(),
            Err(std::sync::mpsc::TryRecvError::Disconnected)
        )
    });
    assert_eq!(counts(&meters[0]), [0, 1001, 0]);
}

#[test]
fn a_full_queue_misses_the_newest_record_and_no_status() {
    let (mut fanout, meters, _) = fanout();
    let (slow, leave, told) = gated();
    fanout.add(slow, 3).unwrap();
    fanout.offer(&known(0), None);
    let meter = Arc::clone(&meters.sinks()[0]);
    // Whether the first one waits or is at work, three more fill the queue.
    for frame in 1..10 {
        fanout.offer(&known(frame), None);
    }
    fanout.status(Status::Restored);
    fanout.status(Status::Restored);
    drop(leave);
    assert!(fanout.finish(summary(), LONG).is_empty());
    let told: Vec<_> = told.iter().collect();
    let statuses = told.iter().filter(|frame| frame.is_none()).count();
    assert_eq!(statuses, 3, "{told:?}");
    let [taken, missed, failed] = counts(&meter);
    assert_eq!((taken + missed, failed), (13, 0));
    assert_eq!(taken, told.len() as u64);
}

#[test]
fn statuses_alone_are_bounded_too_and_the_last_one_stays() {
    let (mut fanout, meters, _) = fanout();
    let (slow, leave, told) = gated();
    fanout.add(slow, 2).unwrap();
    for _ in 0..50 {
        fanout.status(Status::Restored);
    }
    drop(leave);
    assert!(fanout.finish(summary(), LONG).is_empty());
    let [taken, missed, failed] = counts(&meters.sinks()[0]);
    assert_eq!((taken + missed, failed), (51, 0));
    assert!((2..=3).contains(&told.iter().count()) || taken > 3);
}

#[test]
fn a_failing_sink_is_said_once_and_when_it_works_again() {
    let (mut fanout, meters, said) = fanout();
    let full = Arc::new(AtomicBool::new(false));
    let is_full = Arc::clone(&full);
    let take = move |_: Event<'_>| match is_full.load(SeqCst) {
        true => Err(SinkError::Missed("/var/log/x: no space".to_owned())),
        false => Ok(()),
    };
    fanout.add(sink(take), 4).unwrap();
    let meter = Arc::clone(&meters.sinks()[0]);
    let mut frame = 0;
    let mut offer = |n: u64| {
        for _ in 0..n {
            fanout.offer(&known(frame), None);
            frame += 1;
            eventually("counted", || counts(&meter).iter().sum::<u64>() == frame);
        }
    };
    offer(3);
    full.store(true, SeqCst);
    offer(100);
    full.store(false, SeqCst);
    offer(5);
    fanout.finish(summary(), LONG);
    assert_eq!(counts(&meter), [9, 0, 100]);
    let expected = [
        "scripted: /var/log/x: no space",
        "scripted: works again; 100 events are lost to it",
    ];
    assert_eq!(*said.lock().unwrap(), expected);
    assert!(!meter.dead.load(SeqCst));
}

#[test]
fn a_panic_ends_one_sink_only() {
    let (mut fanout, meters, said) = fanout();
    let take = |event: Event<'_>| match frame_of(event) {
        Some(2) => panic!("on purpose,\n in a test"),
        _ => Ok(()),
    };
    fanout.add(sink(take), 100).unwrap();
    fanout.add(sink(|_| Ok(())), 100).unwrap();
    for frame in 0..10 {
        fanout.offer(&known(frame), None);
    }
    let sinks = meters.sinks();
    eventually("dead", || sinks[0].dead.load(SeqCst));
    for frame in 10..20 {
        fanout.offer(&known(frame), None);
    }
    assert!(fanout.finish(summary(), LONG).is_empty());
    assert_eq!(counts(&sinks[0]), [2, 18, 1]);
    assert_eq!(counts(&sinks[1]), [21, 0, 0]);
    let expected = "scripted: died and gets nothing more (on purpose, in a test)";
    assert_eq!(*said.lock().unwrap(), [expected]);
    assert_eq!(fanout.closed(), None);
}

#[test]
fn a_reader_that_left_is_told_to_the_loop() {
    let (mut fanout, meters, said) = fanout();
    let take = |event: Event<'_>| match frame_of(event) {
        Some(0) => Ok(()),
        _ => Err(SinkError::Closed("standard output: broken pipe".to_owned())),
    };
    fanout.add(sink(take), 100).unwrap();
    assert_eq!(fanout.closed(), None);
    for frame in 0..5 {
        fanout.offer(&known(frame), None);
    }
    eventually("closed", || fanout.closed().is_some());
    assert_eq!(
        fanout.closed().as_deref(),
        Some("standard output: broken pipe")
    );
    assert!(fanout.finish(summary(), LONG).is_empty());
    assert_eq!(counts(&meters.sinks()[0]), [1, 4, 1]);
    // `head` is no fault.
    assert!(said.lock().unwrap().is_empty());
}

#[test]
fn a_source_that_can_wait_waits_for_lossless_sinks_only() {
    let (fanout, meters, _) = fanout();
    let mut fanout = fanout.with_wait(Wait::Always);
    let slow = |_: Event<'_>| {
        std::thread::sleep(Duration::from_micros(200));
        Ok(())
    };
    let lossless = Scripted {
        name: "lossless",
        demand: Demand::Nothing,
        lossless: true,
        take: slow,
    };
    let (stuck, leave, _told) = gated();
    fanout.add(Box::new(lossless), 2).unwrap();
    fanout.add(stuck, 2).unwrap();
    for frame in 0..500 {
        fanout.offer(&known(frame), None);
    }
    // It needs longer than this patience for what waits.
    assert_eq!(fanout.finish(summary(), Duration::ZERO), ["scripted"]);
    let sinks = meters.sinks();
    assert_eq!(counts(&sinks[0]), [501, 0, 0]);
    assert_eq!(counts(&sinks[1]), [0, 501, 0]);
    drop(leave);
}

#[test]
fn a_wait_for_a_stuck_sink_ends_with_the_flag_or_the_sink() {
    let stop = Arc::new(AtomicBool::new(false));
    let (fanout, meters, _) = fanout();
    let mut fanout = fanout.with_wait(Wait::Until(Arc::clone(&stop)));
    let (leave, asked) = channel::<()>();
    let take = move |_: Event<'_>| {
        let _ = asked.recv();
        Ok(())
    };
    let lossless = Scripted {
        name: "lossless",
        demand: Demand::Nothing,
        lossless: true,
        take,
    };
    fanout.add(Box::new(lossless), 1).unwrap();
    let setter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        stop.store(true, SeqCst);
    });
    for frame in 0..20 {
        fanout.offer(&known(frame), None);
    }
    assert_eq!(
        fanout.finish(summary(), Duration::from_millis(10)),
        ["lossless"]
    );
    assert_eq!(counts(&meters.sinks()[0]), [0, 21, 0]);
    setter.join().unwrap();
    drop(leave);

    // A sink that dies while it is waited for.
    let (fanout, meters, _) = self::fanout();
    let mut fanout = fanout.with_wait(Wait::Always);
    let dying = Scripted {
        name: "dying",
        demand: Demand::Nothing,
        lossless: true,
        take: |event: Event<'_>| match frame_of(event) {
            Some(5) => panic!("on purpose, in a test"),
            _ => Ok(()),
        },
    };
    fanout.add(Box::new(dying), 1).unwrap();
    for frame in 0..20 {
        fanout.offer(&known(frame), None);
    }
    assert!(fanout.finish(summary(), LONG).is_empty());
    assert_eq!(counts(&meters.sinks()[0]), [5, 15, 1]);
}

#[test]
fn an_idle_sink_ticks() {
    struct Ticking(Arc<AtomicU64>);
    impl Sink for Ticking {
        fn name(&self) -> &'static str {
            "ticking"
        }
        fn take(&mut self, _: Event<'_>) -> Result<(), SinkError> {
            Ok(())
        }
        fn tick(&mut self) -> Result<(), SinkError> {
            self.0.fetch_add(1, SeqCst);
            Err(SinkError::Missed("nobody there".to_owned()))
        }
    }
    let (mut fanout, meters, said) = fanout();
    let ticks = Arc::new(AtomicU64::new(0));
    fanout
        .add(Box::new(Ticking(Arc::clone(&ticks))), 1)
        .unwrap();
    eventually("ticks", || ticks.load(SeqCst) >= 3);
    fanout.finish(summary(), LONG);
    assert_eq!(*said.lock().unwrap(), ["ticking: nobody there"]);
    assert_eq!(counts(&meters.sinks()[0]), [1, 0, 0]);
}

/// The first byte of each picture that a sink got, or none.
fn pictures(demand: Demand) -> (Box<dyn Sink>, Arc<Mutex<Vec<Option<u8>>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&seen);
    let take = move |event: Event<'_>| {
        if let Event::Record(_, picture) = event {
            to.lock().unwrap().push(picture.map(|p| p.bytes()[0]));
        }
        Ok(())
    };
    let sink = Scripted {
        name: "pictures",
        demand,
        lossless: true,
        take,
    };
    (Box::new(sink), seen)
}

#[test]
fn a_sink_gets_the_pictures_that_it_asks_for() {
    let (fanout, _, _) = fanout();
    let mut fanout = fanout.with_wait(Wait::Always);
    let demands = [
        Demand::Nothing,
        Demand::Rejects,
        Demand::Every(Duration::ZERO),
        Demand::Every(LONG * 60),
    ];
    let seen = demands.map(|demand| {
        let (sink, seen) = pictures(demand);
        fanout.add(sink, 3).unwrap();
        seen
    });
    for frame in 0..100_u8 {
        let rgb = [frame; 12];
        let record = match frame % 3 {
            0 => known(u64::from(frame)),
            _ => unknown(u64::from(frame), 0.1),
        };
        fanout.offer(&record, Some(Picture::rgb(2, 2, &rgb).unwrap()));
    }
    assert!(fanout.finish(summary(), LONG).is_empty());
    let seen = seen.map(|seen| seen.lock().unwrap().clone());
    assert_eq!(seen[0], [None; 100]);
    let rejects: Vec<_> = (0..100).map(|i| (i % 3 != 0).then_some(i)).collect();
    assert_eq!(seen[1], rejects);
    let all: Vec<_> = (0..100).map(Some).collect();
    assert_eq!(seen[2], all);
    let first: Vec<_> = (0..100).map(|i| (i == 0).then_some(i)).collect();
    assert_eq!(seen[3], first);
}

#[test]
fn a_stuck_sink_does_not_keep_the_pictures() {
    let (mut fanout, _, _) = fanout();
    let (leave, asked) = channel::<()>();
    let stuck = Scripted {
        name: "stuck",
        demand: Demand::Every(Duration::ZERO),
        lossless: false,
        take: move |_: Event<'_>| {
            let _ = asked.recv();
            Ok(())
        },
    };
    fanout.add(Box::new(stuck), 64).unwrap();
    let (works, seen) = pictures(Demand::Every(Duration::ZERO));
    fanout.add(works, 1).unwrap();
    for frame in 0..50_u8 {
        fanout.offer(&known(0), Some(Picture::rgb(1, 1, &[frame; 3]).unwrap()));
        eventually("taken", || {
            seen.lock().unwrap().len() == usize::from(frame) + 1
        });
    }
    drop(leave);
    fanout.finish(summary(), LONG);
    // Now and then the sink still holds its last two when the next one comes; it never starves.
    let seen = seen.lock().unwrap();
    let got: Vec<u8> = seen.iter().flatten().copied().collect();
    assert!(got.len() >= 25, "{seen:?}");
    assert!(got.windows(2).all(|w| w[0] < w[1]), "{seen:?}");
}

#[test]
fn offering_allocates_nothing_after_warm_up() {
    let (fanout, meters, _) = fanout();
    let mut fanout = fanout.with_wait(Wait::Always);
    for demand in [
        Demand::Nothing,
        Demand::Every(Duration::ZERO),
        Demand::Rejects,
    ] {
        fanout.add(pictures(demand).0, 4).unwrap();
    }
    fanout.add(sink(|_| Ok(())), 4).unwrap();
    let rgb = vec![7; 64 * 48 * 3];
    let records: Vec<Record> = (0..16).map(|i| unknown(1000 + i, 0.1)).collect();
    let mut offer = |times: usize| {
        for i in 0..times {
            let picture = Picture::rgb(64, 48, &rgb).unwrap();
            fanout.offer(&records[i % 16], Some(picture));
        }
    };
    // Until each record of each queue and all pictures have been used; how soon depends on the threads.
    let mut allocated = u64::MAX;
    for _ in 0..200 {
        allocated = allocation_counter::measure(|| offer(100)).count_total;
        if allocated == 0 {
            break;
        }
    }
    assert_eq!(allocated, 0);
    let frames = counts(&meters.sinks()[0]).iter().sum::<u64>();
    assert!(frames > 0);
    fanout.finish(summary(), LONG);
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Take,
    Fail,
    Dawdle,
    Panic,
    Close,
    Stick,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever sinks do: taken + missed + failed is what was offered, and the counts are those of the sinks.
    #[test]
    fn every_event_is_accounted_for(
        capacity in 0..6_usize,
        wait in any::<bool>(),
        lossless in any::<bool>(),
        statuses in prop::collection::vec(any::<bool>(), 1..60),
        acts in prop::collection::vec(prop_oneof![
            20 => Just(Act::Take),
            5 => Just(Act::Fail),
            5 => Just(Act::Dawdle),
            1 => Just(Act::Panic),
            1 => Just(Act::Close),
            1 => Just(Act::Stick),
        ], 1..80),
    ) {
        // Nobody may wait for ever for a sink that sticks for ever.
        let sticks = acts.iter().any(|act| matches!(act, Act::Stick));
        let (fanout, meters, _) = fanout();
        let mut fanout = match wait && !sticks {
            true => fanout.with_wait(Wait::Always),
            false => fanout,
        };
        let (took, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (leave, asked) = channel::<()>();
        let (counts_took, counts_failed) = (Arc::clone(&took), Arc::clone(&failed));
        let mut acts = acts.into_iter();
        let take = move |_: Event<'_>| {
            let act = acts.next().unwrap_or(Act::Take);
            match act {
                Act::Dawdle => std::thread::sleep(Duration::from_micros(300)),
                Act::Stick => drop(asked.recv()),
                _ => {}
            }
            let counter = match act {
                Act::Take | Act::Dawdle => &counts_took,
                Act::Stick => return Ok(()),
                _ => &counts_failed,
            };
            counter.fetch_add(1, SeqCst);
            match act {
                Act::Fail => Err(SinkError::Missed("no".to_owned())),
                Act::Close => Err(SinkError::Closed("left".to_owned())),
                // Without the hook, which would fill the test's output.
                Act::Panic => std::panic::resume_unwind(Box::new("on purpose")),
                _ => Ok(()),
            }
        };
        let scripted = Scripted { name: "random", demand: Demand::Nothing, lossless, take };
        fanout.add(Box::new(scripted), capacity).unwrap();
        for (frame, &status) in statuses.iter().enumerate() {
            match status {
                true => fanout.status(Status::Restored),
                false => fanout.offer(&known(frame as u64), None),
            }
        }
        let patience = if sticks { Duration::from_millis(20) } else { LONG };
        let stuck = fanout.finish(summary(), patience);
        prop_assert!(sticks || stuck.is_empty());
        let [taken, missed, lost] = counts(&meters.sinks()[0]);
        prop_assert_eq!(taken + missed + lost, statuses.len() as u64 + 1);
        if !sticks {
            prop_assert_eq!((taken, lost), (took.load(SeqCst), failed.load(SeqCst)));
        }
        drop(leave);
    }
}
