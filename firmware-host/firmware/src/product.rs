use normgate_mcu::McuConfig;
use normgate_protocol::{Limits, ModelHash, Software};

/// Bits a second on the serial line, as the host's.
pub const BAUD: u32 = 115_200;

/// Classes that open the gate; all others close it.
pub const OPENS: &[u16] = &[1];

/// The only model whose verdicts are obeyed; none says any. A product should name its own.
pub const MODEL: Option<ModelHash> = None;

/// The watchdog's period, ms: the board is reset if it was not fed for two of them.
pub const WATCHDOG_MS: u32 = 100;

/// How long the idle loop may take for one turn, ms; after that the watchdog is not fed.
pub const IDLE_MS: u64 = if cfg!(feature = "panel") { 2000 } else { 100 };

/// The largest age of a verdict and the slowest heartbeat that are agreed to; the host asks for its own.
const LIMITS: Limits = match Limits::new(500, 100) {
    Ok(limits) => limits,
    Err(_) => panic!("while it is compiled"),
};

/// Labels whose text is kept for the display, at 66 bytes each.
pub const LABELS: usize = if cfg!(feature = "panel") { 16 } else { 0 };

/// What the host is told.
pub const CONFIG: McuConfig = McuConfig {
    labels: LABELS as u16,
    software: Software {
        major: 0,
        minor: 1,
        patch: 0,
    },
    limits: LIMITS,
    model: MODEL,
    uptime_ms: 0,
};
