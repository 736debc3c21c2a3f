/// What became of a packet.
pub mod ack;
/// What the microcontroller is to do.
pub mod command;
/// What went wrong.
pub mod fault;
/// A sign of life.
pub mod heartbeat;
/// Who speaks, and under which limits.
pub mod hello;
/// A piece of a label.
pub mod label;
/// What is decided of a frame.
pub mod verdict;

use crate::error::BodyError;

/// The bytes as an array of the length that the message has.
fn exactly<const L: usize>(body: &[u8]) -> Result<&[u8; L], BodyError> {
    body.try_into().map_err(|_| BodyError::Length {
        found: body.len(),
        expected: L,
    })
}
