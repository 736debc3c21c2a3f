use normgate_protocol::labels::LabelText;
use normgate_protocol::{FaultRepr, Judgement, SessionId};

/// What the microcontroller did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum McuEvent {
    /// A session began.
    Agreed(SessionId),
    /// The session ended: the host was silent.
    Lost,
    /// A verdict was applied.
    Applied {
        /// Its frame.
        frame: u64,
        /// What it says.
        judgement: Judgement,
        /// Whether a drift alarm stands on the host; it changes no output.
        drift: bool,
    },
    /// A label is whole.
    Label {
        /// Which.
        index: u16,
        /// Its text.
        text: LabelText,
    },
    /// The host has a fault.
    Fault(FaultRepr),
}
