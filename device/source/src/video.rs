//! What a URI says of raw video.

use normgate_frame::{ColorSpace, PixelFormat};

use super::SourceError;
use super::options::{Options, override_colors};
use super::stream::RawVideo;

/// Options that describe raw video.
pub(super) const RAW_OPTIONS: [&str; 4] = ["size", "format", "matrix", "range"];

/// The raw layout, `None` if neither its size nor its format is given.
pub(super) fn raw_video(options: &Options<'_>) -> Result<Option<RawVideo>, SourceError> {
    let colors = options.colors()?;
    let (size, format) = match (options.size()?, options.get("format")) {
        (None, None) if colors == (None, None) => return Ok(None),
        (Some(size), Some(format)) => (size, format),
        _ => return Err(options.refuse("half a raw video", "size=WxH and format=FORMAT")),
    };
    let Some(format) = PixelFormat::parse_raw(format) else {
        let expected = PixelFormat::RAW.map(PixelFormat::name).join(", ");
        return Err(options.refuse(format!("format={format}"), &format!("one of {expected}")));
    };
    let video = RawVideo {
        width: size.0,
        height: size.1,
        format,
        color: override_colors(ColorSpace::default(), colors),
    };
    video
        .len()
        .map_err(|error| options.refuse(error.to_string(), "a usable size"))?;
    Ok(Some(video))
}
