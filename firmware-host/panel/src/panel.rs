use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::Size;
use embedded_graphics::primitives::Rectangle;

use crate::area::Area;
use crate::gauge::BarRange;
use crate::layout;
use crate::paint::{Brush, changed, on_target};
use crate::reading::Reading;
use crate::scene::Scene;
use crate::theme::{PanelColor, Theme};

/// The longest side that is drawn; products of it with small numbers stay below 2^16.
const MOST_SIDE: u32 = 4096;

/// Draws all of a reading, in the default colours.
///
/// # Errors
///
/// The target's.
pub fn draw<D: DrawTarget<Color: PanelColor>>(
    target: &mut D,
    reading: &Reading<'_>,
) -> Result<(), D::Error> {
    Panel::new().show(target, reading).map(|_| ())
}

/// Draws readings on one display, and of each only what differs from the one before.
///
/// It holds no pixels, only what was shown, about a kilobyte.
#[derive(Debug, Clone)]
pub struct Panel<C> {
    theme: Theme<C>,
    range: Option<BarRange>,
    shown: Option<Shown>,
}

/// What the display shows.
#[derive(Debug, Clone, Copy)]
struct Shown {
    bounds: Rectangle,
    scene: Scene,
}

impl<C: PanelColor> Panel<C> {
    /// A panel in the default colours, with the default range of the bar: [`BarRange::around`] the threshold.
    pub fn new() -> Self {
        Self {
            theme: C::theme(),
            range: None,
            shown: None,
        }
    }

    /// The same with other colours.
    #[must_use]
    pub fn with_theme(self, theme: Theme<C>) -> Self {
        Self {
            theme,
            shown: None,
            ..self
        }
    }

    /// The same with a fixed range of the bar, such as 0 to 1 for a probability.
    #[must_use]
    pub fn with_range(self, range: BarRange) -> Self {
        Self {
            range: Some(range),
            ..self
        }
    }

    /// Draws what differs from the last reading shown, and all of the first one. Gives the rectangle around what was
    /// drawn, empty if nothing was.
    ///
    /// The target must hold what this panel drew on it last; else call [`Panel::forget`] first. All of the target's
    /// bounding box is drawn, 4096 pixels at most in each direction, and nothing outside it.
    ///
    /// # Errors
    ///
    /// The target's. The next call then draws everything.
    pub fn show<D>(&mut self, target: &mut D, reading: &Reading<'_>) -> Result<Rectangle, D::Error>
    where
        D: DrawTarget<Color = C>,
    {
        let bounds = target.bounding_box();
        let side = |length: u32| length.min(MOST_SIDE) as u16;
        let scene = layout::scene(
            side(bounds.size.width),
            side(bounds.size.height),
            reading,
            self.range,
        );
        let before = self.shown.as_ref().filter(|shown| shown.bounds == bounds);
        let mut brush = Brush {
            target,
            corner: bounds.top_left,
            theme: &self.theme,
        };
        let drawn = draw_changes(&mut brush, &scene, before.map(|shown| &shown.scene));
        self.shown = drawn.is_ok().then_some(Shown { bounds, scene });
        let nothing = Rectangle::new(bounds.top_left, Size::zero());
        drawn.map(|drawn| drawn.map_or(nothing, |area| on_target(area, bounds.top_left)))
    }

    /// Forgets what is on the display, so that all of the next reading is drawn: after a reset of the display, or after
    /// something else was drawn on it.
    pub fn forget(&mut self) {
        self.shown = None;
    }
}

/// Draws what of `scene` is not in `before`; gives the area around it.
fn draw_changes<D>(
    brush: &mut Brush<'_, D>,
    scene: &Scene,
    before: Option<&Scene>,
) -> Result<Option<Area>, D::Error>
where
    D: DrawTarget<Color: PanelColor>,
{
    let mut drawn: Option<Area> = None;
    for tile in scene.tiles() {
        let window = match before {
            Some(before) => changed(tile, before),
            None => Some(tile.area),
        };
        if let Some(window) = window.filter(|window| !window.is_empty()) {
            brush.tile(tile, window)?;
            drawn = Some(drawn.map_or(window, |drawn| drawn.around(window)));
        }
    }
    Ok(drawn)
}

impl<C: PanelColor> Default for Panel<C> {
    fn default() -> Self {
        Self::new()
    }
}
