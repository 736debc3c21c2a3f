//! The 8-bit codes of activations: unsigned or signed, held as bytes either way.

use tract_onnx::prelude::DatumType;

/// How a byte of activation is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    U8,
    S8,
}

impl Code {
    pub(crate) fn of(datum_type: DatumType) -> Option<Code> {
        match datum_type {
            DatumType::U8 => Some(Code::U8),
            DatumType::I8 => Some(Code::S8),
            _ => None,
        }
    }

    pub(crate) fn datum_type(self) -> DatumType {
        match self {
            Code::U8 => DatumType::U8,
            Code::S8 => DatumType::I8,
        }
    }

    /// The least and the greatest code.
    pub(crate) fn range(self) -> (i32, i32) {
        match self {
            Code::U8 => (0, 255),
            Code::S8 => (-128, 127),
        }
    }
}
