use normgate_protocol::{Limits, ModelHash, Software};

/// What the microcontroller is.
#[derive(Debug, Clone, PartialEq)]
pub struct McuConfig {
    /// Labels whose text it keeps.
    pub labels: u16,
    /// Version of its firmware.
    pub software: Software,
    /// What it asks for.
    pub limits: Limits,
    /// The only model that it serves; none serves any.
    pub model: Option<ModelHash>,
    /// Its uptime at 0 ms of the driver's clock, ms.
    pub uptime_ms: u32,
}

impl McuConfig {
    /// Keeps 16 labels, serves any model, wants `limits`.
    pub const fn new(limits: Limits) -> Self {
        Self {
            labels: 16,
            software: Software {
                major: 1,
                minor: 0,
                patch: 0,
            },
            limits,
            model: None,
            uptime_ms: 0,
        }
    }
}
