/// A rectangle of whole pixels inside an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Rect {
    pub(crate) fn whole((width, height): (u32, u32)) -> Self {
        Self {
            left: 0,
            top: 0,
            width,
            height,
        }
    }

    /// The part of row `y` of the rectangle in a packed RGB image that is `width` pixels wide.
    pub(crate) fn row<'a>(&self, y: usize, width: usize, image: &'a mut [u8]) -> &'a mut [u8] {
        let start = (self.top as usize + y) * width + self.left as usize;
        &mut image[3 * start..3 * (start + self.width as usize)]
    }

    /// In the middle of `outer`; an odd rest goes to the right and the bottom.
    fn centered((width, height): (u32, u32), outer: (u32, u32)) -> Self {
        Self {
            left: (outer.0 - width) / 2,
            top: (outer.1 - height) / 2,
            width,
            height,
        }
    }
}

/// The largest part of `source`, in its middle, with `target`'s aspect ratio.
pub(crate) fn center_crop(source: (u32, u32), target: (u32, u32)) -> Rect {
    Rect::centered(inscribed(target, source), source)
}

/// Where all of `source` goes in `target`, in its middle, with `source`'s aspect ratio kept.
pub(crate) fn letterbox(source: (u32, u32), target: (u32, u32)) -> Rect {
    Rect::centered(inscribed(source, target), target)
}

/// The largest size with `shape`'s aspect ratio that fits in `outer`, rounded to whole pixels, at
/// least 1x1. All sides are at least 1.
fn inscribed(shape: (u32, u32), outer: (u32, u32)) -> (u32, u32) {
    let scaled = |length: u32, by: u32, over: u32, limit: u32| {
        let exact = u64::from(length) * u64::from(by);
        let rounded = (exact + u64::from(over) / 2) / u64::from(over);
        rounded.clamp(1, u64::from(limit)) as u32
    };
    let wider = u64::from(shape.0) * u64::from(outer.1) > u64::from(outer.0) * u64::from(shape.1);
    if wider {
        (outer.0, scaled(shape.1, outer.0, shape.0, outer.1))
    } else {
        (scaled(shape.0, outer.1, shape.1, outer.0), outer.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: u32, top: u32, width: u32, height: u32) -> Rect {
        Rect {
            left,
            top,
            width,
            height,
        }
    }

    #[test]
    fn the_crop_is_the_largest_in_the_middle() {
        assert_eq!(center_crop((640, 480), (32, 32)), rect(80, 0, 480, 480));
        assert_eq!(center_crop((480, 641), (32, 32)), rect(0, 80, 480, 480));
        assert_eq!(center_crop((100, 100), (64, 32)), rect(0, 25, 100, 50));
        assert_eq!(center_crop((1, 5000), (64, 32)), rect(0, 2499, 1, 1));
    }

    #[test]
    fn the_letterbox_keeps_everything() {
        assert_eq!(letterbox((640, 480), (32, 32)), rect(0, 4, 32, 24));
        assert_eq!(letterbox((480, 640), (32, 32)), rect(4, 0, 24, 32));
        assert_eq!(letterbox((100_000, 1), (32, 32)), rect(0, 15, 32, 1));
    }
}
