use std::collections::VecDeque;

use normgate_protocol::labels::pieces;
use normgate_protocol::{
    ANSWER_TIMEOUT_MS, CommandRepr, LabelPieceRepr, Message, Reason, Sequence, Status,
};

/// Tries of a label piece, of a label and of a command.
const TRIES: u8 = 3;

/// What is sent one at a time and waits for its answer: commands, then labels.
#[derive(Debug)]
pub(super) struct Requests {
    commands: VecDeque<CommandRepr>,
    labels: VecDeque<(u16, String)>,
    /// What is left of the first label, its first piece first.
    pieces: VecDeque<LabelPieceRepr>,
    restarts: u8,
    waiting: Option<Waiting>,
    tries: u8,
    sent: usize,
    given_up: usize,
    told: bool,
}

#[derive(Debug)]
struct Waiting {
    of: Sequence,
    until: u64,
    command: Option<CommandRepr>,
}

/// What the session does next.
#[derive(Debug)]
pub(super) enum Due {
    Nothing,
    /// To be sent; the second says that it was sent before.
    Send(Message, bool),
    /// A command was not answered three times.
    Unanswered,
    /// All labels have been tried: those sent and those given up.
    Labels(usize, usize),
}

impl Requests {
    pub(super) fn new(
        commands: impl IntoIterator<Item = CommandRepr>,
        labels: VecDeque<(u16, String)>,
    ) -> Self {
        let mut requests = Self {
            commands: commands.into_iter().collect(),
            labels,
            pieces: VecDeque::new(),
            restarts: 0,
            waiting: None,
            tries: 0,
            sent: 0,
            given_up: 0,
            told: false,
        };
        requests.begin_label();
        requests
    }

    pub(super) fn command(&mut self, command: CommandRepr) {
        self.commands.push_back(command);
    }

    pub(super) fn due(&mut self, now: u64) -> Due {
        match &self.waiting {
            Some(waiting) if now < waiting.until => return Due::Nothing,
            Some(waiting) if self.tries >= TRIES => {
                if waiting.command.is_some() {
                    return Due::Unanswered;
                }
                self.give_label_up();
            }
            Some(Waiting {
                command: Some(command),
                ..
            }) => return Due::Send(Message::Command(*command), true),
            Some(_) => {
                if let Some(piece) = self.pieces.front() {
                    return Due::Send(Message::Label(piece.clone()), true);
                }
                self.waiting = None;
            }
            None => {}
        }
        if let Some(command) = self.commands.front() {
            Due::Send(Message::Command(*command), false)
        } else if let Some(piece) = self.pieces.front() {
            Due::Send(Message::Label(piece.clone()), false)
        } else if self.told {
            Due::Nothing
        } else {
            self.told = true;
            Due::Labels(self.sent, self.given_up)
        }
    }

    pub(super) fn was_sent(&mut self, of: Sequence, now: u64) {
        let command = match self.waiting.take() {
            Some(waiting) => waiting.command,
            None => {
                self.tries = 0;
                self.commands.pop_front()
            }
        };
        self.tries += 1;
        self.waiting = Some(Waiting {
            of,
            until: now + u64::from(ANSWER_TIMEOUT_MS),
            command,
        });
    }

    /// Takes an answer; gives the command if it is one's.
    pub(super) fn answered(&mut self, of: Sequence, status: Status) -> Option<CommandRepr> {
        let waiting = self.waiting.take_if(|waiting| waiting.of == of)?;
        if status == Status::Stale {
            // It changed nothing, so it is sent again; the line is slow, so not at once.
            self.waiting = Some(waiting);
            return None;
        }
        if waiting.command.is_some() {
            return waiting.command;
        }
        match status {
            Status::Applied => {
                self.pieces.pop_front();
                if self.pieces.is_empty() {
                    self.sent += 1;
                    self.next_label();
                }
            }
            Status::Refused(Reason::Capacity) => {
                self.given_up += self.labels.len();
                self.labels.clear();
                self.begin_label();
            }
            Status::Refused(Reason::Label) if self.restarts + 1 < TRIES => {
                self.restarts += 1;
                self.begin_label();
            }
            Status::Refused(_) | Status::Stale => self.give_label_up(),
        }
        None
    }

    fn give_label_up(&mut self) {
        self.waiting = None;
        self.given_up += 1;
        self.next_label();
    }

    fn next_label(&mut self) {
        self.labels.pop_front();
        self.restarts = 0;
        self.begin_label();
    }

    fn begin_label(&mut self) {
        self.pieces.clear();
        // An empty label has no piece, and cannot be sent.
        while let Some((index, text)) = self.labels.front() {
            self.pieces = pieces(*index, text).collect();
            if !self.pieces.is_empty() {
                return;
            }
            self.given_up += 1;
            self.labels.pop_front();
        }
    }
}
