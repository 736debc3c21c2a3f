use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use normgate_frame::{Picture, PixelFormat};

/// A picture as a file's bytes, and the file's extension.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    pub(super) extension: &'static str,
}

/// A JPEG stays as it is, damaged or not; all else becomes PNG, in RGB.
pub(super) fn encode(picture: &Picture<'_>) -> Result<Encoded, String> {
    if picture.format() == PixelFormat::Jpeg {
        return Ok(Encoded {
            bytes: picture.bytes().to_vec(),
            extension: "jpg",
        });
    }
    let (mut rgb, mut bytes) = (Vec::new(), Vec::new());
    picture.to_rgb(&mut rgb).map_err(|e| e.to_string())?;
    PngEncoder::new(&mut bytes)
        .write_image(
            &rgb,
            picture.width(),
            picture.height(),
            ExtendedColorType::Rgb8,
        )
        .map_err(|e| e.to_string())?;
    Ok(Encoded {
        bytes,
        extension: "png",
    })
}
