use normgate_core::Drift;

/// What the drift test says after a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftState {
    /// The share of the evidence that makes an alarm, in [0, 1).
    pub evidence: f64,
    /// The last alarm, for as long as it stands.
    pub alarm: Option<Drift>,
}

/// What an alarm means, for a person.
pub(crate) fn explained(drift: Drift) -> &'static str {
    match drift {
        Drift::Falling => "frames look less like the calibration images",
        Drift::Rising => "frames are more alike than the calibration images",
    }
}
