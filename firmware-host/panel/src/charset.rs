//! A character is a byte: Latin-1, with the panel's own signs where Latin-1 has controls.

use crate::font;

/// Three dots: the rest did not fit.
pub(crate) const ELLIPSIS: u8 = 0x80;
/// Greater or equal.
pub(crate) const AT_LEAST: u8 = 0x81;
/// A tick.
pub(crate) const TICK: u8 = 0x82;
/// Two upright bars.
pub(crate) const PAUSE: u8 = 0x83;

/// The code of a character; `?` for one that no font here has.
pub(crate) fn code(character: char) -> u8 {
    match character {
        ' '..='~' => character as u8,
        '\0'..='\x1F'
        | '\x7F'..='\u{A0}'
        | '\u{2000}'..='\u{200A}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{3000}' => b' ',
        '\u{AD}' | '‐'..='―' | '−' => b'-',
        '‘' | '’' => b'\'',
        '“' | '”' => b'"',
        '…' => ELLIPSIS,
        '≥' => AT_LEAST,
        '¡'..='ÿ' if font::draws(character as u8) => character as u8,
        _ => b'?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_kept() {
        for (character, expected) in [
            ('a', b'a'),
            ('é', 0xE9),
            ('ß', 0xDF),
            ('…', ELLIPSIS),
            ('≥', AT_LEAST),
        ] {
            assert_eq!(code(character), expected);
        }
    }

    #[test]
    fn what_is_not_becomes_a_question_mark_or_its_like() {
        for (character, expected) in [
            ('猫', b'?'),
            ('¤', b'?'),
            ('\u{301}', b'?'),
            ('’', b'\''),
            ('—', b'-'),
            ('\t', b' '),
        ] {
            assert_eq!(code(character), expected);
        }
    }

    #[test]
    fn no_character_gives_a_code_without_a_glyph() {
        for character in '\0'..=char::MAX {
            assert!(font::draws(code(character)), "{character:?}");
        }
    }
}
