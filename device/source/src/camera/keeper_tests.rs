use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use normgate_frame::{ColorSpace, PixelFormat};
use proptest::prelude::*;
use rustix::io::Errno;

use super::keeper::{Keeper, LAST_RETRY, STALL};
use super::port::{Bell, Buffer, Layout, Port, Stream};
use crate::{Next, PATIENCE, Source, SourceError};

/// Something that a camera does at a time after the world began, in ms.
#[derive(Debug, Clone)]
enum Event {
    Frame(u64, u32, Vec<u8>),
    Damaged(u64, u32),
    Fails(u64, Errno),
    /// A signal interrupts the wait.
    Signal(u64),
}

impl Event {
    fn at(&self) -> Duration {
        let (Self::Frame(at, ..) | Self::Damaged(at, _) | Self::Fails(at, _) | Self::Signal(at)) =
            self;
        Duration::from_millis(*at)
    }
}

/// A whole frame of [`layout`], with its count in every byte.
fn frame(at: u64, sequence: u32) -> Event {
    Event::Frame(at, sequence, vec![sequence as u8; 6])
}

/// What an opening comes to.
type Opening = Result<(Layout, Vec<Event>), SourceError>;

struct World {
    began: Instant,
    clock: Duration,
    openings: VecDeque<Opening>,
    opened: Vec<Duration>,
}

/// The test's hand on the world that a keeper is in.
#[derive(Clone)]
struct Fake(Arc<Mutex<World>>);

impl Fake {
    fn new(openings: impl IntoIterator<Item = Opening>) -> Self {
        Self(Arc::new(Mutex::new(World {
            began: Instant::now(),
            clock: Duration::ZERO,
            openings: openings.into_iter().collect(),
            opened: Vec::new(),
        })))
    }

    fn keep(&self, settle: u32) -> Keeper<Self> {
        Keeper::open(self.clone(), "cam".into(), settle, false).unwrap()
    }

    fn clock(&self) -> Duration {
        self.0.lock().unwrap().clock
    }

    fn pass(&self, time: Duration) {
        self.0.lock().unwrap().clock += time;
    }

    fn opened(&self) -> Vec<u64> {
        let world = self.0.lock().unwrap();
        world
            .opened
            .iter()
            .map(|at| at.as_millis() as u64)
            .collect()
    }
}

impl Port for Fake {
    type Stream = FakeStream;

    fn open(&mut self) -> Result<FakeStream, SourceError> {
        let mut world = self.0.lock().unwrap();
        let clock = world.clock;
        world.opened.push(clock);
        let (layout, events) = world
            .openings
            .pop_front()
            .unwrap_or_else(|| Err(absent()))?;
        Ok(FakeStream {
            layout,
            bell: FakeBell(self.clone(), Arc::new(Mutex::new(events.into()))),
            bytes: Vec::new(),
        })
    }

    fn now(&self) -> Instant {
        let world = self.0.lock().unwrap();
        world.began + world.clock
    }

    fn sleep(&mut self, time: Duration) {
        self.pass(time);
    }
}

#[derive(Clone)]
struct FakeBell(Fake, Arc<Mutex<VecDeque<Event>>>);

impl Bell for FakeBell {
    fn wait(&self, patience: Duration) -> io::Result<bool> {
        let mut world = self.0.0.lock().unwrap();
        let mut events = self.1.lock().unwrap();
        let (now, latest) = (world.clock, world.clock + patience);
        match events.front() {
            Some(event) if event.at() <= latest => {
                world.clock = event.at().max(now);
                if matches!(event, Event::Signal(_)) {
                    events.pop_front();
                    return Err(io::ErrorKind::Interrupted.into());
                }
                Ok(true)
            }
            _ => {
                world.clock = latest;
                Ok(false)
            }
        }
    }
}

struct FakeStream {
    layout: Layout,
    bell: FakeBell,
    bytes: Vec<u8>,
}

impl Stream for FakeStream {
    type Bell = FakeBell;

    fn layout(&self) -> Layout {
        self.layout
    }

    fn bell(&self) -> FakeBell {
        self.bell.clone()
    }

    fn take(&mut self) -> io::Result<Buffer<'_>> {
        let (sequence, damaged) = match self.bell.1.lock().unwrap().pop_front() {
            Some(Event::Frame(_, sequence, bytes)) => {
                self.bytes = bytes;
                (sequence, false)
            }
            Some(Event::Damaged(_, sequence)) => {
                self.bytes = vec![0; 6];
                (sequence, true)
            }
            Some(Event::Fails(_, errno)) => return Err(errno.into()),
            Some(Event::Signal(_)) | None => return Err(io::ErrorKind::WouldBlock.into()),
        };
        Ok(Buffer {
            bytes: &self.bytes,
            damaged,
            sequence,
            captured: self.bell.0.now(),
        })
    }
}

fn layout() -> Layout {
    Layout {
        format: PixelFormat::Rgb24,
        color: ColorSpace::default(),
        size: (2, 1),
        stride: 6,
        len: Some(6),
        buffers: 4,
        interval: Some(Duration::from_millis(40)),
    }
}

fn jpeg() -> Layout {
    Layout {
        format: PixelFormat::Jpeg,
        stride: 0,
        len: None,
        ..layout()
    }
}

fn runs(events: impl IntoIterator<Item = Event>) -> Opening {
    Ok((layout(), events.into_iter().collect()))
}

fn absent() -> SourceError {
    SourceError::NoCamera {
        name: "cam".into(),
        known: "there is none".into(),
    }
}

fn busy() -> SourceError {
    SourceError::Busy { name: "cam".into() }
}

/// What a call came to, a frame by its number and first byte.
fn step(keeper: &mut Keeper<Fake>) -> String {
    let mut shown = None;
    let next = keeper.next(&mut |frame| {
        assert!(shown.is_none(), "shown once");
        assert_eq!(frame.name, format!("frame {}", frame.id));
        shown = Some((frame.id, frame.picture.bytes()[0]));
    });
    match (next, shown) {
        (Ok(Next::Frame), Some((id, byte))) => format!("{id}:{byte}"),
        (Ok(Next::Waiting), None) => "waiting".into(),
        (Ok(Next::Lost { why }), None) => format!("lost {why}"),
        (Err(error), None) => {
            assert!(!error.is_fatal());
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

fn steps(keeper: &mut Keeper<Fake>, count: usize) -> Vec<String> {
    (0..count).map(|_| step(keeper)).collect()
}

#[test]
fn the_first_frames_are_skipped_and_not_counted() {
    let world = Fake::new([runs((0..5).map(|i| frame(u64::from(i) * 40, i + 7)))]);
    let mut keeper = world.keep(3);
    assert_eq!(
        steps(&mut keeper, 5),
        ["waiting", "waiting", "waiting", "0:10", "1:11"]
    );
    assert_eq!(keeper.dropped_frames(), 0);
}

#[test]
fn no_frame_in_time_is_waiting_and_so_is_a_signal() {
    let world = Fake::new([runs([frame(500, 0), Event::Signal(530), frame(600, 1)])]);
    let mut keeper = world.keep(0);
    assert_eq!(
        steps(&mut keeper, 5),
        ["waiting", "waiting", "0:0", "waiting", "1:1"]
    );
    assert_eq!(world.opened().len(), 1);
}

#[test]
fn the_newest_frame_wins_and_the_others_are_counted() {
    let world = Fake::new([runs([
        frame(0, 0),
        frame(40, 1),
        frame(45, 2),
        frame(900, 3),
    ])]);
    let mut keeper = world.keep(0);
    assert_eq!(step(&mut keeper), "0:0");
    world.pass(Duration::from_millis(50));
    assert_eq!(step(&mut keeper), "2:2");
    assert_eq!(keeper.dropped_frames(), 1);
}

#[test]
fn where_the_driver_ran_out_of_buffers_the_next_frame_is_waited_for() {
    // Four buffers, one of them looked at: frames 1 to 3 are done, 4 to 9 never were, 10 is fresh.
    let old = (1..4).map(|i| frame(40 * u64::from(i), i));
    let events = [frame(0, 0)]
        .into_iter()
        .chain(old)
        .chain([frame(1030, 10)]);
    let world = Fake::new([runs(events)]);
    let mut keeper = world.keep(0);
    assert_eq!(step(&mut keeper), "0:0");
    world.pass(Duration::from_secs(1));
    assert_eq!(step(&mut keeper), "10:10");
    assert_eq!(keeper.dropped_frames(), 9);
    // A camera that then stops has its last frame shown.
    let old = (1..4).map(|i| frame(40 * u64::from(i), i));
    let world = Fake::new([runs([frame(0, 0)].into_iter().chain(old))]);
    let mut keeper = world.keep(0);
    assert_eq!(step(&mut keeper), "0:0");
    world.pass(Duration::from_secs(1));
    assert_eq!(step(&mut keeper), "3:3");
}

#[test]
fn frames_that_the_driver_lost_leave_gaps_and_a_driver_that_does_not_count_is_borne() {
    let world = Fake::new([runs([
        frame(0, 3),
        frame(300, 8),
        frame(600, 2),
        frame(900, 2),
    ])]);
    let mut keeper = world.keep(0);
    assert_eq!(steps(&mut keeper, 2), ["0:3", "waiting"]);
    assert_eq!(steps(&mut keeper, 1), ["5:8"]);
    assert_eq!(keeper.dropped_frames(), 4);
    let rest: Vec<_> = steps(&mut keeper, 4);
    assert_eq!(rest, ["waiting", "6:2", "waiting", "7:2"]);
    assert_eq!(keeper.dropped_frames(), 4);
}

#[test]
fn a_camera_that_is_pulled_out_is_tried_again_at_growing_intervals() {
    let fails = (0..8).map(|_| Err(absent()));
    let first = runs([frame(0, 0), Event::Fails(10, Errno::NODEV)]);
    let second = runs([
        frame(28_000, 5),
        frame(28_040, 6),
        Event::Fails(28_050, Errno::IO),
    ]);
    let world = Fake::new([first].into_iter().chain(fails).chain([second]));
    let mut keeper = world.keep(1);
    assert_eq!(step(&mut keeper), "waiting");
    assert_eq!(step(&mut keeper), "lost cam: No such device (os error 19)");
    let mut before = world.clock();
    while world.opened().len() < 10 {
        let said = step(&mut keeper);
        if world.opened().len() < 10 {
            let expected = match world.opened().len() {
                1 => "lost cam: No such device (os error 19)",
                _ => "lost cam: no such camera; there is none",
            };
            assert_eq!(said, expected);
        }
        let took = world.clock() - before;
        assert!(took > Duration::ZERO && took <= PATIENCE, "{took:?}");
        before = world.clock();
    }
    let opened = world.opened();
    let waits: Vec<u64> = opened[1..]
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    assert_eq!(opened[1] - 10, 250);
    assert_eq!(waits, [500, 1000, 2000, 4000, 5000, 5000, 5000, 5000]);
    // It is back: exposure settles again, and the count of frames goes on.
    let back: Vec<_> = std::iter::repeat_with(|| step(&mut keeper))
        .filter(|said| said != "waiting")
        .take(2)
        .collect();
    assert_eq!(back[0], "0:6");
    assert!(
        back[1].starts_with("lost cam: Input/output error"),
        "{back:?}"
    );
    // After a frame the first wait is short again.
    let lost = world.clock();
    while world.opened().len() < 11 {
        step(&mut keeper);
    }
    assert_eq!(world.clock() - lost, Duration::from_millis(250));
    assert_eq!(keeper.dropped_frames(), 0);
}

#[test]
fn a_camera_that_opens_but_gives_nothing_is_tried_ever_more_rarely() {
    let world = Fake::new((0..9).map(|_| runs([Event::Fails(0, Errno::IO)])));
    let mut keeper = world.keep(0);
    while world.opened().len() < 9 {
        assert!(["lost", "wait"].contains(&&step(&mut keeper)[..4]));
    }
    let opened = world.opened();
    let last = opened[8] - opened[7];
    assert_eq!(u128::from(last), LAST_RETRY.as_millis());
}

#[test]
fn a_busy_camera_is_said_to_be_busy_while_it_is_away() {
    let world = Fake::new([runs([Event::Fails(0, Errno::NODEV)]), Err(busy())]);
    let mut keeper = world.keep(0);
    let said = steps(&mut keeper, 3);
    let busy = "lost cam: busy; another program is using the camera";
    assert_eq!(said[2], busy);
    assert!(
        keeper.describe().ends_with("the camera)"),
        "{}",
        keeper.describe()
    );
}

#[test]
fn a_camera_that_falls_silent_is_opened_again() {
    let world = Fake::new([runs([frame(0, 0)]), runs([frame(6000, 0)])]);
    let mut keeper = world.keep(0);
    assert_eq!(step(&mut keeper), "0:0");
    let quiet = STALL.as_millis() / PATIENCE.as_millis();
    let said = steps(&mut keeper, quiet as usize);
    assert_eq!(said.last().unwrap(), "lost cam: no frame for 5 s");
    assert!(said[..said.len() - 1].iter().all(|said| said == "waiting"));
    let back = steps(&mut keeper, 8);
    assert!(back.contains(&"1:0".into()), "{back:?}");
}

#[test]
fn a_caller_or_a_system_that_slept_is_no_silent_camera() {
    let world = Fake::new([runs([frame(0, 0), frame(3_600_300, 1)])]);
    let mut keeper = world.keep(0);
    assert_eq!(step(&mut keeper), "0:0");
    world.pass(Duration::from_secs(3600));
    assert_eq!(steps(&mut keeper, 2), ["waiting", "1:1"]);
}

#[test]
fn a_bad_buffer_is_one_bad_frame_with_both_sizes() {
    let short = Event::Frame(10, 1, vec![9; 4]);
    let world = Fake::new([runs([frame(0, 0), short.clone(), frame(600, 2)])]);
    let mut keeper = world.keep(0);
    assert_eq!(step(&mut keeper), "0:0");
    assert_eq!(step(&mut keeper), "cam: frame 1 ends after 4 of 6 bytes");
    let rest = steps(&mut keeper, 3);
    assert_eq!(rest, ["waiting", "waiting", "2:2"]);

    let world = Fake::new([runs([Event::Damaged(0, 0), frame(300, 1)])]);
    let mut keeper = world.keep(0);
    assert_eq!(
        step(&mut keeper),
        "cam: frame 0: the driver marks its 6 bytes as damaged; expected a whole frame"
    );
    assert_eq!(steps(&mut keeper, 2), ["waiting", "1:1"]);

    let empty = vec![Event::Frame(0, 0, Vec::new())];
    let world = Fake::new([Ok((jpeg(), empty))]);
    assert_eq!(
        step(&mut world.keep(0)),
        "cam: frame 0: no bytes; expected a JPEG"
    );
}

#[test]
fn another_camera_under_the_name_is_taken_as_it_is() {
    let grey = Layout {
        format: PixelFormat::Grey,
        size: (3, 2),
        stride: 4,
        len: Some(8),
        ..layout()
    };
    let frames = vec![Event::Frame(300, 0, vec![5; 10])];
    let world = Fake::new([runs([Event::Fails(0, Errno::NODEV)]), Ok((grey, frames))]);
    let mut keeper = world.keep(0);
    assert_eq!(keeper.describe(), "v4l2:cam (2x1 rgb24, 25 fps, live)");
    steps(&mut keeper, 3);
    let mut size = None;
    keeper
        .next(&mut |frame| {
            let picture = frame.picture;
            size = Some((
                picture.width(),
                picture.height(),
                picture.stride(),
                picture.bytes().len(),
            ));
        })
        .unwrap();
    assert_eq!(size, Some((3, 2, 4, 8)));
    assert_eq!(keeper.describe(), "v4l2:cam (3x2 grey, 25 fps, live)");
}

#[test]
fn the_first_opening_fails_at_once_unless_the_camera_is_waited_for() {
    let open = |wait| Keeper::open(Fake::new([Err(busy())]), "cam".into(), 0, wait);
    assert!(matches!(open(false).err(), Some(SourceError::Busy { .. })));
    let mut keeper = open(true).unwrap();
    assert!(step(&mut keeper).starts_with("lost cam: busy"));
}

proptest! {
    /// Whatever a camera does: no panic, no long call, numbers that grow, and each gap is counted.
    #[test]
    fn any_camera_is_kept(
        openings in prop::collection::vec(
            prop::option::of(prop::collection::vec((0..4_u8, 0..400_u64, any::<u32>(), 0..9_usize), 0..12)),
            0..6,
        ),
        settle in 0..3_u32,
    ) {
        let mut clock = 0;
        let openings = openings.into_iter().map(|events| {
            let events = events.ok_or_else(absent)?;
            let events = events.into_iter().map(|(kind, wait, number, len)| {
                clock += wait;
                match kind {
                    0 => Event::Damaged(clock, number),
                    1 if len == 0 => Event::Fails(clock, Errno::IO),
                    1 => Event::Signal(clock),
                    2 => frame(clock, number % 20),
                    _ => Event::Frame(clock, number, vec![0; len]),
                }
            });
            Ok((layout(), events.collect()))
        });
        let world = Fake::new(openings.collect::<Vec<_>>());
        let mut keeper = Keeper::open(world.clone(), "cam".into(), settle, true).unwrap();
        let mut last = None;
        for _ in 0..60 {
            let before = world.clock();
            let mut id = None;
            let next = keeper.next(&mut |frame| id = Some(frame.id));
            prop_assert_eq!(matches!(next, Ok(Next::Frame)), id.is_some());
            prop_assert!(world.clock() - before <= PATIENCE);
            if let Some(id) = id {
                prop_assert!(last.is_none_or(|last| last < id));
                last = Some(id);
                prop_assert!(keeper.dropped_frames() <= id);
            }
        }
    }
}
