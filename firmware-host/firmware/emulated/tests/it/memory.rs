//! What the image holds.

use normgate_firmware_emulated::Image;

use crate::bench::image;

#[test]
fn flash_and_ram_are_within_their_limits() {
    let image = Image::read(&image()).unwrap();
    assert!(
        image.flash > 4096 && image.flash < 32 * 1024,
        "{} bytes of flash",
        image.flash
    );
    assert!(
        image.stack > 1024 && image.variables > 256 && image.ram() < 8 * 1024,
        "{image:?}"
    );
    assert_eq!(image.panics, Vec::<String>::new());
}
