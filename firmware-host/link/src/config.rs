use normgate_protocol::{Judgement, LABELS_MAX, LABELS_MIN, Limits, ModelHash, Policy, Software};

use crate::error::LinkError;

const LIMITS: Limits = match Limits::new(200, 50) {
    Ok(limits) => limits,
    Err(_) => panic!("while it is compiled"),
};

/// What the host tells the microcontroller, and when it complains.
#[derive(Debug, Clone)]
pub struct Config {
    /// The model's hash.
    pub model: ModelHash,
    /// The model's labels, 2 to 4096, in the order of the classes.
    pub labels: Vec<String>,
    /// The host's software.
    pub software: Software,
    /// What is asked for; the microcontroller may want less.
    pub limits: Limits,
    /// Set at the start of each session; none leaves the protocol's.
    pub policy: Option<Policy>,
    /// How long nobody may answer before [`Problem::NoHello`](crate::Problem::NoHello) is told, ms.
    pub patience_ms: u64,
    /// Decides the first numbers of sessions and packets; none draws it anew for each run, as it should be outside of tests.
    pub seed: Option<u64>,
}

impl Config {
    /// With 200 ms of age, a heartbeat each 50 ms, the protocol's policy, 3 s of patience.
    pub fn new(model: ModelHash, labels: Vec<String>) -> Self {
        Self {
            model,
            labels,
            software: Software {
                major: 0,
                minor: 1,
                patch: 0,
            },
            limits: LIMITS,
            policy: None,
            patience_ms: 3000,
            seed: None,
        }
    }
}

pub(crate) fn label_count(labels: &[String]) -> Result<u16, LinkError> {
    let found = labels.len();
    u16::try_from(found)
        .ok()
        .filter(|count| (LABELS_MIN..=LABELS_MAX).contains(count))
        .ok_or(LinkError::Labels { found })
}

/// The model's hash from its 64 hexadecimal digits, as the model file has it.
///
/// # Errors
/// [`LinkError::ModelHash`].
pub fn model_hash(hex: &str) -> Result<ModelHash, LinkError> {
    let wrong = || LinkError::ModelHash {
        found: hex.to_owned(),
    };
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        let digits = hex.get(2 * at..2 * at + 2).ok_or_else(wrong)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
    }
    Ok(ModelHash(hash))
}

/// What the gate says of a frame, to be delivered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Number of the frame.
    pub frame: u64,
    /// When the frame was captured, ms of the session's clock.
    pub captured_ms: u64,
    /// What is said of it.
    pub judgement: Judgement,
    /// Whether a drift alarm stands. It changes no output, and is left out for a microcontroller that does not know of it.
    pub drift: bool,
}
