use normgate_frame::{OwnedFrame, PixelFormat};
use normgate_source::{Next, Source, VideoStream};
use proptest::prelude::*;

use super::drain;
use super::video::Dribble;

/// A JPEG of one colour by another encoder.
fn jpeg(width: u32, height: u32, value: u8) -> Vec<u8> {
    let image = image::RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([value, (x * 7) as u8, (y * 5) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    bytes.into_inner()
}

/// The same with a segment behind its SOI that holds a whole other JPEG, as cameras add thumbnails.
fn with_thumbnail(jpeg: &[u8], thumbnail: &[u8]) -> Vec<u8> {
    let len = (thumbnail.len() + 2) as u16;
    let mut out = jpeg[..2].to_vec();
    out.extend([0xFF, 0xE1]);
    out.extend(len.to_be_bytes());
    out.extend(thumbnail);
    out.extend(&jpeg[2..]);
    out
}

fn read(bytes: &[u8]) -> Vec<Result<OwnedFrame, String>> {
    drain(&mut VideoStream::new(bytes, "test", false))
}

/// The bytes of the frames, errors left out.
fn frames(items: &[Result<OwnedFrame, String>]) -> Vec<&[u8]> {
    let frames = items.iter().flatten();
    frames.map(|frame| frame.view().picture.bytes()).collect()
}

#[test]
fn jpegs_one_after_the_other_are_video() {
    let jpegs: Vec<Vec<u8>> = (0..3).map(|i| jpeg(24, 16, i * 80)).collect();
    let items = read(&jpegs.concat());
    assert_eq!(frames(&items), jpegs);
    for (i, frame) in items.iter().flatten().enumerate() {
        let picture = frame.view().picture;
        assert_eq!((picture.width(), picture.height()), (24, 16));
        assert_eq!(picture.format(), PixelFormat::Jpeg);
        assert_eq!(
            (frame.id, frame.name.as_str()),
            (i as u64, &*format!("frame {i}"))
        );
        let mut rgb = Vec::new();
        picture.to_rgb(&mut rgb).unwrap();
        assert!(rgb[0].abs_diff(i as u8 * 80) < 8, "{}", rgb[0]);
    }
}

#[test]
fn a_thumbnail_is_not_a_frame() {
    let whole = with_thumbnail(&jpeg(24, 16, 9), &jpeg(8, 8, 1));
    let stream = [whole.clone(), whole.clone()].concat();
    assert_eq!(frames(&read(&stream)), [&whole[..], &whole[..]]);
}

#[test]
fn bytes_between_jpegs_are_skipped() {
    let one = jpeg(24, 16, 9);
    let rubbish = b"\r\n--boundary\r\nContent-Type: image/jpeg\r\n\r\n\xFF\xFF\x00\xFF";
    let stream = [&one[..], rubbish, &one, &[0; 100], &one, rubbish].concat();
    let items = read(&stream);
    assert_eq!(items.len(), 3);
    assert_eq!(frames(&items), [&one[..], &one, &one]);
}

#[test]
fn a_truncated_jpeg_is_one_bad_frame_and_the_next_is_whole() {
    let one = jpeg(24, 16, 9);
    let cut = &one[..one.len() - 20];
    let items = read(&[&one[..], cut, &one].concat());
    assert_eq!(frames(&items), [&one[..], &one]);
    let reason = format!("the next JPEG begins after {} bytes of this one", cut.len());
    assert_eq!(items[1], Err(format!("test: frame 1: {reason}")));
    assert_eq!(items[2].as_ref().unwrap().id, 2);

    let items = read(&[&one[..], cut].concat());
    let reason = format!("the stream ends after {} bytes of a JPEG", cut.len());
    assert_eq!(items[1], Err(format!("test: frame 1: {reason}")));
    assert_eq!(items.len(), 2);
}

#[test]
fn a_jpeg_of_another_size_or_none_is_a_bad_frame() {
    let one = jpeg(24, 16, 9);
    let items = read(&[&one[..], &jpeg(8, 8, 1), &one].concat());
    assert_eq!(
        items[1],
        Err("test: frame 1: a JPEG of 8x8 pixels; expected 24x16".into())
    );
    assert_eq!(frames(&items).len(), 2);
    let items = read(b"\xFF\xD8\xFF\xD9");
    assert_eq!(
        items,
        [Err("test: frame 0: a JPEG that states no size".into())]
    );
}

#[test]
fn a_stream_that_is_broken_between_markers_goes_on_at_the_next_jpeg() {
    let one = jpeg(24, 16, 9);
    for (broken, reason) in [
        (
            &b"\xFF\xD8abc"[..],
            "byte 0x61 after 2 bytes of a JPEG; expected a marker",
        ),
        (
            b"\xFF\xD8\xFF\xE0\x00\x01",
            "a segment of 1 bytes in a JPEG; expected 2 or more",
        ),
        (b"\xFF\xD8\xFF\x00", "no marker after 3 bytes of a JPEG"),
    ] {
        let items = read(&[&one[..], broken, &one].concat());
        assert_eq!(items[1], Err(format!("test: frame 1: {reason}")));
        assert_eq!(frames(&items), [&one[..], &one]);
    }
}

#[test]
fn a_jpeg_without_an_end_is_given_up_at_a_limit() {
    // Entropy-coded bytes for ever.
    let start = b"\xFF\xD8\xFF\xDA\x00\x02";
    let endless = [&start[..], &vec![1; (32 << 20) + 1], &jpeg(24, 16, 9)].concat();
    let items = read(&endless);
    assert_eq!(
        items[0],
        Err("test: frame 0: a JPEG of more than 33554432 bytes".into())
    );
    assert_eq!(frames(&items).len(), 1);
}

#[test]
fn a_stream_without_a_jpeg_is_refused() {
    assert_eq!(
        read(b"\xFFabc"),
        [Err(
            "test: byte 0: no JPEG in it; expected JPEGs, or a Y4M header".into()
        )]
    );
    let items = read(&[&jpeg(24, 16, 9)[..], &vec![0; (64 << 20) + 1]].concat());
    assert!(
        items[1]
            .as_ref()
            .unwrap_err()
            .contains("67108864 bytes without a JPEG; expected")
    );
}

#[test]
fn jpegs_lie_where_those_before_them_lay() {
    let stream = jpeg(24, 16, 9).repeat(20);
    let mut video = VideoStream::new(&stream[..], "test", false);
    let mut places = Vec::new();
    while video
        .next(&mut |frame| places.push(frame.picture.bytes().as_ptr() as usize))
        .unwrap()
        == Next::Frame
    {}
    assert_eq!(places.len(), 20);
    assert!(places[1..].iter().all(|place| *place == places[1]));
}

proptest! {
    /// However the bytes come, and however they are damaged: the same frames and errors.
    #[test]
    fn the_pieces_in_which_bytes_come_change_nothing(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize), 0..3),
    ) {
        let mut stream = [jpeg(24, 16, 1), with_thumbnail(&jpeg(24, 16, 2), &jpeg(8, 8, 3)), jpeg(24, 16, 4)].concat();
        for (index, len) in cuts {
            let at = index.index(stream.len());
            let end = stream.len().min(at + len);
            stream.drain(at..end);
        }
        for (index, value) in edits {
            let at = index.index(stream.len().max(1)).min(stream.len() - 1);
            stream[at] = value;
        }
        let show = |items: Vec<Result<OwnedFrame, String>>| {
            let items = items.into_iter();
            items.map(|item| item.map(|frame| frame.view().picture.bytes().to_vec())).collect::<Vec<_>>()
        };
        let whole = show(read(&stream));
        let dribbled = show(drain(&mut VideoStream::new(Dribble(&stream), "test", false)));
        prop_assert_eq!(whole, dribbled);
    }

    /// Any bytes at all: one-line errors, an end, and no panic.
    #[test]
    fn any_bytes_are_borne(
        start in prop::sample::select(vec![&b""[..], b"\xFF\xD8", b"\xFF\xD8\xFF", b"YUV4MPEG2 W4 H2\nFRAME\n"]),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xFF), 0xC0..=0xDF_u8], 0..400),
    ) {
        let stream = [start, &bytes].concat();
        let whole = read(&stream).len();
        prop_assert_eq!(whole, drain(&mut VideoStream::new(Dribble(&stream), "test", false)).len());
    }
}
