//! Packets and what became of them, in words for a person.

use std::fmt::{self, Display, Formatter};

use normgate_protocol::{
    AckRepr, CommandRepr, FaultRepr, HeartbeatRepr, HelloRepr, Judgement, LabelPieceRepr,
    ModelHash, Raw, Reason, State, Status,
};

/// Something as it is told to a person.
pub(crate) struct Words<T>(pub(crate) T);

impl Display for Words<State> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Safe => "safe",
            State::Active => "active",
            State::Held => "held",
        })
    }
}

impl Display for Words<Status> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Status::Applied => "applied",
            Status::Stale => "stale",
            Status::Refused(reason) => match reason {
                Reason::Malformed => "refused: malformed",
                Reason::Range => "refused: out of range",
                Reason::Held => "refused: held",
                Reason::Labels => "refused: another number of labels",
                Reason::Capacity => "refused: keeps no more labels",
                Reason::Label => "refused: no label, or a gap in it",
                Reason::Unsupported => "refused: unsupported",
                Reason::Fault => "refused: it has a fault",
            },
        })
    }
}

impl Display for Words<CommandRepr> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            CommandRepr::Hold => f.write_str("hold"),
            CommandRepr::Resume => f.write_str("resume"),
            CommandRepr::SetPolicy(policy) => {
                let (age, hold) = (policy.max_age_ms(), policy.hold_ms());
                write!(f, "set the policy: age {age} ms, hold {hold} ms")
            }
        }
    }
}

impl Display for Words<FaultRepr> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, detail {:#x}", self.0.code, self.0.detail)
    }
}

impl Display for Words<ModelHash> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0 == ModelHash::default() {
            return f.write_str("any");
        }
        self.0
            .0
            .iter()
            .take(4)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Display for Words<&HelloRepr> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let hello = self.0;
        let (min, max) = (hello.versions.min(), hello.versions.max());
        write!(
            f,
            "versions {min} to {max}, software {}.{}.{}",
            hello.software.major, hello.software.minor, hello.software.patch
        )?;
        let (age, heartbeat) = (hello.limits.max_age_ms(), hello.limits.heartbeat_ms());
        write!(f, ", {} labels, model {}", hello.labels, Words(hello.model))?;
        write!(
            f,
            ", age {age} ms, heartbeat {heartbeat} ms, up {} ms",
            hello.uptime_ms
        )
    }
}

impl Display for Words<&LabelPieceRepr> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let piece = self.0;
        let text = String::from_utf8_lossy(&piece.text);
        let last = if piece.last { ", last" } else { "" };
        write!(
            f,
            "{} from byte {}: {text:?}{last}",
            piece.index, piece.offset
        )
    }
}

impl Display for Words<&HeartbeatRepr> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let HeartbeatRepr {
            uptime_ms,
            last_seen,
            state,
        } = *self.0;
        write!(
            f,
            "{}, up {uptime_ms} ms, heard up to #{}",
            Words(state),
            last_seen.0
        )
    }
}

impl Display for Words<&AckRepr> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let AckRepr {
            of,
            uptime_ms,
            status,
        } = *self.0;
        write!(f, "of #{}: {}, up {uptime_ms} ms", of.0, Words(status))
    }
}

/// A judgement with the name of its class, if that is known.
impl Display for Words<(Judgement, Option<&str>)> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (judgement, label) = self.0;
        match (judgement.committed(), label) {
            (Some(class), Some(label)) => write!(f, "class {class} {label:?}")?,
            (Some(class), None) => write!(f, "class {class}")?,
            (None, _) => f.write_str("unknown")?,
        }
        match judgement.raw() {
            Raw::Known { score, threshold } => write!(f, ", score {score} >= {threshold}"),
            Raw::Unknown { score, threshold } => write!(f, ", score {score} < {threshold}"),
            Raw::Unscored => f.write_str(", no score"),
        }
    }
}
