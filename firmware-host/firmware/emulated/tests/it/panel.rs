//! The picture that the firmware draws, read from the board's memory, against the one that this machine draws.

use std::thread::sleep;
use std::time::Duration;

use embedded_graphics::framebuffer::{Framebuffer, buffer_size};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::pixelcolor::raw::{LittleEndian, RawU1};
use normgate_link::SerialSink;
use normgate_panel::{Reading, State, draw};

use crate::bench::{Bench, CLOSING, OPENING, panel_image, report};

const WIDTH: usize = 128;
const HEIGHT: usize = 64;
const BYTES: usize = buffer_size::<BinaryColor>(WIDTH, HEIGHT);
/// The variable of the firmware that is the picture.
const PICTURE: &str = "local_idle_canvas";
/// Number of the frame that is told of.
const FRAME: u64 = 1234;

fn picture(reading: &Reading<'_>) -> Vec<u8> {
    let mut canvas = Framebuffer::<BinaryColor, RawU1, LittleEndian, WIDTH, HEIGHT, BYTES>::new();
    draw(&mut canvas, reading).unwrap();
    canvas.data().to_vec()
}

fn of_frame(state: State<'_>) -> Vec<u8> {
    picture(&Reading {
        state,
        frame: Some(FRAME),
        fps: None,
    })
}

fn shown(bench: &mut Bench) -> Vec<u8> {
    let (address, size) = bench.image().symbol(PICTURE).unwrap();
    assert_eq!(size, BYTES as u64);
    bench.memory(address as u32, BYTES).unwrap()
}

/// Waits until the board shows one of these pictures, while a class is told or nothing is.
fn shows(bench: &mut Bench, what: &str, one_of: &[Vec<u8>], mut tell: impl FnMut()) {
    for _ in 0..5000 {
        tell();
        sleep(Duration::from_millis(10));
        if one_of.contains(&shown(bench)) {
            return;
        }
    }
    panic!("{what} is not shown");
}

#[test]
fn the_board_draws_what_the_host_draws() {
    let mut bench = Bench::of(&panel_image());
    let lost: Vec<_> = (0..600)
        .map(|seconds| {
            picture(
                &State::LinkLost {
                    silent_ms: 1000 * seconds,
                }
                .reading(),
            )
        })
        .collect();
    assert_ne!(lost[1], lost[2]);
    shows(&mut bench, "a lost link", &lost[1..], || {});
    let sink: SerialSink = bench.sink();
    let hold = [picture(&State::Hold.reading())];
    shows(&mut bench, "hold", &hold, || {});
    for (class, label) in [(OPENING, "label 1"), (CLOSING, "label 2")] {
        let known = State::Known {
            label,
            score: 7.5,
            threshold: 6.25,
        };
        let tell = || {
            sink.offer(&report(FRAME, class));
        };
        shows(&mut bench, label, &[of_frame(known)], tell);
    }
    let unknown = State::Unknown {
        nearest: None,
        score: Some(5.0),
        threshold: Some(6.25),
    };
    let tell = || {
        sink.offer(&report(FRAME, None));
    };
    shows(&mut bench, "unknown", &[of_frame(unknown)], tell);
    shows(&mut bench, "hold", &hold, || {});
    drop(sink);
    shows(&mut bench, "a lost link", &lost[..5], || {});
    bench.finish();
}
