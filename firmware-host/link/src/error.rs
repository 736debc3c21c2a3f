use normgate_protocol::{BodyError, FaultRepr, HelloRepr, ModelHash, Status, Versions};
use thiserror::Error;

use crate::words::Words;

/// What the caller asked for and cannot have.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Not the name of a port.
    #[error(
        "{found:?} is no port: expected a path, usb:VID:PID or usb:VID:PID:SERIAL with four hexadecimal digits each"
    )]
    Port {
        /// What was given.
        found: String,
    },
    /// More or fewer labels than a model can have.
    #[error(
        "{found} labels, expected {} to {}",
        normgate_protocol::LABELS_MIN,
        normgate_protocol::LABELS_MAX
    )]
    Labels {
        /// How many there are.
        found: usize,
    },
    /// Not the hash of a model.
    #[error("{found:?} is no SHA-256, expected 64 hexadecimal digits")]
    ModelHash {
        /// What was given.
        found: String,
    },
    /// A verdict of another model than the session's.
    #[error("a verdict of {found} labels, expected {expected}")]
    VerdictLabels {
        /// The verdict's labels.
        found: u16,
        /// The session's.
        expected: u16,
    },
    /// The protocol cannot say it.
    #[error(transparent)]
    Protocol(#[from] BodyError),
    /// The thread did not start.
    #[error("the link's thread did not start: {0}")]
    Thread(std::io::Error),
}

/// What is wrong with the link or its other side. The session goes on trying; a person may have to look.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The line cannot be opened, or broke.
    #[error("{wire}: {cause}")]
    Wire {
        /// Which line.
        wire: String,
        /// What the system says.
        cause: String,
    },
    /// Nobody answers.
    #[error("{wire}: no answer to {hellos} hellos in {for_ms} ms, {bytes} bytes heard, {damaged} damaged envelopes, \
             {echoes} of our own: {}", guess(*bytes, *damaged, *echoes))]
    NoHello {
        /// Which line, with its baud rate.
        wire: String,
        /// Hellos sent.
        hellos: u32,
        /// For how long, ms.
        for_ms: u64,
        /// Bytes heard.
        bytes: u64,
        /// Envelopes that were no packets.
        damaged: u32,
        /// Own packets that came back.
        echoes: u32,
    },
    /// No version of the protocol is spoken by both.
    #[error("the microcontroller speaks versions {} to {} of the protocol, this host {} to {}", mcu.min(), mcu.max(), host.min(), host.max())]
    Version {
        /// The microcontroller's.
        mcu: Versions,
        /// The host's.
        host: Versions,
    },
    /// A packet of a version that is not spoken here.
    #[error("a packet of version {found} of the protocol")]
    PacketVersion {
        /// Its version.
        found: u8,
    },
    /// The microcontroller serves another model.
    #[error("the microcontroller serves the model {}..., not {}...", hex(&mcu.to_le_bytes()), hex(host.0.first_chunk::<4>().unwrap_or(&[0; 4])))]
    Model {
        /// The first bytes of its hash.
        mcu: u32,
        /// The host's model.
        host: ModelHash,
    },
    /// The answer to the hello is not what was asked for.
    #[error("the microcontroller answered the hello with what was not asked for: {}", Words(.0))]
    Answer(HelloRepr),
    /// The microcontroller refused the policy, or a command.
    #[error("the microcontroller did not carry out a command: {}", Words(*.0))]
    Command(Status),
    /// The microcontroller has a fault.
    #[error("the microcontroller reports a fault: {}", Words(*.0))]
    Fault(FaultRepr),
}

fn guess(bytes: u64, damaged: u32, echoes: u32) -> &'static str {
    if echoes > 0 {
        "is the line connected to itself?"
    } else if bytes == 0 {
        "is the microcontroller powered, connected (host's TX to its RX and back) and running its firmware?"
    } else if damaged > 0 {
        "is the baud rate the microcontroller's?"
    } else {
        "is it the right device, at its baud rate?"
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Ended {
    /// The microcontroller was silent for more than three heartbeats.
    #[error("silence for {for_ms} ms")]
    Silence {
        /// For how long, ms.
        for_ms: u64,
    },
    /// The microcontroller knows of no session: it was restarted, or it did not hear the host.
    #[error("the microcontroller has no session")]
    Restarted,
    /// Too many acknowledgements in a row said stale.
    #[error("10 packets in a row came too late")]
    Stale,
    /// A command was not acknowledged.
    #[error("a command without an answer")]
    Unanswered,
    /// The line broke.
    #[error("the line broke")]
    Wire,
    /// The host has another model.
    #[error("another model")]
    Model,
    /// The host closed it.
    #[error("closed by the host")]
    Closed,
}
