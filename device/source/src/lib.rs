//! Where frames come from.
//!
//! ```text
//! open(uri) --+-- demo:       sample images inside the program
//!             +-- dir:PATH    image files of a folder
//!             +-- -           raw or Y4M video on standard input
//! live? ------+-- NewestFrame: a slow consumer gets the newest frame, never a queue of old ones
//! ```
//!
//! A source shows frames one after the other, each in the source's own memory, then says [`Next::End`] for ever. It
//! never waits longer than [`PATIENCE`] in one call: with no frame by then it says [`Next::Waiting`], and its caller
//! can look after signals and watchdogs. A bad frame is an error that is not [fatal](SourceError::is_fatal): the next
//! call goes on with the next frame.

use std::time::Duration;

use normgate_frame::Frame;

/// The longest that one call of [`Source::next`] waits for a frame.
pub const PATIENCE: Duration = Duration::from_millis(200);

/// What a call of [`Source::next`] came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A frame was shown.
    Frame,
    /// No frame yet; the source is there and may give one later.
    Waiting,
    /// The source is away (unplugged, say) and is tried again by itself. Whatever was said of its last frame is void.
    Lost {
        /// Why, for a person, on one line.
        why: String,
    },
    /// There will be no further frame.
    End,
}

/// Shows frames one after the other.
pub trait Source: Send {
    /// Shows the next frame to `visit`, once, or says why there is none. The frame lies in the source's memory, a
    /// camera's buffer for example, and goes back to it when `visit` returns.
    ///
    /// # Errors
    /// [`SourceError`], with no frame shown. After one that is not fatal the next call goes on; after a fatal one
    /// every call says [`Next::End`].
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError>;

    /// Whether frames come at the world's own pace, so that an old one is worth nothing once a newer one is there.
    fn is_live(&self) -> bool;

    /// What the source is, for a person: `dir:photos (12 images)`.
    fn describe(&self) -> String;

    /// Frames that were taken but given up for a newer one.
    fn dropped_frames(&self) -> u64 {
        0
    }
}
