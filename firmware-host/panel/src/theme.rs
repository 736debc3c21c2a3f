use embedded_graphics::pixelcolor::{PixelColor, Rgb888};

/// The colours of every state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme<C> {
    /// A class.
    pub known: Palette<C>,
    /// None of the classes.
    pub unknown: Palette<C>,
    /// No verdict yet.
    pub hold: Palette<C>,
    /// No link.
    pub lost: Palette<C>,
}

/// The colours of one state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Palette<C> {
    /// Behind everything.
    pub paper: C,
    /// Label and headline.
    pub ink: C,
    /// What matters less.
    pub quiet: C,
    /// The filled part of the bar, the tick, the frame around a hold, the stripes of a lost link.
    pub accent: C,
    /// The unfilled part of the bar, and what lies between the stripes.
    pub track: C,
}

/// What a display's colour must know to be drawn with. Implemented for the colours of `embedded-graphics`.
pub trait PanelColor: PixelColor {
    /// The default colours.
    fn theme() -> Theme<Self>;

    /// `ink` over `paper` where it covers `sixteenths` of a pixel, 0 to 16.
    fn mix(paper: Self, ink: Self, sixteenths: u8) -> Self;
}

impl<C: PixelColor> Theme<C> {
    /// Every colour changed.
    pub fn map<T>(self, mut change: impl FnMut(C) -> T) -> Theme<T> {
        let mut palette = |old: Palette<C>| Palette {
            paper: change(old.paper),
            ink: change(old.ink),
            quiet: change(old.quiet),
            accent: change(old.accent),
            track: change(old.track),
        };
        Theme {
            known: palette(self.known),
            unknown: palette(self.unknown),
            hold: palette(self.hold),
            lost: palette(self.lost),
        }
    }
}

impl Theme<Rgb888> {
    /// White on near black; black on amber; white on blue; white on red.
    pub const COLOURED: Self = Self {
        known: palette(0x0A_0F14, 0xF5_F8FA, 0x93_A4B5, 0x2F_D07A, 0x25_303B),
        unknown: palette(0xFF_B000, 0x14_0D00, 0x4A_3200, 0x14_0D00, 0xD9_9200),
        hold: palette(0x12_304A, 0xF2_F8FF, 0x9C_B9D4, 0x5C_A9F2, 0x1C_4468),
        lost: palette(0xB8_0018, 0xFF_FFFF, 0xFF_D0D4, 0xFF_FFFF, 0x1A_0004),
    };
}

const fn palette(paper: u32, ink: u32, quiet: u32, accent: u32, track: u32) -> Palette<Rgb888> {
    Palette {
        paper: rgb(paper),
        ink: rgb(ink),
        quiet: rgb(quiet),
        accent: rgb(accent),
        track: rgb(track),
    }
}

const fn rgb(code: u32) -> Rgb888 {
    Rgb888::new((code >> 16) as u8, (code >> 8) as u8, code as u8)
}
