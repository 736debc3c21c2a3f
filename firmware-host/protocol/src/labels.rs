use heapless::{String, Vec};
use thiserror::Error;

use crate::message::label::{LABEL_BYTES, LabelPieceRepr, PIECE_BYTES};

/// A label's text, at most 64 bytes.
pub type LabelText = String<LABEL_BYTES>;

/// The start of a label that fits on the wire: at most 64 bytes, cut between characters.
pub fn clip(label: &str) -> &str {
    label
        .get(..label.floor_char_boundary(LABEL_BYTES))
        .unwrap_or(label)
}

/// The pieces of a label, one or two; a label of more than 64 bytes is clipped. None if the label is empty.
pub fn pieces(index: u16, label: &str) -> impl Iterator<Item = LabelPieceRepr> {
    let bytes = clip(label).as_bytes();
    bytes
        .chunks(PIECE_BYTES)
        .zip(0_u8..)
        .map(move |(text, number)| {
            let offset = number * PIECE_BYTES as u8;
            LabelPieceRepr {
                index,
                offset,
                last: usize::from(offset) + text.len() == bytes.len(),
                text: Vec::from_slice(text).unwrap_or_default(),
            }
        })
}

/// A label that has arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Which label, less than 4096.
    pub index: u16,
    /// Its text: 1 to 64 bytes, no control characters.
    pub text: LabelText,
}

/// Why a piece does not make a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LabelError {
    /// The piece does not follow the one before.
    #[error("a piece of label {index} at {offset}: the label before it is not there")]
    Gap {
        /// The piece's label.
        index: u16,
        /// Where the piece begins, in bytes.
        offset: u8,
    },
    /// The label is not UTF-8.
    #[error("label {index} is not UTF-8")]
    NotUtf8 {
        /// Which label.
        index: u16,
    },
    /// The label has a control character.
    #[error("label {index} has a control character")]
    Control {
        /// Which label.
        index: u16,
    },
}

/// Puts pieces together, one label at a time.
#[derive(Debug, Clone, Default)]
pub struct Assembler {
    index: u16,
    bytes: Vec<u8, LABEL_BYTES>,
}

impl Assembler {
    /// An assembler that has seen nothing.
    pub const fn new() -> Self {
        Self {
            index: 0,
            bytes: Vec::new(),
        }
    }

    /// Takes a piece; gives the label if the piece ends it. A piece at offset 0 begins a label, whatever was there.
    ///
    /// # Errors
    /// The piece does not follow, or the label is not to be shown. What was there is forgotten then.
    pub fn push(&mut self, piece: &LabelPieceRepr) -> Result<Option<Label>, LabelError> {
        let index = piece.index;
        let gap = LabelError::Gap {
            index,
            offset: piece.offset,
        };
        if piece.offset == 0 {
            self.bytes.clear();
            self.index = index;
        }
        let follows = index == self.index && usize::from(piece.offset) == self.bytes.len();
        if !follows || self.bytes.extend_from_slice(&piece.text).is_err() {
            self.bytes.clear();
            return Err(gap);
        }
        if !piece.last {
            return Ok(None);
        }
        let bytes = core::mem::take(&mut self.bytes);
        let text = String::from_utf8(bytes).map_err(|_| LabelError::NotUtf8 { index })?;
        if text.chars().any(char::is_control) {
            return Err(LabelError::Control { index });
        }
        Ok(Some(Label { index, text }))
    }
}
