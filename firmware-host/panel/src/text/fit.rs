use core::iter::successors;

use super::{Extent, Face, Line};
use crate::charset;

/// Text set in one or two lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) face: Face,
    pub(crate) first: Line,
    pub(crate) second: Option<Line>,
}

/// The room that a block has, in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) w: u16,
    pub(crate) h: u16,
    /// No line is taller.
    pub(crate) tallest: u16,
    /// Text is shortened rather than set smaller.
    pub(crate) smallest: u16,
}

/// Sets text as large as the room allows, in one line or broken into two; none if no face is low enough.
pub(crate) fn fit_block(codes: &[u8], extent: Extent, room: Room) -> Option<Block> {
    let mut face = Face::up_to(room.h.min(room.tallest), extent)?;
    loop {
        if fits(codes, face, room.w) {
            return Some(block(face, codes, None));
        }
        let broken = if holds_two(face, extent, room) {
            best_break(codes, face, room.w)
        } else {
            None
        };
        if let Some((first, second)) = broken {
            return Some(block(face, first, Some(second)));
        }
        match face.smaller() {
            Some(smaller) if smaller.height(extent) >= room.smallest => face = smaller,
            _ => break,
        }
    }
    let broken = if holds_two(face, extent, room) {
        last_break(codes, face, room.w)
    } else {
        None
    };
    let (first, second) = broken.map_or((codes, None), |(first, second)| (first, Some(second)));
    Some(Block {
        face,
        first: shorten(first, face, room.w),
        second: second.map(|second| shorten(second, face, room.w)),
    })
}

/// The line, or its start with an ellipsis; empty where not even that fits.
pub(crate) fn shorten(codes: &[u8], face: Face, w: u16) -> Line {
    if fits(codes, face, w) {
        return Line::of_codes(codes);
    }
    for kept in (0..codes.len().min(Line::MOST)).rev() {
        let mut line = Line::of_codes(without_end(codes.get(..kept).unwrap_or_default()));
        line.push(charset::ELLIPSIS);
        if fits(line.codes(), face, w) {
            return line;
        }
    }
    Line::EMPTY
}

/// Without the spaces and commas at the end.
fn without_end(codes: &[u8]) -> &[u8] {
    let kept = codes.iter().rposition(|code| !b" ,".contains(code));
    let kept = kept.map_or(0, |last| last + 1);
    codes.get(..kept).unwrap_or_default()
}

/// The first of several ways to say something that fits, in a face of `least` pixels or more, or in `largest` itself;
/// else the last one shortened.
pub(crate) fn first_that_fits(forms: &[Line], largest: Face, least: u16, w: u16) -> (Face, Line) {
    let smaller = |face: &Face| {
        face.smaller()
            .filter(|face| face.height(Extent::Full) >= least)
    };
    for form in forms {
        let mut faces = successors(Some(largest), smaller);
        if let Some(face) = faces.find(|face| fits(form.codes(), *face, w)) {
            return (face, *form);
        }
    }
    let smallest = successors(Some(largest), smaller).last().unwrap_or(largest);
    let last = forms
        .last()
        .map_or(Line::EMPTY, |last| shorten(last.codes(), smallest, w));
    (smallest, last)
}

fn fits(codes: &[u8], face: Face, w: u16) -> bool {
    codes.len() <= Line::MOST && face.width(codes) <= w
}

fn block(face: Face, first: &[u8], second: Option<&[u8]>) -> Block {
    Block {
        face,
        first: Line::of_codes(first),
        second: second.map(Line::of_codes),
    }
}

fn holds_two(face: Face, extent: Extent, room: Room) -> bool {
    2 * face.height(extent) + face.leading(extent) <= room.h
}

/// Both halves for every place where a line may break.
fn breaks(codes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let places = codes
        .iter()
        .enumerate()
        .filter_map(|(index, code)| match code {
            b' ' => Some((index, index + 1)),
            b'-' | b'_' | b'/' | b',' => Some((index + 1, index + 1)),
            _ => None,
        });
    let halves = places.map(|(end, start)| {
        (
            codes.get(..end).unwrap_or_default().trim_ascii_end(),
            codes.get(start..).unwrap_or_default().trim_ascii_start(),
        )
    });
    halves.filter(|(first, second)| !first.is_empty() && !second.is_empty())
}

/// The most even break of those where both halves fit.
fn best_break(codes: &[u8], face: Face, w: u16) -> Option<(&[u8], &[u8])> {
    let wider = |halves: &(&[u8], &[u8])| face.width(halves.0).max(face.width(halves.1));
    let fit = |(first, second): &(&[u8], &[u8])| fits(first, face, w) && fits(second, face, w);
    breaks(codes).filter(fit).min_by_key(wider)
}

/// The last break whose first half fits.
fn last_break(codes: &[u8], face: Face, w: u16) -> Option<(&[u8], &[u8])> {
    breaks(codes)
        .filter(|(first, _)| fits(first, face, w))
        .last()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: Face = Face::Small(0);

    fn room(w: u16, h: u16) -> Room {
        Room {
            w,
            h,
            tallest: h,
            smallest: 0,
        }
    }

    #[test]
    fn a_line_is_shortened_without_a_space_or_comma_before_the_ellipsis() {
        let cut = |w| shorten(b"cat, dog", SMALLEST, w);
        assert_eq!(cut(31).codes(), b"cat, dog");
        assert_eq!(cut(30).codes(), b"cat, d\x80");
        assert_eq!(cut(26).codes(), b"cat\x80");
        assert_eq!(cut(3).codes(), b"\x80");
        assert_eq!(cut(2).codes(), b"");
    }

    #[test]
    fn two_lines_where_they_are_larger() {
        let fit = |w, h| fit_block(b"golden retriever", Extent::Full, room(w, h)).expect("it fits");
        let wide = fit(300, 30);
        assert!(wide.second.is_none());
        let square = fit(120, 60);
        assert_eq!(square.first.codes(), b"golden");
        assert_eq!(
            square.second.map(|line| line.codes().to_vec()),
            Some(b"retriever".to_vec())
        );
    }

    #[test]
    fn no_face_is_lower_than_six_pixels() {
        assert!(fit_block(b"cat", Extent::Full, room(100, 5)).is_none());
        assert!(fit_block(b"cat", Extent::Full, room(100, 6)).is_some());
    }

    #[test]
    fn a_block_fits_its_room() {
        for w in 1..200 {
            for h in 6..60 {
                let Some(block) = fit_block(b"tabby_cat, Egyptian-cat", Extent::Full, room(w, h))
                else {
                    panic!("{w} x {h}");
                };
                for line in [Some(block.first), block.second].into_iter().flatten() {
                    assert!(block.face.width(line.codes()) <= w);
                }
            }
        }
    }
}
