use std::io::{self, Read};

use normgate_frame::{ColorSpace, Matrix, OwnedFrame, PixelFormat, Range};
use normgate_source::{Next, RawVideo, Source, VideoStream};
use proptest::prelude::*;

use super::{drain, rgb};

/// Yields one byte a call, as a slow pipe may.
pub(super) struct Dribble<'a>(pub(super) &'a [u8]);

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = out.len().min(1);
        self.0.read(&mut out[..count])
    }
}

/// Fails where its bytes end.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::Error::other("the cable was pulled")),
            count => Ok(count),
        }
    }
}

fn raw(
    width: u32,
    height: u32,
    format: PixelFormat,
    bytes: &[u8],
) -> Vec<Result<OwnedFrame, String>> {
    let video = RawVideo {
        width,
        height,
        format,
        color: ColorSpace::default(),
    };
    drain(&mut VideoStream::raw(bytes, "test", video, false))
}

fn y4m(bytes: &[u8]) -> Vec<Result<OwnedFrame, String>> {
    drain(&mut VideoStream::new(bytes, "test", false))
}

/// Bytes of a frame without padding.
fn frame_len(format: PixelFormat, width: u32, height: u32) -> usize {
    let stride = format.row_len(width);
    format.len(width, height, stride).unwrap().unwrap()
}

/// BT.601 as ITU-R BT.601-7 gives it, in f64, for 8-bit codes.
fn bt601(y: u8, u: u8, v: u8, full: bool) -> [u8; 3] {
    let (black, luma, chroma) = if full {
        (0.0, 255.0, 255.0)
    } else {
        (16.0, 219.0, 224.0)
    };
    let y = (f64::from(y) - black) / luma;
    let cb = (f64::from(u) - 128.0) / chroma;
    let cr = (f64::from(v) - 128.0) / chroma;
    let (red, blue) = (y + 1.402 * cr, y + 1.772 * cb);
    let green = (y - 0.299 * red - 0.114 * blue) / 0.587;
    [red, green, blue].map(|value| (value * 255.0).round().clamp(0.0, 255.0) as u8)
}

/// Where a pixel's Y, U and V lie in a frame's bytes.
fn places(format: PixelFormat, (w, h): (usize, usize), x: usize, y: usize) -> [usize; 3] {
    let half = w.div_ceil(2);
    let (luma, pixels) = (y * w + x, w * h);
    let planes = |stride: usize, rows: usize, x: usize, y: usize| {
        let place = pixels + y * stride + x;
        [luma, place, place + stride * rows]
    };
    match format {
        PixelFormat::I420 => planes(half, h.div_ceil(2), x / 2, y / 2),
        PixelFormat::I422 => planes(half, h, x / 2, y),
        PixelFormat::I444 => planes(w, h, x, y),
        PixelFormat::Nv12 => {
            let place = pixels + (y / 2 * half + x / 2) * 2;
            [luma, place, place + 1]
        }
        PixelFormat::Yuyv => {
            let pair = (y * half + x / 2) * 4;
            [pair + 2 * (x % 2), pair + 1, pair + 3]
        }
        other => panic!("{other:?} has no chroma"),
    }
}

/// The largest difference between a frame and the equation.
fn worst(frame: &OwnedFrame, format: PixelFormat, bytes: &[u8], full: bool) -> u8 {
    let picture = frame.view().picture;
    let size = (picture.width() as usize, picture.height() as usize);
    let mut worst = 0;
    for (i, pixel) in rgb(frame).chunks_exact(3).enumerate() {
        let [y, u, v] = places(format, size, i % size.0, i / size.0).map(|place| bytes[place]);
        for (ours, exact) in pixel.iter().zip(bt601(y, u, v, full)) {
            worst = worst.max(ours.abs_diff(exact));
        }
    }
    worst
}

/// Bytes that reach all codes, the same each time.
fn noise(len: usize) -> Vec<u8> {
    (0..len as u64)
        .map(|i| (i.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8)
        .collect()
}

/// As [`noise`], with the codes of limited range: 16 to 235.
fn limited_noise(len: usize) -> Vec<u8> {
    noise(len).iter().map(|code| 16 + code % 220).collect()
}

#[test]
fn raw_rgb_and_grey_are_taken_as_they_are() {
    let frames = raw(
        2,
        1,
        PixelFormat::Rgb24,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    );
    assert_eq!(frames.len(), 2);
    assert_eq!(rgb(frames[1].as_ref().unwrap()), [7, 8, 9, 10, 11, 12]);
    assert_eq!(frames[1].as_ref().unwrap().name, "frame 1");
    let frames = raw(2, 1, PixelFormat::Grey, &[0, 255]);
    assert_eq!(rgb(frames[0].as_ref().unwrap()), [0, 0, 0, 255, 255, 255]);
}

#[test]
fn every_chroma_layout_follows_bt601_at_even_and_odd_sizes() {
    for format in [
        PixelFormat::Yuyv,
        PixelFormat::Nv12,
        PixelFormat::I420,
        PixelFormat::I422,
        PixelFormat::I444,
    ] {
        for (width, height) in [(64, 48), (33, 17), (2, 2), (1, 1), (5, 1), (1, 6)] {
            let bytes = limited_noise(frame_len(format, width, height));
            let frames = raw(width, height, format, &bytes);
            let worst = worst(frames[0].as_ref().unwrap(), format, &bytes, false);
            assert!(worst <= 2, "{format:?} {width}x{height}: {worst} codes off");
            assert_eq!(frames.len(), 1);
        }
    }
}

/// A stream of two frames by the y4m crate's encoder, and the second frame's bytes.
fn encoded(space: y4m::Colorspace, format: PixelFormat, size: (u32, u32)) -> (Vec<u8>, Vec<u8>) {
    let bytes = limited_noise(frame_len(format, size.0, size.1));
    let (luma, chroma) = bytes.split_at((size.0 * size.1) as usize);
    let (u, v) = chroma.split_at(chroma.len() / 2);
    let mut stream = Vec::new();
    let mut encoder = y4m::encode(size.0 as usize, size.1 as usize, y4m::Ratio::new(30, 1))
        .with_colorspace(space)
        .write_header(&mut stream)
        .unwrap();
    for planes in [[&vec![0; luma.len()][..], u, v], [luma, u, v]] {
        encoder.write_frame(&y4m::Frame::new(planes, None)).unwrap();
    }
    (stream, bytes)
}

#[test]
fn y4m_of_another_encoder_is_read_in_every_colour_space() {
    for (space, format) in [
        (y4m::Colorspace::C420, PixelFormat::I420),
        (y4m::Colorspace::C420jpeg, PixelFormat::I420),
        (y4m::Colorspace::C420mpeg2, PixelFormat::I420),
        (y4m::Colorspace::C420paldv, PixelFormat::I420),
        (y4m::Colorspace::C422, PixelFormat::I422),
        (y4m::Colorspace::C444, PixelFormat::I444),
    ] {
        for size in [(20, 12), (7, 5)] {
            let (stream, bytes) = encoded(space, format, size);
            let frames = y4m(&stream);
            assert_eq!(frames.len(), 2, "{space:?}");
            let frame = frames[1].as_ref().unwrap();
            let picture = frame.view().picture;
            assert_eq!((picture.width(), picture.height()), size);
            assert!(worst(frame, format, &bytes, false) <= 1, "{space:?}");
            let dribbled = drain(&mut VideoStream::new(Dribble(&stream), "test", false));
            assert_eq!(rgb(dribbled[1].as_ref().unwrap()), rgb(frame));
        }
    }
}

#[test]
fn y4m_range_and_mono_and_frame_parameters_are_read() {
    let limited =
        y4m(b"YUV4MPEG2 W2 H1 F30:1 Ip A1:1 Cmono XYSCSS=MONO\nFRAME\n\x10\xEBFRAME Ip\n\xEB\x10");
    assert_eq!(rgb(limited[0].as_ref().unwrap()), [0, 0, 0, 255, 255, 255]);
    assert_eq!(rgb(limited[1].as_ref().unwrap()), [255, 255, 255, 0, 0, 0]);
    let full = y4m(b"YUV4MPEG2 W2 H1 Cmono XCOLORRANGE=FULL\nFRAME\n\x10\xEB");
    assert_eq!(rgb(full[0].as_ref().unwrap()), [16, 16, 16, 235, 235, 235]);

    let bytes = noise(frame_len(PixelFormat::I444, 16, 16));
    let mut stream = b"YUV4MPEG2 W16 H16 C444 XCOLORRANGE=FULL\nFRAME\n".to_vec();
    stream.extend(&bytes);
    let frames = y4m(&stream);
    assert!(worst(frames[0].as_ref().unwrap(), PixelFormat::I444, &bytes, true) <= 1);
}

#[test]
fn a_truncated_last_frame_is_one_bad_frame_and_the_end() {
    let items = raw(2, 1, PixelFormat::Rgb24, &[0; 10]);
    assert_eq!(items.len(), 2);
    assert!(items[0].is_ok());
    assert_eq!(
        items[1],
        Err("test: frame 1 ends after 4 of 6 bytes".into())
    );

    let (stream, _) = encoded(y4m::Colorspace::C420, PixelFormat::I420, (4, 4));
    let items = y4m(&stream[..stream.len() - 1]);
    assert_eq!(
        items[1],
        Err("test: frame 1 ends after 23 of 24 bytes".into())
    );
    let items = y4m(&stream[..stream.len() - 24 - 3]);
    assert_eq!(
        items[1],
        Err("test: frame 1 ends after 0 of 24 bytes".into())
    );
}

#[test]
fn a_stream_that_is_not_what_it_should_be_is_refused_with_the_place() {
    let one = |bytes: &[u8]| {
        let mut items = y4m(bytes);
        assert_eq!(items.len(), 1);
        items.remove(0).unwrap_err()
    };
    assert!(one(b"").contains("byte 0: no bytes; expected a Y4M header line"));
    assert!(one(b"\x89PNG\r\n\x1a\n").contains("`\\x89PNG`; expected a Y4M header line"));
    assert!(one(&[b'Y'; 10_000]).contains("expected a Y4M header line"));
    assert!(one(b"YUV4MPEG2 W2 C420\n").contains("no width or height"));
    assert!(one(b"YUV4MPEG2 W-2 H2\n").contains("`W-2`; expected a number of pixels"));
    assert!(one(b"YUV4MPEG2 W2 H2 C420p10\n").contains("`C420p10`; expected C420, "));
    assert!(one(b"YUV4MPEG2 W99999 H99999\nFRAME\n").contains("99999x99999 pixels"));
    assert!(one(b"YUV4MPEG2 W0 H1\nFRAME\n").contains("0x1 pixels"));

    let items = y4m(b"YUV4MPEG2 W1 H1 Cmono\nFRAME\n\x10FRUME\n\x10");
    assert_eq!(
        items[1],
        Err("test: byte 29: `FRUME`; expected `FRAME` before frame 1".into())
    );
}

#[test]
fn a_stream_that_cannot_be_read_is_dead() {
    let video = RawVideo {
        width: 1,
        height: 1,
        format: PixelFormat::Rgb24,
        color: ColorSpace::default(),
    };
    let items = drain(&mut VideoStream::raw(
        Failing(&[1, 2, 3, 4]),
        "test",
        video,
        true,
    ));
    assert_eq!(items.len(), 2);
    assert_eq!(items[1], Err("test: the cable was pulled".into()));
}

#[test]
fn a_stream_says_what_it_is() {
    let video = RawVideo {
        width: 4,
        height: 3,
        format: PixelFormat::Nv12,
        color: ColorSpace::default(),
    };
    let stream = VideoStream::raw(io::empty(), "standard input", video, true);
    assert!(stream.is_live());
    assert_eq!(stream.describe(), "standard input (4x3 nv12, live)");
}

#[test]
fn colours_of_raw_video_are_as_told() {
    let color = ColorSpace {
        matrix: Matrix::Bt709,
        range: Range::Full,
    };
    let video = RawVideo {
        width: 2,
        height: 1,
        format: PixelFormat::Yuyv,
        color,
    };
    let items = drain(&mut VideoStream::raw(&[9; 4][..], "test", video, false));
    assert_eq!(items[0].as_ref().unwrap().view().picture.color(), color);
}

#[test]
fn a_frame_lies_where_the_one_before_it_lay() {
    let mut stream = b"YUV4MPEG2 W64 H48 C420\n".to_vec();
    for value in 0..20 {
        stream.extend(b"FRAME\n");
        stream.extend(vec![value; 64 * 48 * 3 / 2]);
    }
    let mut video = VideoStream::new(&stream[..], "test", false);
    let mut places = Vec::new();
    while video
        .next(&mut |frame| {
            let bytes = frame.picture.bytes();
            places.push((bytes.as_ptr() as usize, frame.name.as_ptr() as usize));
        })
        .unwrap()
        == Next::Frame
    {}
    assert_eq!(places.len(), 20);
    assert!(
        places[1..].iter().all(|place| *place == places[1]),
        "{places:?}"
    );
}

proptest! {
    /// A damaged stream gives frames of its own size and one-line errors, and it ends.
    #[test]
    fn mutated_y4m_never_panics(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        digits in prop::collection::vec((0..60_usize, b'0'..=b'9'), 0..3),
        keep in any::<prop::sample::Index>(),
    ) {
        let (mut stream, _) = encoded(y4m::Colorspace::C420, PixelFormat::I420, (6, 4));
        for (index, value) in edits {
            let at = index.index(stream.len());
            stream[at] = value;
        }
        for (index, digit) in digits {
            stream[index] = digit;
        }
        stream.truncate(stream.len() - keep.index(stream.len()) / 2);
        for frame in y4m(&stream).iter().flatten() {
            let picture = frame.view().picture;
            let pixels = (picture.width() * picture.height()) as usize;
            prop_assert_eq!(rgb(frame).len(), 3 * pixels);
        }
    }

    /// Whatever the bytes, a raw stream is its whole frames and at most one truncated one.
    #[test]
    fn raw_streams_are_cut_into_frames(
        (width, height) in (1..9_u32, 1..9_u32),
        format in prop::sample::select(PixelFormat::RAW.to_vec()),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let items = raw(width, height, format, &bytes);
        let len = frame_len(format, width, height);
        prop_assert_eq!(items.iter().flatten().count(), bytes.len() / len);
        prop_assert_eq!(items.iter().any(Result::is_err), bytes.len() % len != 0);
    }
}
