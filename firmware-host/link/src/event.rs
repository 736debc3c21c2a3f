use normgate_protocol::{CommandRepr, HelloRepr, Limits, State, Status};

use crate::error::{Ended, Problem};

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
