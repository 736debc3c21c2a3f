//! Which pictures reach a sink, and what it costs.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use normgate_frame::Picture;
use normgate_sink::{Demand, Event, Record, Sink, Wait};

use super::{LONG, Scripted, counts, fanout, sink};
use crate::support::{eventually, known, summary, unknown};

/// For each record that a sink got, the first byte of its picture, or none.
type Seen = Arc<Mutex<Vec<Option<u8>>>>;

fn pictures(demand: Demand) -> (Box<dyn Sink>, Seen) {
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
    let all: Vec<_> = (0..50).map(Some).collect();
    assert_eq!(*seen.lock().unwrap(), all);
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
