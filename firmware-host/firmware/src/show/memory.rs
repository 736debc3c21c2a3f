use normgate_firmware::screen::{Memory, Screen};
use normgate_firmware::tm4c123::Fittings;

use super::next;

/// The picture.
pub(crate) type Canvas = Memory;
/// All dark.
pub(crate) const BLANK: Canvas = Memory::new();

/// Draws into memory, for ever.
pub(crate) fn run(canvas: &'static mut Canvas, _: Fittings, turn: impl FnMut()) -> ! {
    next::draw(Screen::new(canvas), turn)
}
