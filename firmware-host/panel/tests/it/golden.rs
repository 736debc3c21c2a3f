//! Every size and state, pixel by pixel. `UPDATE_GOLDEN=1` writes the pictures.

use std::path::PathBuf;

use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::pixelcolor::{BinaryColor, Rgb565, Rgb888};
use embedded_graphics::primitives::{PointsIter, Rectangle};
use embedded_graphics_simulator::{OutputSettings, SimulatorDisplay};
use normgate_panel::{PanelColor, draw};

use crate::cases::READINGS;

fn compare<C>(kind: &str, w: u32, h: u32)
where
    C: PanelColor + Into<Rgb888> + From<Rgb888>,
{
    let size = Size::new(w, h);
    for (name, reading) in READINGS {
        let mut display = SimulatorDisplay::with_default_color(size, C::theme().hold.track);
        draw(&mut display, &reading).expect("the simulator cannot fail");
        let file = format!("{w}x{h}-{kind}-{name}.png");
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden")
            .join(&file);
        let image = display.to_rgb_output_image(&OutputSettings::default());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            image.save_png(&path).expect("the picture is written");
        }
        let golden = SimulatorDisplay::<Rgb888>::load_png(&path).expect("a stored picture");
        assert_eq!(golden.size(), size, "{file}");
        for point in Rectangle::new(Point::zero(), size).points() {
            let pixel: Rgb888 = display.get_pixel(point).into();
            assert_eq!(pixel, golden.get_pixel(point), "{file} at {point:?}");
        }
    }
}

#[test]
fn mono() {
    compare::<BinaryColor>("mono", 128, 64);
    compare::<BinaryColor>("mono", 128, 32);
    compare::<BinaryColor>("mono", 128, 128);
}

#[test]
fn small_colour() {
    compare::<Rgb565>("rgb565", 128, 128);
    compare::<Rgb565>("rgb565", 160, 128);
    compare::<Rgb565>("rgb565", 240, 135);
}

#[test]
fn large_colour() {
    compare::<Rgb565>("rgb565", 320, 240);
    compare::<Rgb565>("rgb565", 240, 320);
    compare::<Rgb888>("rgb888", 640, 480);
}
