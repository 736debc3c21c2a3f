use std::fmt;

use normgate_protocol::{CommandRepr, HelloRepr, Limits, State, Status};

use crate::error::{Ended, Problem};
use crate::words::Words;

/// What happened, in its order.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The line was opened.
    Opened,
    /// A session began.
    Agreed {
        /// What both keep.
        limits: Limits,
        /// The microcontroller's answer.
        mcu: HelloRepr,
    },
    /// The session ended; the next one is tried at once.
    Ended(Ended),
    /// The labels have been sent.
    Labels {
        /// Those that the microcontroller took.
        sent: usize,
        /// Those that it did not.
        given_up: usize,
    },
    /// A verdict was answered.
    Answered {
        /// Its frame.
        frame: u64,
        /// What became of it.
        status: Status,
        /// From sending it to the answer, ms.
        round_trip_ms: u64,
    },
    /// A command was answered.
    Command {
        /// Which.
        command: CommandRepr,
        /// What became of it.
        status: Status,
    },
    /// The microcontroller's state is another than before.
    State(State),
    /// Something is wrong. Told once until it was right in between.
    Problem(Problem),
}

/// One line for a person.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("the line is open"),
            Self::Agreed { limits, mcu } => {
                let (age, heartbeat) = (limits.max_age_ms(), limits.heartbeat_ms());
                let software = mcu.software;
                write!(
                    f,
                    "the microcontroller answers (software {}.{}.{}): age {age} ms, heartbeat {heartbeat} ms",
                    software.major, software.minor, software.patch
                )
            }
            Self::Ended(why) => write!(f, "the session ended: {why}"),
            Self::Labels { sent, given_up } => {
                write!(f, "{sent} labels sent, {given_up} given up")
            }
            Self::Answered {
                frame,
                status,
                round_trip_ms,
            } => write!(
                f,
                "frame {frame}: {} after {round_trip_ms} ms",
                Words(*status)
            ),
            Self::Command { command, status } => {
                write!(f, "{}: {}", Words(*command), Words(*status))
            }
            Self::State(state) => write!(f, "the microcontroller is {}", Words(*state)),
            Self::Problem(problem) => write!(f, "{problem}"),
        }
    }
}
