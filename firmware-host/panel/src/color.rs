use embedded_graphics::pixelcolor::{
    Bgr555, Bgr565, Bgr666, Bgr888, BinaryColor, Gray2, Gray4, Gray8, GrayColor, Rgb555, Rgb565,
    Rgb666, Rgb888, RgbColor,
};

use crate::theme::{Palette, PanelColor, Theme};

impl PanelColor for BinaryColor {
    /// Light on dark; the unknown is dark on light.
    fn theme() -> Theme<Self> {
        const LIGHT_ON_DARK: Palette<BinaryColor> = Palette {
            paper: BinaryColor::Off,
            ink: BinaryColor::On,
            quiet: BinaryColor::On,
            accent: BinaryColor::On,
            track: BinaryColor::Off,
        };
        const DARK_ON_LIGHT: Palette<BinaryColor> = Palette {
            paper: BinaryColor::On,
            ink: BinaryColor::Off,
            quiet: BinaryColor::Off,
            accent: BinaryColor::Off,
            track: BinaryColor::On,
        };
        Theme {
            known: LIGHT_ON_DARK,
            unknown: DARK_ON_LIGHT,
            hold: LIGHT_ON_DARK,
            lost: LIGHT_ON_DARK,
        }
    }

    fn mix(paper: Self, ink: Self, sixteenths: u8) -> Self {
        if sixteenths >= 8 { ink } else { paper }
    }
}

fn blend(paper: u8, ink: u8, sixteenths: u8) -> u8 {
    let share = u16::from(sixteenths.min(16));
    ((u16::from(paper) * (16 - share) + u16::from(ink) * share + 8) / 16) as u8
}

macro_rules! rgb {
    ($($color:ty),+) => {$(
        impl PanelColor for $color {
            fn theme() -> Theme<Self> {
                Theme::COLOURED.map(Self::from)
            }

            fn mix(paper: Self, ink: Self, sixteenths: u8) -> Self {
                let part = |of: fn(&Self) -> u8| blend(of(&paper), of(&ink), sixteenths);
                Self::new(part(Self::r), part(Self::g), part(Self::b))
            }
        }
    )+};
}

rgb!(
    Rgb555, Bgr555, Rgb565, Bgr565, Rgb666, Bgr666, Rgb888, Bgr888
);

macro_rules! gray {
    ($($color:ty),+) => {$(
        impl PanelColor for $color {
            /// As on a display of two colours.
            fn theme() -> Theme<Self> {
                BinaryColor::theme().map(Self::from)
            }

            fn mix(paper: Self, ink: Self, sixteenths: u8) -> Self {
                Self::new(blend(paper.luma(), ink.luma(), sixteenths))
            }
        }
    )+};
}

gray!(Gray2, Gray4, Gray8);
