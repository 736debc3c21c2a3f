use std::convert::Infallible;
use std::ops::Range;
use std::time::Instant;

use embedded_graphics::Drawable;
use embedded_graphics::draw_target::{DrawTarget, DrawTargetExt};
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::ascii::{FONT_6X10 as SMALL, FONT_10X20 as LARGE};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{Dimensions, Pixel, Primitive, Transform};
use embedded_graphics::primitives::{Line, PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Alignment, Baseline, Text, TextStyleBuilder};
use image::imageops::{self, FilterType};
use image::{ImageBuffer, Rgb};
use normgate_core::Drift;
use normgate_frame::Picture;
use normgate_panel::{Palette, Panel, Reading, State, Theme};

use super::latest::{Latest, Shown};

/// A side below which there is no room for a picture.
const LEAST_SIDE: u32 = 96;

/// All pixels of a display: the picture at its left or top, the verdict beside it. What is around the picture has the
/// verdict's colour.
#[derive(Debug)]
pub(super) struct Screen {
    canvas: Canvas,
    panel: Panel<Rgb888>,
    /// Where the picture goes; none on a small display.
    frame: Option<Rectangle>,
    verdict: Rectangle,
    /// The picture as it was drawn last, in the size it has here.
    scaled: Option<ImageBuffer<Rgb<u8>, Vec<u8>>>,
    rgb: Vec<u8>,
    /// The alarm whose sign was drawn last.
    drift: Option<Drift>,
    /// The colours that the picture's part was drawn in; none if it has to be drawn again.
    around: Option<Palette<Rgb888>>,
}

/// Packed RGB.
#[derive(Debug)]
struct Canvas {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Screen {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let whole = Rectangle::new(Point::zero(), Size::new(width, height));
        let (frame, verdict) = split(whole);
        Self {
            canvas: Canvas {
                width,
                height,
                rgb: vec![0; width as usize * height as usize * 3],
            },
            panel: Panel::new(),
            frame,
            verdict,
            scaled: None,
            rgb: Vec::new(),
            drift: None,
            around: None,
        }
    }

    pub(super) fn size(&self) -> (u32, u32) {
        (self.canvas.width, self.canvas.height)
    }

    pub(super) fn rgb(&self) -> &[u8] {
        &self.canvas.rgb
    }

    /// The pixels of a part of a row, 3 bytes each; none outside the screen.
    pub(super) fn row(&self, y: i32, columns: Range<i32>) -> &[u8] {
        let Canvas { width, height, rgb } = &self.canvas;
        let (y, width) = (y.max(0) as usize, *width as usize);
        let start = (columns.start.max(0) as usize).min(width);
        let end = (columns.end.max(0) as usize).clamp(start, width);
        match y < *height as usize {
            true => &rgb[(y * width + start) * 3..(y * width + end) * 3],
            false => &[],
        }
    }

    /// Draws everything the next time.
    pub(super) fn forget(&mut self) {
        self.panel.forget();
        self.around = None;
    }

    /// Draws what changed, and gives the rectangle around it; none if nothing did.
    pub(super) fn draw(&mut self, latest: &mut Latest, now: Instant) -> Option<Rectangle> {
        let state = latest.state(now);
        let drift = latest.drift(&state);
        if self.drift != drift {
            self.forget();
            self.drift = drift;
        }
        let (frame, fps) = latest.numbers(&state);
        let reading = Reading { state, frame, fps };
        let mut target = self.canvas.cropped(&self.verdict);
        let drawn = match self.panel.show(&mut target, &reading) {
            Ok(drawn) => drawn.translate(self.verdict.top_left),
            Err(never) => match never {},
        };
        let theme = Theme::COLOURED;
        let (palette, lost) = match state {
            State::Known { .. } => (theme.known, false),
            State::Unknown { .. } => (theme.unknown, false),
            State::Hold => (theme.hold, false),
            State::LinkLost { .. } => (theme.lost, true),
        };
        let picture = self.draw_picture(latest, palette, lost);
        // What was drawn may have been drawn over it.
        let sign = match drift {
            Some(drift) if picture.is_some() || !drawn.is_zero_sized() => {
                Some(self.draw_sign(drift, palette))
            }
            _ => None,
        };
        [Some(drawn), picture, sign]
            .into_iter()
            .flatten()
            .filter(|area| !area.is_zero_sized())
            .reduce(around)
    }

    /// Says that frames drift, in the verdict's colours turned round.
    fn draw_sign(&mut self, drift: Drift, palette: Palette<Rgb888>) -> Rectangle {
        let area = sign_area(self.frame.unwrap_or(self.verdict));
        let long = format!("DRIFT: scores are {}", drift.name());
        let fits = |font: &MonoFont<'_>, text: &str| {
            let size = font.character_size;
            size.height <= area.size.height && size.width * text.len() as u32 <= area.size.width
        };
        let forms = [(&LARGE, long.as_str()), (&SMALL, &long), (&LARGE, "DRIFT")];
        let found = forms.into_iter().find(|(font, text)| fits(font, text));
        let (font, text) = found.unwrap_or((&SMALL, "DRIFT"));
        let canvas = &mut self.canvas;
        let Ok(()) = canvas.fill_solid(&area, palette.ink);
        let style = MonoTextStyle::new(font, palette.paper);
        let layout = TextStyleBuilder::new()
            .alignment(Alignment::Center)
            .baseline(Baseline::Middle)
            .build();
        let mut target = canvas.clipped(&area);
        let Ok(_) = Text::with_text_style(text, area.center(), style, layout).draw(&mut target);
        area
    }

    /// Draws the picture's part, if it changed.
    fn draw_picture(
        &mut self,
        latest: &mut Latest,
        palette: Palette<Rgb888>,
        lost: bool,
    ) -> Option<Rectangle> {
        let area = self.frame?;
        let had = self.scaled.is_some();
        match latest.picture(lost) {
            (Shown::New, Some(picture)) => self.scaled = scale(&picture, &mut self.rgb, area.size),
            (Shown::Same, _) => {
                if self.around == Some(palette) {
                    return None;
                }
            }
            _ => {
                self.scaled = None;
                if self.around == Some(palette) && !had {
                    return None;
                }
            }
        }
        self.around = Some(palette);
        let canvas = &mut self.canvas;
        let Ok(()) = canvas.fill_solid(&area, palette.paper);
        match &self.scaled {
            Some(scaled) => {
                let size = Size::new(scaled.width(), scaled.height());
                let corner = area.top_left + (area.size - size) / 2;
                let pixels = scaled.pixels().map(|&Rgb([r, g, b])| Rgb888::new(r, g, b));
                let Ok(()) = canvas.fill_contiguous(&Rectangle::new(corner, size), pixels);
            }
            None => cross(canvas, area, palette),
        }
        Some(area)
    }
}

/// Where the sign of a drift alarm goes: along the picture's lower edge, or the verdict's where there is no picture.
fn sign_area(within: Rectangle) -> Rectangle {
    let Size { width, height } = within.size;
    let high = (height / 10)
        .clamp(SMALL.character_size.height, 64)
        .min(height);
    let corner = within.top_left + Point::new(0, (height - high) as i32);
    Rectangle::new(corner, Size::new(width, high))
}

/// Where the picture and the verdict go: three fifths for the one and two for the other, side by side on a wide display,
/// else one above the other, so that the verdict has room for the score and the threshold in numbers.
fn split(whole: Rectangle) -> (Option<Rectangle>, Rectangle) {
    let Size { width, height } = whole.size;
    if width.min(height) < LEAST_SIDE {
        return (None, whole);
    }
    let mut frame = whole;
    let mut rest = whole;
    if u64::from(width) * 5 >= u64::from(height) * 8 {
        frame.size.width = width * 3 / 5;
        rest.size.width -= frame.size.width;
        rest.top_left.x += frame.size.width as i32;
    } else {
        frame.size.height = height * 3 / 5;
        rest.size.height -= frame.size.height;
        rest.top_left.y += frame.size.height as i32;
    }
    (Some(frame), rest)
}

/// The picture as large as it fits with a margin; none if it cannot be read.
fn scale(
    picture: &Picture<'_>,
    rgb: &mut Vec<u8>,
    room: Size,
) -> Option<ImageBuffer<Rgb<u8>, Vec<u8>>> {
    picture.to_rgb(rgb).ok()?;
    let (w, h) = (u64::from(picture.width()), u64::from(picture.height()));
    let margin = room.width.min(room.height) / 24;
    let most_w = u64::from(room.width - 2 * margin).max(1);
    let most_h = u64::from(room.height - 2 * margin).max(1);
    let (to_w, to_h) = match w * most_h >= h * most_w {
        true => (most_w, (h * most_w / w).max(1)),
        false => ((w * most_h / h).max(1), most_h),
    };
    let (to_w, to_h) = (to_w as u32, to_h as u32);
    let image = ImageBuffer::<Rgb<u8>, &[u8]>::from_raw(picture.width(), picture.height(), rgb)?;
    Some(match to_w < picture.width() {
        true => imageops::thumbnail(&image, to_w, to_h),
        // Single pixels stay visible.
        false => imageops::resize(&image, to_w, to_h, FilterType::Nearest),
    })
}

/// A sign that there is no picture.
fn cross(canvas: &mut Canvas, area: Rectangle, palette: Palette<Rgb888>) {
    let side = area.size.width.min(area.size.height);
    let center = area.center();
    let reach = (side / 6) as i32;
    let style = PrimitiveStyle::with_stroke(palette.quiet, side / 32 + 1);
    for x in [-reach, reach] {
        let ends = (center - Point::new(x, reach), center + Point::new(x, reach));
        let Ok(()) = Line::new(ends.0, ends.1).into_styled(style).draw(canvas);
    }
}

/// The rectangle around two.
fn around(a: Rectangle, b: Rectangle) -> Rectangle {
    let corner = a.top_left.component_min(b.top_left);
    let end = |r: Rectangle| r.top_left + r.size;
    let end = end(a).component_max(end(b));
    Rectangle::new(
        corner,
        Size::new((end.x - corner.x) as u32, (end.y - corner.y) as u32),
    )
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Infallible> {
        let bounds = self.bounding_box();
        for Pixel(point, color) in pixels {
            if bounds.contains(point) {
                let place = (point.y as usize * self.width as usize + point.x as usize) * 3;
                self.rgb[place..place + 3].copy_from_slice(&[color.r(), color.g(), color.b()]);
            }
        }
        Ok(())
    }
}
