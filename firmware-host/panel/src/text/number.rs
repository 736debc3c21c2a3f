use super::Line;
use crate::charset;

/// Appends any number, in at most eight characters.
pub(crate) fn score<const N: usize>(line: &mut Line<N>, number: f32) {
    if number.is_nan() {
        line.push_str("NaN");
        return;
    }
    let size = number.abs();
    let decimals = match size {
        ..10.0 => 3,
        ..100.0 => 2,
        ..10_000.0 => 1,
        _ => 0,
    };
    if size >= 100_000.0 {
        sign(line, number);
        large(line, size);
        return;
    }
    let shown = in_parts(size, 10_u64.pow(decimals));
    if shown > 0 {
        sign(line, number);
    }
    decimal(line, shown, decimals);
}

/// Appends frames a second.
pub(crate) fn fps<const N: usize>(line: &mut Line<N>, rate: f32) {
    match rate {
        0.0..9.95 => decimal(line, in_parts(rate, 10), 1),
        9.95..=999.0 => line.push_u64(in_parts(rate, 1)),
        rate if rate > 999.0 => line.push_str(">999"),
        _ => line.push_str("?"),
    }
    line.push_str(" fps");
}

/// Appends a frame's number; only the last digits of one that is long.
pub(crate) fn frame_id<const N: usize>(line: &mut Line<N>, frame: u64) {
    line.push(b'#');
    if frame < 1_000_000 {
        line.push_u64(frame);
    } else {
        line.push(charset::ELLIPSIS);
        line.push_padded(frame, 6);
    }
}

/// Appends a span of time.
pub(crate) fn duration<const N: usize>(line: &mut Line<N>, milliseconds: u32) {
    let seconds = u64::from(milliseconds / 1000);
    match seconds {
        0..10 => {
            decimal(line, u64::from(milliseconds / 100), 1);
            line.push_str(" s");
        }
        10..60 => {
            line.push_u64(seconds);
            line.push_str(" s");
        }
        60..3600 => {
            line.push_u64(seconds / 60);
            line.push_str(" min ");
            line.push_padded(seconds % 60, 2);
            line.push_str(" s");
        }
        _ => {
            line.push_u64(seconds / 3600);
            line.push_str(" h ");
            line.push_padded(seconds / 60 % 60, 2);
            line.push_str(" min");
        }
    }
}

fn sign<const N: usize>(line: &mut Line<N>, number: f32) {
    if number < 0.0 {
        line.push(b'-');
    }
}

fn decimal<const N: usize>(line: &mut Line<N>, parts: u64, decimals: u32) {
    let whole = 10_u64.pow(decimals).max(1);
    line.push_u64(parts / whole);
    if decimals > 0 {
        line.push(b'.');
        line.push_padded(parts, decimals);
    }
}

/// `size * parts`, rounded: exact, for sizes below 2^23. `core` formats an f32 too, for more flash than this crate's
/// alphabet.
fn in_parts(size: f32, parts: u64) -> u64 {
    let bits = size.to_bits();
    let exponent = (bits >> 23) & 0xFF;
    let mantissa = u64::from(bits & 0x7F_FFFF) | if exponent == 0 { 0 } else { 1 << 23 };
    // size = mantissa / 2^shift
    match 150_u32.saturating_sub(exponent.max(1)) {
        0 => mantissa * parts,
        shift if shift < 64 => (mantissa * parts + (1 << (shift - 1))) >> shift,
        _ => 0,
    }
}

fn large<const N: usize>(line: &mut Line<N>, size: f32) {
    if size.is_infinite() {
        line.push_str("inf");
        return;
    }
    let mut lead = size;
    let mut power = 0;
    while lead >= 10.0 {
        lead /= 10.0;
        power += 1;
    }
    let mut tenths = in_parts(lead, 10);
    if tenths == 100 {
        tenths = 10;
        power += 1;
    }
    decimal(line, tenths, 1);
    line.push(b'e');
    line.push_u64(power);
}

#[cfg(test)]
mod tests {
    extern crate std;

    use proptest::prelude::*;
    use std::string::String;

    use super::*;

    fn said(say: impl Fn(&mut Line)) -> String {
        let mut line = Line::EMPTY;
        say(&mut line);
        line.codes().iter().map(|code| char::from(*code)).collect()
    }

    #[test]
    fn scores() {
        let cases = [
            (0.0, "0.000"),
            (-0.0, "0.000"),
            (-0.0001, "0.000"),
            (0.9996, "1.000"),
            (-1.25, "-1.250"),
            (14.82, "14.82"),
            (99.999, "100.00"),
            (1234.56, "1234.6"),
            (99_999.0, "99999"),
            (100_000.0, "1.0e5"),
            (-9.96e9, "-1.0e10"),
            (f32::MAX, "3.4e38"),
            (f32::MIN_POSITIVE, "0.000"),
            (f32::from_bits(1), "0.000"),
            (f32::NAN, "NaN"),
            (f32::INFINITY, "inf"),
            (f32::NEG_INFINITY, "-inf"),
        ];
        for (number, text) in cases {
            assert_eq!(said(|line| score(line, number)), text, "{number}");
        }
    }

    #[test]
    fn rates() {
        let cases = [
            (0.0, "0.0 fps"),
            (9.94, "9.9 fps"),
            (9.96, "10 fps"),
            (29.97, "30 fps"),
            (999.0, "999 fps"),
            (1e9, ">999 fps"),
            (f32::INFINITY, ">999 fps"),
            (-1.0, "? fps"),
            (f32::NAN, "? fps"),
        ];
        for (rate, text) in cases {
            assert_eq!(said(|line| fps(line, rate)), text, "{rate}");
        }
    }

    #[test]
    fn times_and_frames() {
        let cases = [
            (0, "0.0 s"),
            (9_999, "9.9 s"),
            (59_999, "59 s"),
            (754_000, "12 min 34 s"),
            (3_661_000, "1 h 01 min"),
            (u32::MAX, "1193 h 02 min"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(said(|line| duration(line, milliseconds)), text);
        }
        assert_eq!(said(|line| frame_id(line, 0)), "#0");
        assert_eq!(said(|line| frame_id(line, 999_999)), "#999999");
        assert_eq!(said(|line| frame_id(line, u64::MAX)), "#\u{80}551615");
    }

    proptest! {
        #[test]
        fn a_score_says_the_number(bits: u32) {
            let number = f32::from_bits(bits);
            let text = said(|line| score(line, number));
            prop_assert!(text.len() <= 8, "{text}");
            if number.is_finite() {
                let read: f64 = text.parse().expect("a number");
                let number = f64::from(number);
                let step = match number.abs() {
                    ..10.0 => 0.001,
                    ..100.0 => 0.01,
                    ..10_000.0 => 0.1,
                    ..100_000.0 => 1.0,
                    large => large / 10.0,
                };
                prop_assert!((read - number).abs() <= step * 0.5001, "{number} is {text}");
            }
        }
    }
}
