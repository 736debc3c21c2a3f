//! V4L2 by the crate `moq-v4l`: ioctls and mapped buffers.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use moq_v4l::buffer::{Flags as BufferFlags, Metadata, Type};
use moq_v4l::capability::Flags as Capability;
use moq_v4l::device::Handle;
use moq_v4l::format::{Colorspace, Quantization};
use moq_v4l::framesize::FrameSizeEnum;
use moq_v4l::io::traits::{CaptureStream, Stream as _};
use moq_v4l::prelude::MmapStream;
use moq_v4l::video::Capture;
use moq_v4l::video::capture::Parameters;
use moq_v4l::{Capabilities, Device, Format, FourCC};
use normgate_frame::{ColorSpace, Matrix, PixelFormat, Range};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use super::choose::{self, Offer, Sizes};
use super::names;
use super::port::{Bell, Buffer, Layout, Port, Stream};
use super::request::Request;
use crate::options::override_colors;
use crate::{PATIENCE, SourceError};

/// The most buffers that a driver may have.
const MAX_BUFFERS: usize = 32;

/// The age up to which a driver's time of capture is believed.
const MAX_AGE: Duration = Duration::from_secs(10);

/// Opens the camera that a URI describes.
pub(super) struct Opener {
    request: Request,
}

impl Opener {
    pub(super) fn new(request: Request) -> Self {
        Self { request }
    }

    fn unsupported(&self, wanted: String, offers: &[Offer]) -> SourceError {
        SourceError::Unsupported {
            name: self.request.name.clone(),
            wanted,
            supported: choose::describe(offers),
        }
    }

    /// Agrees with the driver on a format and a size.
    fn negotiate(&self, device: &Device) -> Result<(Format, PixelFormat), SourceError> {
        let Request {
            name, size, format, ..
        } = &self.request;
        let offers = offers(device).map_err(|error| refusal(name, error))?;
        let wanted = |granted: Option<(String, u32, u32)>| {
            let format = format.map_or("format that is read", PixelFormat::name);
            let mut wanted = match size {
                Some((width, height)) => format!("{format} at {width}x{height}"),
                None => format.to_owned(),
            };
            if let Some((format, width, height)) = granted {
                wanted += &format!(" (the driver gives {format} at {width}x{height})");
            }
            wanted
        };
        let Some((code, (width, height))) = choose::choose(&offers, *format, *size) else {
            return Err(self.unsupported(wanted(None), &offers));
        };
        let asked = Format::new(width, height, FourCC::new(&code));
        let granted = match guarded(|| device.set_format(&asked)) {
            Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => {
                return Err(self.unsupported(wanted(None), &offers));
            }
            other => other.map_err(|error| refusal(name, error))?,
        };
        let read = choose::format_of(granted.fourcc.repr);
        let same_format = read.is_some_and(|read| format.is_none_or(|format| format == read));
        let same_size = size.is_none_or(|size| size == (granted.width, granted.height));
        match read {
            Some(read) if same_format && same_size => Ok((granted, read)),
            _ => {
                let code = choose::code_name(granted.fourcc.repr);
                let format = read.map_or(code, |read| read.name().to_owned());
                let found = (format, granted.width, granted.height);
                Err(self.unsupported(wanted(Some(found)), &offers))
            }
        }
    }

    /// The frame rate, after asking for the one that is wanted.
    fn interval(&self, device: &Device) -> Option<Duration> {
        let granted = match self.request.fps {
            // A driver that cannot change its rate says which one it has.
            Some(fps) => guarded(|| device.set_params(&Parameters::with_fps(fps)))
                .or_else(|_| guarded(|| device.params())),
            None => guarded(|| device.params()),
        };
        let interval = granted.ok()?.interval;
        let seconds = f64::from(interval.numerator) / f64::from(interval.denominator);
        (seconds.is_finite() && (1e-4..=60.0).contains(&seconds))
            .then(|| Duration::from_secs_f64(seconds))
    }
}

impl Port for Opener {
    type Stream = Mapped;

    fn open(&mut self) -> Result<Mapped, SourceError> {
        let name = &self.request.name;
        let device = open_capture(Path::new(names::DEV), name)?;
        let refused = |error| refusal(name, error);
        let (granted, format) = self.negotiate(&device)?;
        let size = (granted.width, granted.height);
        let stride = match granted.stride as usize {
            _ if format == PixelFormat::Jpeg => 0,
            0 => format.row_len(size.0),
            stride => stride,
        };
        let len = format
            .len(size.0, size.1, stride)
            .map_err(|source| SourceError::Size {
                name: name.clone(),
                source,
            })?;
        let interval = self.interval(&device);
        let (stream, buffers) =
            guarded(|| start(&device, self.request.buffers)).map_err(refused)?;
        Ok(Mapped {
            handle: device.handle(),
            stream: Some(stream),
            given_back: false,
            layout: Layout {
                format,
                color: override_colors(colors(&granted), self.request.colors),
                size,
                stride,
                len,
                buffers: buffers as u64,
                interval,
            },
        })
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&mut self, time: Duration) {
        thread::sleep(time);
    }
}

/// A camera whose buffers are mapped.
pub(super) struct Mapped {
    handle: Arc<Handle>,
    /// There until it is dropped.
    stream: Option<MmapStream<'static>>,
    /// The last buffer went back to the driver, but no other came for it.
    given_back: bool,
    layout: Layout,
}

impl Stream for Mapped {
    type Bell = Arc<Handle>;

    fn layout(&self) -> Layout {
        self.layout
    }

    fn bell(&self) -> Arc<Handle> {
        Arc::clone(&self.handle)
    }

    fn take(&mut self) -> io::Result<Buffer<'_>> {
        let Some(stream) = &mut self.stream else {
            return Err(io::Error::from(Errno::NODEV));
        };
        if self.given_back {
            // Its bytes are out of reach, so this frame is given up.
            CaptureStream::dequeue(stream)?;
            self.given_back = false;
        }
        let (bytes, meta) = match CaptureStream::next(stream) {
            Err(error) if is_nothing_yet(&error) => {
                self.given_back = true;
                return Err(io::ErrorKind::WouldBlock.into());
            }
            taken => taken?,
        };
        let used = bytes.len().min(meta.bytesused as usize);
        Ok(Buffer {
            bytes: &bytes[..used],
            damaged: meta.flags.contains(BufferFlags::ERROR),
            sequence: meta.sequence,
            captured: captured(meta),
        })
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        let stream = self.stream.take();
        // The crate panics where a driver refuses to stop; the file is closed all the same.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(stream)));
    }
}

impl Bell for Arc<Handle> {
    fn wait(&self, patience: Duration) -> io::Result<bool> {
        // POLLIN; errors and hang-ups are always told.
        let events = 1;
        let millis = patience.as_millis().min(1000) as i32;
        self.poll(events, millis).map(|ready| ready > 0)
    }
}

/// Opens the device that `name` stands for and checks that it captures video.
fn open_capture(dev: &Path, name: &str) -> Result<Device, SourceError> {
    let absent = || SourceError::NoCamera {
        name: name.to_owned(),
        known: names::known(dev),
    };
    let path = names::resolve(dev, name).ok_or_else(absent)?;
    let device = open_node(&path).map_err(|error| match error {
        error if is_absent(&error) => absent(),
        error => refusal(name, error),
    })?;
    let capabilities = capabilities(&device).map_err(|error| refusal(name, error))?;
    match not_a_camera(&capabilities) {
        None => Ok(device),
        Some(found) => Err(SourceError::NotCamera {
            name: name.to_owned(),
            found,
        }),
    }
}

pub(super) fn open_node(path: &PathBuf) -> io::Result<Device> {
    // Other files could block, or do something when they are opened.
    use std::os::unix::fs::FileTypeExt;
    if !std::fs::metadata(path)?.file_type().is_char_device() {
        return Err(Errno::NOTTY.into());
    }
    Device::with_path(path)
}

pub(super) fn capabilities(device: &Device) -> io::Result<Capabilities> {
    guarded(|| device.query_caps())
}

/// What a device is if no camera.
pub(super) fn not_a_camera(capabilities: &Capabilities) -> Option<String> {
    let flags = capabilities.capabilities;
    let card = &capabilities.card;
    if flags.contains(Capability::VIDEO_CAPTURE) {
        let streams = flags.contains(Capability::STREAMING);
        return (!streams).then(|| format!("{card} has no buffers to map"));
    }
    if flags.contains(Capability::VIDEO_CAPTURE_MPLANE) {
        return Some(format!("{card} captures in several planes only"));
    }
    Some(format!("{card} is not a capture device"))
}

/// The formats and sizes that a camera has.
pub(super) fn offers(device: &Device) -> io::Result<Vec<Offer>> {
    let formats = guarded(|| device.enum_formats())?;
    let sizes = |fourcc| {
        let sizes = guarded(|| device.enum_framesizes(fourcc)).unwrap_or_default();
        let sizes = sizes.into_iter().map(|size| match size.size {
            FrameSizeEnum::Discrete(one) => Sizes::one(one.width, one.height),
            FrameSizeEnum::Stepwise(many) => Sizes {
                least: (many.min_width, many.min_height),
                most: (many.max_width, many.max_height),
                step: (many.step_width, many.step_height),
            },
        });
        sizes.collect()
    };
    let offers = formats.iter().map(|format| Offer {
        code: format.fourcc.repr,
        sizes: sizes(format.fourcc),
    });
    Ok(offers.collect())
}

/// Maps buffers and starts the camera; how many buffers it has.
fn start(device: &Device, wanted: u32) -> io::Result<(MmapStream<'static>, usize)> {
    let mut stream = MmapStream::with_buffers(device, Type::VideoCapture, wanted)?;
    // The first buffer stays out: the first frame that is taken gives it to the driver, as any later one gives back
    // the one before it. How many buffers were granted shows here only.
    let more = (1..MAX_BUFFERS)
        .take_while(|&index| CaptureStream::queue(&mut stream, index).is_ok())
        .count();
    if more == 0 {
        return Err(io::Error::other(
            "the driver has one buffer only; expected 2 or more",
        ));
    }
    // A bell that rings for nothing must not stop the loop for ever.
    stream.set_timeout(PATIENCE);
    stream.start()?;
    Ok((stream, more + 1))
}

/// V4L2's rules for what a driver leaves open: BT.709 where it says so, else BT.601; full range for JPEG's colours.
fn colors(format: &Format) -> ColorSpace {
    let matrix = match format.colorspace {
        Colorspace::Rec709 => Matrix::Bt709,
        _ => Matrix::Bt601,
    };
    let range = match (format.quantization, format.colorspace) {
        (Quantization::FullRange, _) | (Quantization::Default, Colorspace::JPEG) => Range::Full,
        _ => Range::Limited,
    };
    ColorSpace { matrix, range }
}

/// When a frame was taken: the driver's word if it has the same clock as we, else this moment.
fn captured(meta: &Metadata) -> Instant {
    let now = Instant::now();
    let age = || {
        let clock = meta.flags & BufferFlags::TIMESTAMP_MASK;
        if clock != BufferFlags::TIMESTAMP_MONOTONIC {
            return None;
        }
        let time = clock_gettime(ClockId::Monotonic);
        let time = Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?);
        let taken = Duration::from_secs(meta.timestamp.sec.try_into().ok()?)
            + Duration::from_micros(meta.timestamp.usec.try_into().ok()?);
        time.checked_sub(taken).filter(|age| *age < MAX_AGE)
    };
    age().and_then(|age| now.checked_sub(age)).unwrap_or(now)
}

/// What the system's refusal means, once the device is there.
pub(super) fn refusal(name: &str, source: io::Error) -> SourceError {
    let name = name.to_owned();
    if source.raw_os_error() == Some(Errno::NOTTY.raw_os_error()) {
        let found = "not a V4L2 device".into();
        return SourceError::NotCamera { name, found };
    }
    match source.kind() {
        io::ErrorKind::ResourceBusy => SourceError::Busy { name },
        io::ErrorKind::PermissionDenied => SourceError::Permission { name },
        _ => SourceError::Io { name, source },
    }
}

/// Nothing was there although it was said.
fn is_nothing_yet(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

fn is_absent(error: &io::Error) -> bool {
    let gone = [Errno::NOENT, Errno::NODEV, Errno::NXIO, Errno::NOTDIR];
    gone.iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// The crate panics where a driver's answer breaks V4L2's rules: a name that is not text, an unknown colour space.
fn guarded<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        let reason = "the driver's answer breaks V4L2's rules";
        Err(io::Error::new(io::ErrorKind::InvalidData, reason))
    })
}
