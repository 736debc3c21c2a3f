//! Where frames come from: URIs, files, streams of bytes, and a slow consumer.

use normgate::frame::{Frame, Truth};
use normgate::source::{self, Source, SourceError};

/// Image files and the samples in the program.
mod files;

/// Raw and Y4M video.
mod video;

/// The newest frame wins.
mod newest;

/// Everything a source yields up to its end, errors as their messages.
fn drain(source: &mut dyn Source) -> Vec<Result<Frame, String>> {
    let mut items = Vec::new();
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => items.push(Ok(frame)),
            Ok(None) => {
                assert!(
                    matches!(source.next_frame(), Ok(None)),
                    "an end is for ever"
                );
                return items;
            }
            Err(error) => {
                let message = error.to_string();
                assert_eq!(message.lines().count(), 1, "{message}");
                items.push(Err(message));
                if error.is_fatal() {
                    assert!(matches!(source.next_frame(), Ok(None)), "dead is for ever");
                    return items;
                }
            }
        }
    }
}

/// The refusal of a URI, checked to be one line.
fn refusal(uri: &str) -> String {
    let error = source::open(uri).err().expect("must be refused");
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
                "unknown source `{uri}`; expected demo:, dir:PATH or - \
                 (raw or Y4M video on standard input)"
            )
        );
    }
}

#[test]
fn a_wrong_option_is_refused_with_what_would_be_taken() {
    for (uri, reason) in [
        ("-?sise=3", "no option `sise`; expected size, format, live"),
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
fn class(frame: &Frame) -> Option<&str> {
    match frame.truth.as_ref()? {
        Truth::Class(name) => Some(name),
        Truth::Unknown => Some("(unknown)"),
    }
}

/// A frame of one pixel for tests that only look at the order.
fn tiny(id: u64) -> Frame {
    Frame::new(id, format!("frame {id}"), 1, 1, vec![0; 3]).unwrap()
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
