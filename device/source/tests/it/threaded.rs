use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use normgate_frame::{Frame, OwnedFrame};
use normgate_source::{Next, PATIENCE, Source, SourceError, Threaded};

use super::{bad_frame, drain, next, tiny};

type Item = Result<Option<OwnedFrame>, SourceError>;

/// Yields what the test sends. The channel has no room: once a send returns, the reading thread
/// has asked for that item, and so has put all earlier ones into the mailbox.
struct Fed(Receiver<Item>);

impl Source for Fed {
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        match self.0.recv().unwrap_or(Ok(None))? {
            Some(frame) if frame.name == "lost" => Ok(Next::Lost {
                why: "pulled".into(),
            }),
            Some(frame) => {
                visit(&frame.view());
                Ok(Next::Frame)
            }
            None => Ok(Next::End),
        }
    }

    fn is_live(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        "fed".into()
    }
}

fn fed() -> (SyncSender<Item>, Threaded) {
    let (sender, receiver) = sync_channel(0);
    (sender, Threaded::newest(Box::new(Fed(receiver))).unwrap())
}

/// Each item as its frame's number or its error.
fn order(items: Vec<Result<OwnedFrame, String>>) -> Vec<String> {
    items
        .into_iter()
        .map(|item| item.map_or_else(|error| error, |frame| frame.name))
        .collect()
}

#[test]
fn a_slow_consumer_gets_the_newest_frame_and_the_count_of_the_others() {
    let (sender, mut newest) = fed();
    for id in 0..4 {
        sender.send(Ok(Some(tiny(id)))).unwrap();
    }
    sender.send(Err(bad_frame(4))).unwrap();
    // The thread is at the error, so frames 0 to 3 are in the mailbox: 3 took the others' place.
    assert_eq!(next(&mut newest).unwrap().unwrap().id, 3);
    assert_eq!(newest.dropped_frames(), 3);
    assert!(newest.is_live());
    assert_eq!(newest.describe(), "fed");
    drop(sender);
    assert_eq!(drain(&mut newest).len(), 1);
    assert_eq!(newest.dropped_frames(), 3);
}

#[test]
fn a_fast_consumer_gets_every_frame() {
    let (sender, mut newest) = fed();
    for id in 0..50 {
        sender.send(Ok(Some(tiny(id)))).unwrap();
        assert_eq!(next(&mut newest).unwrap().unwrap().id, id);
    }
    drop(sender);
    assert_eq!(drain(&mut newest).len(), 0);
    assert_eq!(newest.dropped_frames(), 0);
}

#[test]
fn errors_keep_their_order_and_are_not_dropped() {
    let (sender, mut newest) = fed();
    sender.send(Ok(Some(tiny(0)))).unwrap();
    sender.send(Err(bad_frame(1))).unwrap();
    sender.send(Ok(Some(tiny(2)))).unwrap();
    sender.send(Err(bad_frame(3))).unwrap();
    sender.send(Ok(Some(tiny(4)))).unwrap();
    sender.send(Err(bad_frame(5))).unwrap();
    drop(sender);
    let items = order(drain(&mut newest));
    let truncated = |id| format!("test: frame {id} ends after 0 of 3 bytes");
    assert_eq!(
        items,
        [truncated(1), truncated(3), "frame 4".into(), truncated(5)]
    );
    assert_eq!(newest.dropped_frames(), 2);
}

#[test]
fn a_fatal_error_is_the_last_thing() {
    let (sender, mut newest) = fed();
    sender.send(Ok(Some(tiny(0)))).unwrap();
    let fatal = SourceError::ReaderDied { name: "fed".into() };
    sender.send(Err(fatal)).unwrap();
    let items = order(drain(&mut newest));
    assert_eq!(
        items,
        ["frame 0", "fed: the reading thread stopped unexpectedly"]
    );
    // The thread has let go of its source.
    assert!(sender.send(Ok(Some(tiny(1)))).is_err());
}

#[test]
fn many_errors_make_the_source_wait_rather_than_be_lost() {
    let (sender, mut newest) = fed();
    let feeder = std::thread::spawn(move || {
        for id in 0..100 {
            sender.send(Err(bad_frame(id))).unwrap();
        }
    });
    assert_eq!(drain(&mut newest).len(), 100);
    feeder.join().unwrap();
}

#[test]
fn a_source_that_panics_is_an_error_and_the_end() {
    struct Panicking;
    impl Source for Panicking {
        fn next(&mut self, _: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
            panic!("on purpose, in a test");
        }
        fn is_live(&self) -> bool {
            true
        }
        fn describe(&self) -> String {
            "panicking".into()
        }
    }
    let mut newest = Threaded::newest(Box::new(Panicking)).unwrap();
    let items = order(drain(&mut newest));
    assert_eq!(
        items,
        ["panicking: the reading thread stopped unexpectedly"]
    );
}

#[test]
fn dropping_it_ends_the_thread_at_its_next_frame() {
    let (sender, newest) = fed();
    drop(newest);
    // At most one item is still taken; then the source is gone and sending fails.
    let taken = (0..3)
        .take_while(|&id| sender.send(Ok(Some(tiny(id)))).is_ok())
        .count();
    assert!(taken <= 1, "{taken} frames taken for nobody");
}

#[test]
fn a_source_that_gives_nothing_is_waited_for_and_not_for_ever() {
    for open in [Threaded::newest, Threaded::lossless] {
        let (sender, receiver) = sync_channel(0);
        let mut threaded = open(Box::new(Fed(receiver))).unwrap();
        let before = std::time::Instant::now();
        let said = threaded.next(&mut |_| panic!("no frame was sent")).unwrap();
        assert_eq!(said, Next::Waiting);
        assert!(before.elapsed() >= PATIENCE);
        sender.send(Ok(Some(tiny(0)))).unwrap();
        assert_eq!(next(&mut threaded).unwrap().unwrap().id, 0);
    }
}

#[test]
fn without_loss_a_slow_consumer_gets_every_frame_and_the_source_waits() {
    let (sender, receiver) = sync_channel(0);
    let mut lossless = Threaded::lossless(Box::new(Fed(receiver))).unwrap();
    let feeder = std::thread::spawn(move || {
        for id in 0..50 {
            let item = if id % 7 == 3 {
                Err(bad_frame(id))
            } else {
                Ok(Some(tiny(id)))
            };
            sender.send(item).unwrap();
        }
    });
    let items = drain(&mut lossless);
    feeder.join().unwrap();
    let expected: Vec<String> = (0..50)
        .map(|id| match id % 7 {
            3 => bad_frame(id).to_string(),
            _ => format!("frame {id}"),
        })
        .collect();
    assert_eq!(order(items), expected);
    assert_eq!(lossless.dropped_frames(), 0);
}

#[test]
fn a_loss_voids_the_frame_before_it() {
    let (sender, mut newest) = fed();
    let lost = |id| OwnedFrame {
        name: "lost".into(),
        ..tiny(id)
    };
    sender.send(Ok(Some(tiny(0)))).unwrap();
    sender.send(Ok(Some(lost(1)))).unwrap();
    sender.send(Err(bad_frame(2))).unwrap();
    let said = newest
        .next(&mut |_| panic!("an old frame was shown"))
        .unwrap();
    assert_eq!(
        said,
        Next::Lost {
            why: "pulled".into()
        }
    );
    drop(sender);
    assert_eq!(drain(&mut newest).len(), 1);
}

#[test]
fn frames_are_copied_into_the_same_few_places() {
    for open in [Threaded::newest, Threaded::lossless] {
        let (sender, receiver) = sync_channel(0);
        let mut threaded = open(Box::new(Fed(receiver))).unwrap();
        let feeder = std::thread::spawn(move || {
            for id in 0..200 {
                sender.send(Ok(Some(tiny(id)))).unwrap();
            }
        });
        let mut places = std::collections::BTreeSet::new();
        loop {
            let said = threaded
                .next(&mut |frame| {
                    places.insert(frame.picture.bytes().as_ptr() as usize);
                    assert!(
                        frame
                            .picture
                            .bytes()
                            .iter()
                            .all(|&byte| byte == frame.id as u8)
                    );
                })
                .unwrap();
            if said == Next::End {
                break;
            }
        }
        feeder.join().unwrap();
        // One shown, one being filled, and those that wait: one, or four without loss.
        assert!(places.len() <= 6, "{}", places.len());
    }
}
