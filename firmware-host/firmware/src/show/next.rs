use core::cell::Cell;

use critical_section::{Mutex, with};
use normgate_firmware::screen::{Display, Picture, Screen};

static NEXT: Mutex<Cell<Option<Picture>>> = Mutex::new(Cell::new(None));

/// Puts a picture where the idle loop takes it; one that lies there is replaced.
pub(crate) fn publish(picture: Option<Picture>) {
    if let Some(picture) = picture {
        with(|token| NEXT.borrow(token).set(Some(picture)));
    }
}

/// Draws the newest picture, again and again. A picture that the display did not take is drawn with the next one.
pub(super) fn draw(mut screen: Screen<'_, impl Display>, mut turn: impl FnMut()) -> ! {
    loop {
        if let Some(picture) = with(|token| NEXT.borrow(token).take()) {
            let _ = screen.show(&picture.reading());
        }
        turn();
    }
}
