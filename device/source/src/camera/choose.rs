use normgate_frame::PixelFormat;

use super::request::FORMATS;

/// The size that is sought where none is asked for.
const USUAL: (u32, u32) = (640, 480);

/// Formats by the codes that V4L2 has for them.
const CODES: [([u8; 4], PixelFormat); 7] = [
    (*b"YUYV", PixelFormat::Yuyv),
    (*b"NV12", PixelFormat::Nv12),
    (*b"YU12", PixelFormat::I420),
    (*b"RGB3", PixelFormat::Rgb24),
    (*b"MJPG", PixelFormat::Jpeg),
    (*b"JPEG", PixelFormat::Jpeg),
    (*b"GREY", PixelFormat::Grey),
];

/// The format that a code of V4L2 stands for, if it is one that is read.
pub(super) fn format_of(code: [u8; 4]) -> Option<PixelFormat> {
    CODES
        .iter()
        .find_map(|&(other, format)| (other == code).then_some(format))
}

/// A format that a camera has, and its sizes; none if the driver does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) code: [u8; 4],
    pub(super) sizes: Vec<Sizes>,
}

/// Sizes from `least` to `most`, in pixels, `step` apart; all the same for a single size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) least: (u32, u32),
    pub(super) most: (u32, u32),
    pub(super) step: (u32, u32),
}

impl Sizes {
    pub(super) fn one(width: u32, height: u32) -> Self {
        Self {
            least: (width, height),
            most: (width, height),
            step: (1, 1),
        }
    }

    /// The size that is nearest to another one.
    fn nearest(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let side = |least: u32, most: u32, step: u32, sought: u32| {
            let most = most.max(least);
            let steps = (sought.clamp(least, most) - least) / step.max(1);
            least + steps * step.max(1)
        };
        (
            side(self.least.0, self.most.0, self.step.0, width),
            side(self.least.1, self.most.1, self.step.1, height),
        )
    }
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.least.0, self.least.1)?;
        if self.most != self.least {
            write!(f, " to {}x{}", self.most.0, self.most.1)?;
        }
        Ok(())
    }
}

/// Which of the offers to ask the driver for; none if there is none of the format, or none that is read.
pub(super) fn choose(
    offers: &[Offer],
    format: Option<PixelFormat>,
    size: Option<(u32, u32)>,
) -> Option<([u8; 4], (u32, u32))> {
    let sought = size.unwrap_or(USUAL);
    offers
        .iter()
        .filter_map(|offer| {
            let read = format_of(offer.code)?;
            let rank = FORMATS.iter().position(|&other| other == read)?;
            let nearest = offer
                .sizes
                .iter()
                .map(|sizes| sizes.nearest(sought))
                .min_by(|&a, &b| distance(a, sought).total_cmp(&distance(b, sought)))
                .unwrap_or(sought);
            let wanted = format.is_none_or(|format| format == read);
            wanted.then_some((distance(nearest, sought), rank, offer.code, nearest))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
        // The driver may know sizes that it does not list: it is asked for the very one.
        .map(|(_, _, code, nearest)| (code, size.unwrap_or(nearest)))
}

/// How different two sizes are in area and in shape.
fn distance(a: (u32, u32), b: (u32, u32)) -> f64 {
    let log = |(width, height): (u32, u32)| {
        let [width, height] = [width, height].map(|side| f64::from(side.max(1)).ln());
        (width + height, width - height)
    };
    let ((area_a, shape_a), (area_b, shape_b)) = (log(a), log(b));
    (area_a - area_b).abs() + (shape_a - shape_b).abs()
}

/// The offers for a person: `yuyv 640x480 320x240, mjpeg 1920x1080`.
pub(super) fn describe(offers: &[Offer]) -> String {
    if offers.is_empty() {
        return "no format".into();
    }
    let offers: Vec<String> = offers
        .iter()
        .map(|offer| {
            let name = match format_of(offer.code) {
                Some(format) => format.name().to_owned(),
                None => format!("{} (not read)", code_name(offer.code)),
            };
            let sizes: String = offer.sizes.iter().map(|size| format!(" {size}")).collect();
            name + &sizes
        })
        .collect();
    offers.join(", ")
}

/// A code of V4L2 as text.
pub(super) fn code_name(code: [u8; 4]) -> String {
    code.escape_ascii().to_string().trim_end().to_owned()
}
