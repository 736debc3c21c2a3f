//! Cameras by V4L2.
//!
//! ```text
//! URI --Request--> Opener (names, choose) --Device--> Keeper: open, settle, run, lost, wait, open again
//! ```

mod list;
mod request;

#[cfg(target_os = "linux")]
mod choose;
#[cfg(target_os = "linux")]
mod device;
#[cfg(target_os = "linux")]
mod keeper;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod port;

pub use list::{Camera, CameraMode, CameraSize, cameras};

use request::Request;

use super::{Source, SourceError};

/// The camera that `uri` describes; `rest` is its part after the scheme.
pub(super) fn open(uri: &str, rest: &str) -> Result<Box<dyn Source>, SourceError> {
    let request = Request::parse(uri, rest)?;
    start(uri, request)
}

#[cfg(target_os = "linux")]
fn start(_: &str, request: Request) -> Result<Box<dyn Source>, SourceError> {
    let (name, settle, wait) = (request.name.clone(), request.settle, request.wait);
    let opener = device::Opener::new(request);
    Ok(Box::new(keeper::Keeper::open(opener, name, settle, wait)?))
}

#[cfg(not(target_os = "linux"))]
fn start(uri: &str, _: Request) -> Result<Box<dyn Source>, SourceError> {
    Err(SourceError::NoV4l2 {
        uri: uri.to_owned(),
    })
}
