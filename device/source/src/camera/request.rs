use normgate_frame::{Matrix, PixelFormat, Range};

use crate::SourceError;
use crate::options::{Options, split_query};

/// Frames that are skipped after an opening, unless told otherwise: a third of a second at 15 fps.
const SETTLE: u32 = 5;

/// Buffers asked for, unless told otherwise: one is looked at, and a burst fits the others.
const BUFFERS: u32 = 4;

/// Formats in the order in which they are preferred: no decoder, then the fewest bytes, colours before grey.
pub(super) const FORMATS: [PixelFormat; 6] = [
    PixelFormat::Yuyv,
    PixelFormat::Nv12,
    PixelFormat::I420,
    PixelFormat::Rgb24,
    PixelFormat::Jpeg,
    PixelFormat::Grey,
];

/// What a URI asks of a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// A path, or a name in `/dev/v4l/by-id` or `by-path`.
    pub(super) name: String,
    pub(super) size: Option<(u32, u32)>,
    pub(super) format: Option<PixelFormat>,
    pub(super) fps: Option<u32>,
    pub(super) settle: u32,
    pub(super) buffers: u32,
    pub(super) wait: bool,
    pub(super) colors: (Option<Matrix>, Option<Range>),
}

impl Request {
    /// Reads `rest`, the part of `uri` behind `v4l2:`.
    pub(super) fn parse(uri: &str, rest: &str) -> Result<Self, SourceError> {
        let (name, query) = split_query(rest);
        let known = [
            "size", "format", "fps", "settle", "buffers", "wait", "matrix", "range",
        ];
        let options = Options::parse(uri, query, &known)?;
        if name.is_empty() || name.contains('\0') {
            let expected = "a device, as v4l2:/dev/video0, or its name in /dev/v4l/by-id";
            return Err(options.refuse("no device", expected));
        }
        let format = match options.get("format") {
            None | Some("auto") => None,
            Some(name) => Some(format_named(name).ok_or_else(|| {
                let expected = FORMATS.map(PixelFormat::name).join(", ");
                options.refuse(
                    format!("format={name}"),
                    &format!("one of {expected}, auto"),
                )
            })?),
        };
        let size = options.size()?;
        if let Some((width, height)) = size {
            normgate_frame::rgb_len(width, height)
                .map_err(|error| options.refuse(error.to_string(), "a usable size"))?;
        }
        Ok(Self {
            name: name.to_owned(),
            size,
            format,
            fps: options.number("fps", 1, 1000)?,
            settle: options.number("settle", 0, 1000)?.unwrap_or(SETTLE),
            buffers: options.number("buffers", 2, 32)?.unwrap_or(BUFFERS),
            wait: options.yes_no("wait")?.unwrap_or(false),
            colors: options.colors()?,
        })
    }
}

fn format_named(name: &str) -> Option<PixelFormat> {
    FORMATS.into_iter().find(|format| format.name() == name)
}
