use super::stroke::{Glyph, Stroke, dot, g, h, l, v};

/// A letter of Latin-1 that is another letter with something on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Composed {
    /// The letter below, by its code.
    pub(super) base: u8,
    /// What it carries, drawn around x = 0.
    pub(super) accent: &'static [Stroke],
}

const GRAVE: &[Stroke] = &[l(-5, 0, 0, 4)];
const ACUTE: &[Stroke] = &[l(5, 0, 0, 4)];
const CIRCUMFLEX: &[Stroke] = &[l(-6, 4, 0, 0), l(0, 0, 6, 4)];
const TILDE: &[Stroke] = &[
    v(-8, 4, -4, 0),
    h(-4, 0, 0, 2),
    v(0, 2, 4, 4),
    h(4, 4, 8, 0),
];
const DIAERESIS: &[Stroke] = &[dot(-6, 0), dot(6, 0)];
const RING: &[Stroke] = &[h(0, 0, 4, 4), v(4, 4, 0, 8), h(0, 8, -4, 4), v(-4, 4, 0, 0)];
const CEDILLA: &[Stroke] = &[l(1, 41, 0, 45), h(0, 45, 4, 48), v(4, 48, -4, 52)];

/// The parts of a code from 0xC0 to 0xFF that is composed. Capitals and small letters lie 0x20 apart.
pub(super) fn composed(code: u8) -> Option<Composed> {
    let small = code >= 0xE0;
    let (base, accent) = match code | 0x20 {
        0xE0 => (b'a', GRAVE),
        0xE1 => (b'a', ACUTE),
        0xE2 => (b'a', CIRCUMFLEX),
        0xE3 => (b'a', TILDE),
        0xE4 => (b'a', DIAERESIS),
        0xE5 => (b'a', RING),
        0xE7 => (b'c', CEDILLA),
        0xE8 => (b'e', GRAVE),
        0xE9 => (b'e', ACUTE),
        0xEA => (b'e', CIRCUMFLEX),
        0xEB => (b'e', DIAERESIS),
        0xEC => (b'i', GRAVE),
        0xED => (b'i', ACUTE),
        0xEE => (b'i', CIRCUMFLEX),
        0xEF => (b'i', DIAERESIS),
        0xF1 => (b'n', TILDE),
        0xF2 => (b'o', GRAVE),
        0xF3 => (b'o', ACUTE),
        0xF4 => (b'o', CIRCUMFLEX),
        0xF5 => (b'o', TILDE),
        0xF6 => (b'o', DIAERESIS),
        0xF9 => (b'u', GRAVE),
        0xFA => (b'u', ACUTE),
        0xFB => (b'u', CIRCUMFLEX),
        0xFC => (b'u', DIAERESIS),
        0xFD => (b'y', ACUTE),
        0xFF if small => (b'y', DIAERESIS),
        _ => return None,
    };
    let base = if small {
        base
    } else {
        base.to_ascii_uppercase()
    };
    Some(Composed { base, accent })
}

/// The other letters and signs of Latin-1 that are drawn.
pub(super) fn special(code: u8) -> Option<&'static Glyph> {
    Some(match code {
        0xB0 => &DEGREE,
        0xB5 => &MICRO,
        0xB7 => &MIDDLE_DOT,
        0xC6 => &AE_CAPITAL,
        0xD0 => &ETH_CAPITAL,
        0xD7 => &TIMES,
        0xD8 => &O_SLASH_CAPITAL,
        0xDE => &THORN_CAPITAL,
        0xDF => &SHARP_S,
        0xE6 => &AE,
        0xF0 => &ETH,
        0xF8 => &O_SLASH,
        0xFE => &THORN,
        _ => return None,
    })
}

static DEGREE: Glyph = g(
    12,
    &[
        h(6, 0, 12, 6),
        v(12, 6, 6, 12),
        h(6, 12, 0, 6),
        v(0, 6, 6, 0),
    ],
);
static MIDDLE_DOT: Glyph = g(0, &[dot(0, 23)]);
static TIMES: Glyph = g(16, &[l(0, 16, 16, 32), l(16, 16, 0, 32)]);
static MICRO: Glyph = g(
    20,
    &[
        l(0, 12, 0, 52),
        v(0, 30, 10, 40),
        h(10, 40, 20, 30),
        l(20, 12, 20, 40),
    ],
);
static SHARP_S: Glyph = g(
    22,
    &[
        l(0, 40, 0, 10),
        v(0, 10, 10, 0),
        h(10, 0, 20, 9),
        v(20, 9, 11, 18),
        h(11, 18, 22, 29),
        v(22, 29, 9, 40),
    ],
);
static AE: Glyph = g(
    34,
    &[
        v(1, 19, 9, 12),
        h(9, 12, 17, 21),
        l(17, 21, 17, 32),
        l(17, 25, 9, 25),
        h(9, 25, 0, 32),
        v(0, 33, 8, 40),
        h(8, 40, 17, 32),
        v(17, 21, 26, 12),
        h(26, 12, 34, 21),
        l(34, 21, 34, 26),
        l(34, 26, 17, 26),
        v(17, 31, 26, 40),
        h(26, 40, 34, 34),
    ],
);
static AE_CAPITAL: Glyph = g(
    38,
    &[
        l(0, 40, 16, 0),
        l(16, 0, 38, 0),
        l(19, 0, 19, 40),
        l(19, 40, 38, 40),
        l(19, 19, 35, 19),
        l(5, 27, 19, 27),
    ],
);
static O_SLASH: Glyph = g(
    22,
    &[
        h(11, 12, 22, 23),
        l(22, 23, 22, 29),
        v(22, 29, 11, 40),
        h(11, 40, 0, 29),
        l(0, 29, 0, 23),
        v(0, 23, 11, 12),
        l(1, 43, 21, 9),
    ],
);
static O_SLASH_CAPITAL: Glyph = g(
    26,
    &[
        h(13, 0, 26, 13),
        l(26, 13, 26, 27),
        v(26, 27, 13, 40),
        h(13, 40, 0, 27),
        l(0, 27, 0, 13),
        v(0, 13, 13, 0),
        l(3, 41, 23, 0),
    ],
);
static THORN: Glyph = g(
    21,
    &[
        l(0, 0, 0, 52),
        v(0, 23, 10, 12),
        h(10, 12, 21, 23),
        l(21, 23, 21, 29),
        v(21, 29, 10, 40),
        h(10, 40, 0, 29),
    ],
);
static THORN_CAPITAL: Glyph = g(
    22,
    &[
        l(0, 0, 0, 40),
        l(0, 8, 11, 8),
        h(11, 8, 22, 19),
        v(22, 19, 11, 30),
        l(11, 30, 0, 30),
    ],
);
static ETH: Glyph = g(
    22,
    &[
        h(11, 14, 22, 25),
        l(22, 25, 22, 29),
        v(22, 29, 11, 40),
        h(11, 40, 0, 29),
        l(0, 29, 0, 25),
        v(0, 25, 11, 14),
        l(7, 0, 19, 12),
        l(19, 12, 22, 26),
        l(6, 10, 19, 2),
    ],
);
static ETH_CAPITAL: Glyph = g(
    28,
    &[
        l(3, 0, 3, 40),
        l(3, 0, 14, 0),
        h(14, 0, 28, 14),
        l(28, 14, 28, 26),
        v(28, 26, 14, 40),
        l(14, 40, 3, 40),
        l(0, 19, 14, 19),
    ],
);
