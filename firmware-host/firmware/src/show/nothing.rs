use normgate_firmware::tm4c123::Fittings;

/// No picture.
pub(crate) type Canvas = ();
/// None.
pub(crate) const BLANK: Canvas = ();

/// Turns for ever.
pub(crate) fn run((): &'static mut Canvas, _: Fittings, mut turn: impl FnMut()) -> ! {
    loop {
        turn();
    }
}
