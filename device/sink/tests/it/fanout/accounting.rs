//! Counts under sinks that do anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::time::Duration;

use normgate_sink::{Demand, Event, SinkError, Status, Wait};
use proptest::prelude::*;

use super::{LONG, Scripted, counts, fanout};
use crate::support::{known, summary};

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
