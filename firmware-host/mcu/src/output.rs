use core::fmt;

/// What the gate is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// The value that does no harm.
    Safe,
    /// What belongs to this class.
    Class(u16),
}

/// Which pin of the gate is driven. There is no value for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pins {
    /// Neither: the value that does no harm.
    Safe,
    /// A class that opens the gate.
    Open,
    /// A class that does not.
    Closed,
}

impl Output {
    /// The pin that belongs to it, where these classes open the gate and all others close it; none says that every class
    /// opens it.
    pub fn pins(self, opens: Option<&[u16]>) -> Pins {
        match (self, opens) {
            (Self::Safe, _) => Pins::Safe,
            (Self::Class(class), Some(opens)) if !opens.contains(&class) => Pins::Closed,
            (Self::Class(_), _) => Pins::Open,
        }
    }
}

impl fmt::Display for Pins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Safe => "safe",
            Self::Open => "open",
            Self::Closed => "closed",
        })
    }
}
