/// What the panel shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading<'a> {
    /// The verdict, or why there is none.
    pub state: State<'a>,
    /// The frame's number; shown where there is room.
    pub frame: Option<u64>,
    /// Frames a second; shown where there is room.
    pub fps: Option<f32>,
}

/// The verdict, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum State<'a> {
    /// The frame is of a class.
    Known {
        /// The class, in any language; what the panel's alphabet lacks (all but Latin-1) becomes `?`.
        label: &'a str,
        /// The gate's score.
        score: f32,
        /// The gate's threshold.
        threshold: f32,
    },
    /// The frame is of no class.
    Unknown {
        /// The class of the largest logit.
        nearest: Option<&'a str>,
        /// The gate's score; none if the frame could not be scored.
        score: Option<f32>,
        /// The gate's threshold.
        threshold: Option<f32>,
    },
    /// There is a link, but no verdict to show yet.
    Hold,
    /// Nothing comes any more from where verdicts come from.
    LinkLost {
        /// Milliseconds since the last sign of life.
        silent_ms: u32,
    },
}

impl<'a> State<'a> {
    /// The state alone, without a frame's number and rate.
    pub const fn reading(self) -> Reading<'a> {
        Reading {
            state: self,
            frame: None,
            fps: None,
        }
    }
}
