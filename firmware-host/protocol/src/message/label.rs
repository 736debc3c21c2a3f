use heapless::Vec;

use crate::bytes::{take, u16_at};
use crate::error::BodyError;
use crate::limits::LABELS_MAX;

/// Bytes of the longest label on the wire. A host cuts longer ones with [`crate::labels::clip`].
pub const LABEL_BYTES: usize = 64;

/// Bytes of a label that one packet carries at most.
pub const PIECE_BYTES: usize = 32;

/// Bytes of the shortest label piece's body: one byte of text.
pub const LABEL_PIECE_LEN_MIN: usize = TEXT + 1;

/// Bytes of the longest label piece's body.
pub const LABEL_PIECE_LEN_MAX: usize = TEXT + PIECE_BYTES;

const TEXT: usize = 4;
const LAST: u8 = 1;

/// The bytes of a label piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelPieceView<'a> {
    head: &'a [u8; TEXT],
    text: &'a [u8],
}

impl<'a> LabelPieceView<'a> {
    /// Over the bytes of a body.
    ///
    /// # Errors
    /// Unless there are 5 to 36.
    pub fn new(body: &'a [u8]) -> Result<Self, BodyError> {
        match body.split_first_chunk() {
            Some((head, text)) if (1..=PIECE_BYTES).contains(&text.len()) => {
                Ok(Self { head, text })
            }
            _ => {
                let expected = body.len().clamp(LABEL_PIECE_LEN_MIN, LABEL_PIECE_LEN_MAX);
                Err(BodyError::Length {
                    found: body.len(),
                    expected,
                })
            }
        }
    }

    /// Which label.
    pub const fn index(&self) -> u16 {
        u16_at::<0, TEXT>(self.head)
    }

    /// Where in the label the text begins, in bytes.
    pub const fn offset(&self) -> u8 {
        take::<2, 1, TEXT>(self.head)[0]
    }

    /// Bit 0: the label ends with this piece.
    pub const fn flags(&self) -> u8 {
        take::<3, 1, TEXT>(self.head)[0]
    }

    /// The text, 1 to 32 bytes; a character may be cut at either end.
    pub const fn text(&self) -> &'a [u8] {
        self.text
    }
}

/// A piece of a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LabelPieceRepr {
    /// Which label, less than 4096.
    pub index: u16,
    /// Where in the label the text begins, in bytes: `offset + text.len() <= 64`.
    pub offset: u8,
    /// Whether the label ends with this piece.
    pub last: bool,
    /// Bytes of the label in UTF-8, 1 to 32; a character may be cut at either end.
    pub text: Vec<u8, PIECE_BYTES>,
}

impl LabelPieceRepr {
    /// Reads a label piece.
    ///
    /// # Errors
    /// An index or an end beyond the largest; flags that do not exist.
    pub fn parse(view: &LabelPieceView<'_>) -> Result<Self, BodyError> {
        if view.flags() & !LAST != 0 {
            return Err(BodyError::Reserved);
        }
        let (offset, len) = (view.offset(), view.text().len());
        let piece = Self {
            index: view.index(),
            offset,
            last: view.flags() & LAST != 0,
            text: Vec::from_slice(view.text())
                .map_err(|_| BodyError::LabelPiece { offset, len })?,
        };
        piece.check()?;
        Ok(piece)
    }

    /// Writes a label piece.
    ///
    /// # Errors
    /// An index or an end beyond the largest; no text.
    pub fn emit(&self) -> Result<Vec<u8, LABEL_PIECE_LEN_MAX>, BodyError> {
        self.check()?;
        let too_long = BodyError::LabelPiece {
            offset: self.offset,
            len: self.text.len(),
        };
        let [low, high] = self.index.to_le_bytes();
        let mut body = Vec::from_array([low, high, self.offset, u8::from(self.last) * LAST]);
        body.extend_from_slice(&self.text).map_err(|_| too_long)?;
        Ok(body)
    }

    fn check(&self) -> Result<(), BodyError> {
        if self.index >= LABELS_MAX {
            return Err(BodyError::LabelIndex { found: self.index });
        }
        let (offset, len) = (self.offset, self.text.len());
        if len == 0 || usize::from(offset) + len > LABEL_BYTES {
            return Err(BodyError::LabelPiece { offset, len });
        }
        Ok(())
    }
}
