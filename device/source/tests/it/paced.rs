use std::fs;
use std::time::{Duration, Instant};

use normgate_source::{Next, PATIENCE, open};

use super::{drain, next, refusal};

/// Grey Y4M of one pixel a frame: 0, 1, 2 and so on.
fn y4m(header: &str, frames: u8) -> Vec<u8> {
    let mut stream = format!("YUV4MPEG2 W1 H1 Cmono{header}\n").into_bytes();
    for value in 0..frames {
        stream.extend(b"FRAME\n");
        stream.push(value);
    }
    stream
}

fn saved(bytes: &[u8]) -> (tempfile::NamedTempFile, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let uri = format!("file:{}", file.path().display());
    (file, uri)
}

#[test]
fn a_file_gives_every_frame_and_ends() {
    let (_file, uri) = saved(&y4m("", 5));
    let mut source = open(&uri).unwrap();
    assert!(!source.is_live());
    assert!(
        source.describe().ends_with("(Y4M, 1x1 luma)"),
        "{}",
        source.describe()
    );
    let items = drain(source.as_mut());
    let values: Vec<u8> = items
        .iter()
        .map(|item| item.as_ref().unwrap().view().picture.bytes()[0])
        .collect();
    assert_eq!(values, [0, 1, 2, 3, 4]);
}

#[test]
fn a_file_of_raw_frames_needs_their_layout() {
    let (_file, uri) = saved(&[1, 2, 3, 4]);
    assert!(refusal(&uri).contains("byte 0: `\\x01\\x02\\x03\\x04`; expected a Y4M header line"));
    let mut source = open(&format!("{uri}?size=2x1&format=grey")).unwrap();
    assert_eq!(drain(source.as_mut()).len(), 2);
}

#[test]
fn a_file_that_cannot_be_read_is_refused_at_once() {
    assert!(refusal("file:/nonexistent").contains("/nonexistent: No such file"));
    let folder = tempfile::tempdir().unwrap();
    let message = refusal(&format!("file:{}", folder.path().display()));
    assert!(
        message.contains("not a file; expected Y4M or MJPEG video"),
        "{message}"
    );
}

#[test]
fn a_repeated_file_goes_on_counting() {
    let (_file, uri) = saved(&y4m("", 3));
    let mut source = open(&format!("{uri}?loop=yes")).unwrap();
    for id in 0..10 {
        let frame = next(source.as_mut()).unwrap().unwrap();
        assert_eq!(
            (frame.id, frame.view().picture.bytes()[0]),
            (id, (id % 3) as u8)
        );
    }
    // A file without a frame is not repeated for ever.
    let (_file, uri) = saved(&y4m("", 0));
    assert_eq!(
        drain(open(&format!("{uri}?loop=yes")).unwrap().as_mut()).len(),
        0
    );
}

#[test]
fn a_paced_file_takes_its_time_and_a_late_consumer_misses_frames() {
    let (_file, uri) = saved(&y4m("", 200));
    let mut source = open(&format!("{uri}?fps=50")).unwrap();
    assert!(source.is_live());
    let start = Instant::now();
    let first = next(source.as_mut()).unwrap().unwrap().id;
    assert_eq!(first, 0);
    let mut last = 0;
    while last < 10 {
        last = next(source.as_mut()).unwrap().unwrap().id;
        // Frame N is due N / 50 s after the first, never before.
        assert!(start.elapsed() >= Duration::from_millis(20 * last) - Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(500));
    let late = next(source.as_mut()).unwrap().unwrap().id;
    assert!(late >= last + 25, "{late}");
    assert!(source.dropped_frames() >= 24);
}

#[test]
fn a_slow_pace_is_waited_for_in_short_calls() {
    let (_file, uri) = saved(&y4m(" F1:100", 2));
    let mut source = open(&format!("{uri}?live=yes")).unwrap();
    assert!(
        source.describe().ends_with("at 0.01 fps"),
        "{}",
        source.describe()
    );
    assert_eq!(next(source.as_mut()).unwrap().unwrap().id, 0);
    let start = Instant::now();
    let said = source
        .next(&mut |_| panic!("frame 1 is due in 100 s"))
        .unwrap();
    assert_eq!(said, Next::Waiting);
    assert!(start.elapsed() >= PATIENCE);
    let (_file, uri) = saved(&y4m("", 2));
    let message = refusal(&format!("{uri}?live=yes"));
    assert!(
        message.contains("states no frame rate; expected fps=N"),
        "{message}"
    );
}
