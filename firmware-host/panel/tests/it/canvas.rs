//! A target that keeps pixels, counts how often each is drawn, and refuses what lies outside its box.

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Dimensions, Point, Size};
use embedded_graphics::primitives::{PointsIter, Rectangle};
use normgate_panel::PanelColor;

#[derive(Debug, Clone)]
pub(crate) struct Canvas<C> {
    pub(crate) bounds: Rectangle,
    pub(crate) pixels: Vec<C>,
    pub(crate) times: Vec<u8>,
    /// Calls that are answered before the target fails.
    pub(crate) calls_left: usize,
}

/// The target failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Broken;

impl<C: PanelColor> Canvas<C> {
    pub(crate) fn new(bounds: Rectangle) -> Self {
        let area = (bounds.size.width * bounds.size.height) as usize;
        Self {
            bounds,
            pixels: vec![C::theme().known.ink; area],
            times: vec![0; area],
            calls_left: usize::MAX,
        }
    }

    pub(crate) fn of(w: u32, h: u32) -> Self {
        Self::new(Rectangle::new(Point::zero(), Size::new(w, h)))
    }

    /// The rectangle around what was drawn since the last call.
    pub(crate) fn take_drawn(&mut self) -> Rectangle {
        let width = self.bounds.size.width.max(1) as usize;
        let drawn = self
            .times
            .iter()
            .enumerate()
            .filter(|(_, times)| **times > 0);
        let corners =
            drawn.map(|(index, _)| Point::new((index % width) as i32, (index / width) as i32));
        let around = corners.fold(None, |around: Option<(Point, Point)>, point| {
            let (low, high) = around.unwrap_or((point, point));
            Some((low.component_min(point), high.component_max(point)))
        });
        self.times.fill(0);
        match around {
            Some((low, high)) => {
                Rectangle::with_corners(self.bounds.top_left + low, self.bounds.top_left + high)
            }
            None => Rectangle::new(self.bounds.top_left, Size::zero()),
        }
    }

    fn set(&mut self, point: Point, color: C) {
        assert!(
            self.bounds.contains(point),
            "{point:?} is outside {:?}",
            self.bounds
        );
        let at = point - self.bounds.top_left;
        let index = at.y as usize * self.bounds.size.width as usize + at.x as usize;
        self.pixels[index] = color;
        self.times[index] += 1;
    }
}

impl<C> Dimensions for Canvas<C> {
    fn bounding_box(&self) -> Rectangle {
        self.bounds
    }
}

impl<C: PanelColor> DrawTarget for Canvas<C> {
    type Color = C;
    type Error = Broken;

    fn draw_iter<I: IntoIterator<Item = Pixel<C>>>(&mut self, pixels: I) -> Result<(), Broken> {
        self.calls_left = self.calls_left.checked_sub(1).ok_or(Broken)?;
        pixels
            .into_iter()
            .for_each(|Pixel(point, color)| self.set(point, color));
        Ok(())
    }

    fn fill_contiguous<I: IntoIterator<Item = C>>(
        &mut self,
        area: &Rectangle,
        colors: I,
    ) -> Result<(), Broken> {
        self.calls_left = self.calls_left.checked_sub(1).ok_or(Broken)?;
        // As many colours as pixels: a display's window would wrap around otherwise.
        let mut colors = colors.into_iter();
        for y in area.rows() {
            for x in area.columns() {
                self.set(
                    Point::new(x, y),
                    colors.next().expect("a colour for every pixel"),
                );
            }
        }
        assert!(
            colors.next().is_none(),
            "more colours than pixels in {area:?}"
        );
        Ok(())
    }
    fn fill_solid(&mut self, area: &Rectangle, color: C) -> Result<(), Broken> {
        self.draw_iter(area.points().map(|point| Pixel(point, color)))
    }
}
