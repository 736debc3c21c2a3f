/// A rectangle in the panel's own coordinates: (0, 0) is the upper left corner of the target's bounding box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: u16,
    pub(crate) y: u16,
    pub(crate) w: u16,
    pub(crate) h: u16,
}

impl Area {
    pub(crate) const fn new(x: u16, y: u16, w: u16, h: u16) -> Self {
        Self { x, y, w, h }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.w == 0 || self.h == 0
    }

    pub(crate) const fn right(self) -> u16 {
        self.x.saturating_add(self.w)
    }

    pub(crate) const fn bottom(self) -> u16 {
        self.y.saturating_add(self.h)
    }

    /// Takes up to `h` rows off the top.
    pub(crate) fn cut_top(&mut self, h: u16) -> Self {
        let h = h.min(self.h);
        let cut = Self { h, ..*self };
        self.y += h;
        self.h -= h;
        cut
    }

    /// Takes up to `h` rows off the bottom.
    pub(crate) fn cut_bottom(&mut self, h: u16) -> Self {
        let mut rest = *self;
        *self = rest.cut_top(self.h - h.min(self.h));
        rest
    }

    /// Takes up to `w` columns off the left.
    pub(crate) fn cut_left(&mut self, w: u16) -> Self {
        let w = w.min(self.w);
        let cut = Self { w, ..*self };
        self.x += w;
        self.w -= w;
        cut
    }

    /// Takes up to `w` columns off the right.
    pub(crate) fn cut_right(&mut self, w: u16) -> Self {
        let mut rest = *self;
        *self = rest.cut_left(self.w - w.min(self.w));
        rest
    }

    /// What both have.
    pub(crate) fn meet(self, other: Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        Self {
            x,
            y,
            w: self.right().min(other.right()).saturating_sub(x),
            h: self.bottom().min(other.bottom()).saturating_sub(y),
        }
    }

    /// The smallest rectangle around both.
    pub(crate) fn around(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            w: self.right().max(other.right()) - x,
            h: self.bottom().max(other.bottom()) - y,
        }
    }
}
