//! Where frames come from: URIs, files, streams of bytes, and a slow consumer.

use normgate_frame::{OwnedFrame, Truth};
use normgate_source::{Next, Source, SourceError, open};

/// Cameras that are not there.
mod camera;

/// Image files and the samples in the program.
mod files;

/// JPEGs one after the other.
mod mjpeg;

/// Video at the pace of a camera, and from its start again.
mod paced;

/// Standard input, through the example program.
mod stdin;

/// Raw and Y4M video.
mod video;

/// A source read on a thread of its own.
mod threaded;

/// What the next call that has something to say comes to: a frame, the end, or an error.
fn next(source: &mut dyn Source) -> Result<Option<OwnedFrame>, SourceError> {
    loop {
        let mut shown = None;
        match source.next(&mut |frame| shown = Some(OwnedFrame::from(frame)))? {
            Next::Frame => return Ok(Some(shown.expect("a frame is shown"))),
            Next::End => {
                assert!(shown.is_none());
                return Ok(None);
            }
            Next::Waiting | Next::Lost { .. } => assert!(shown.is_none()),
        }
    }
}

/// Everything a source yields up to its end, errors as their messages.
fn drain(source: &mut dyn Source) -> Vec<Result<OwnedFrame, String>> {
    let mut items = Vec::new();
    loop {
        match next(source) {
            Ok(Some(frame)) => items.push(Ok(frame)),
            Ok(None) => {
                assert!(matches!(next(source), Ok(None)), "an end is for ever");
                return items;
            }
            Err(error) => {
                let message = error.to_string();
                assert_eq!(message.lines().count(), 1, "{message}");
                items.push(Err(message));
                if error.is_fatal() {
                    assert!(matches!(next(source), Ok(None)), "dead is for ever");
                    return items;
                }
            }
        }
    }
}

/// A frame's pixels.
fn rgb(frame: &OwnedFrame) -> Vec<u8> {
    let mut rgb = Vec::new();
    frame.view().picture.to_rgb(&mut rgb).unwrap();
    rgb
}

/// The refusal of a URI, checked to be one line.
fn refusal(uri: &str) -> String {
    let error = open(uri).err().expect("must be refused");
    assert!(error.is_fatal());
    let message = error.to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

#[test]
fn an_unknown_source_is_refused_with_those_that_exist() {
    for uri in ["", "photos", "rtsp://x", "-x", "demo", "Dir:."] {
        assert_eq!(
            refusal(uri),
            format!(
                "unknown source `{uri}`; expected demo:, dir:PATH, file:PATH, v4l2:DEVICE or - \
                 (video on standard input)"
            )
        );
    }
}

#[test]
fn a_wrong_option_is_refused_with_what_would_be_taken() {
    for (uri, reason) in [
        (
            "-?sise=3",
            "no option `sise`; expected size, format, matrix, range, live",
        ),
        ("-?size", "`size`; expected option=value"),
        ("-?live=no&live=no", "`live` given twice; expected it once"),
        ("-?live=maybe", "live=maybe; expected live=yes or live=no"),
        (
            "-?size=3x4",
            "half a raw video; expected size=WxH and format=FORMAT",
        ),
        (
            "-?format=grey",
            "half a raw video; expected size=WxH and format=FORMAT",
        ),
        (
            "-?size=3&format=grey",
            "size=3; expected size=WxH in pixels, as size=640x480",
        ),
        (
            "-?size=-3x4&format=grey",
            "size=-3x4; expected size=WxH in pixels",
        ),
        (
            "-?size=3x4&format=bgr",
            "format=bgr; expected one of rgb24, grey, yuyv, nv12, i420",
        ),
        ("-?size=0x4&format=grey", "a frame of 0x4 pixels"),
        (
            "-?size=4294967295x4294967295&format=grey",
            "expected at least 1x1 and at most",
        ),
        (
            "-?matrix=bt2020",
            "matrix=bt2020; expected matrix=bt601 or matrix=bt709",
        ),
        (
            "-?range=pc",
            "range=pc; expected range=limited or range=full",
        ),
        ("-?range=full", "half a raw video"),
        ("file:x?fps=0", "fps=0; expected fps=0.001 to fps=1000"),
        ("file:x?fps=NaN", "fps=NaN; expected"),
        (
            "file:x?fps=5&live=no",
            "live=no with fps; expected one of them",
        ),
        ("file:x?loop=3", "loop=3; expected loop=yes or loop=no"),
        ("v4l2:", "no device; expected a device, as v4l2:/dev/video0"),
        ("v4l2:?fps=3", "no device; expected a device"),
        (
            "v4l2:x?format=bgr",
            "format=bgr; expected one of yuyv, nv12, i420, rgb24, mjpeg, grey, auto",
        ),
        ("v4l2:x?size=0x3", "a frame of 0x3 pixels"),
        (
            "v4l2:x?buffers=1",
            "buffers=1; expected buffers=2 to buffers=32",
        ),
        (
            "v4l2:x?settle=-1",
            "settle=-1; expected settle=0 to settle=1000",
        ),
        ("v4l2:x?fps=0", "fps=0; expected fps=1 to fps=1000"),
        (
            "v4l2:x?wait=no&x=",
            "no option `x`; expected size, format, fps, settle",
        ),
        ("demo:x", "`x`; expected nothing or ?option=value"),
        ("demo:?hold=0", "hold=0; expected hold=1 to hold=1000"),
    ] {
        let message = refusal(uri);
        assert!(
            message.starts_with(&format!("source `{uri}`: ")),
            "{message}"
        );
        assert!(message.contains(reason), "{message}");
    }
}

/// What a frame says is in it, for comparison.
fn class(frame: &OwnedFrame) -> Option<&str> {
    match frame.truth.as_ref()? {
        Truth::Class(name) => Some(name),
        Truth::Unknown => Some("(unknown)"),
    }
}

/// A frame of one pixel for tests that only look at the order.
fn tiny(id: u64) -> OwnedFrame {
    OwnedFrame::rgb(id, format!("frame {id}"), 1, 1, vec![id as u8; 3]).unwrap()
}

/// An error that is not fatal.
fn bad_frame(id: u64) -> SourceError {
    SourceError::Truncated {
        name: "test".into(),
        id,
        found: 0,
        expected: 3,
    }
}
