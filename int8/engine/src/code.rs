//! The 8-bit codes of activations: unsigned or signed, held as bytes either way.

/// How a byte of activation is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// 0 to 255.
    U8,
    /// -128 to 127.
    S8,
}

impl Code {
    /// The least and the greatest code.
    pub fn range(self) -> (i32, i32) {
        match self {
            Code::U8 => (0, 255),
            Code::S8 => (-128, 127),
        }
    }

    /// What is added to a code to make it unsigned.
    pub fn offset(self) -> i32 {
        -self.range().0
    }

    /// The bit that makes a byte unsigned.
    pub fn flip(self) -> u8 {
        match self {
            Code::U8 => 0,
            Code::S8 => 0x80,
        }
    }
}
