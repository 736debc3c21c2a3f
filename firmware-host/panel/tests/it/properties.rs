//! What holds for any size, reading and number.

use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::pixelcolor::{BinaryColor, Gray8, Rgb565};
use embedded_graphics::primitives::Rectangle;
use normgate_panel::{Panel, PanelColor, Reading, State, draw};
use proptest::prelude::*;

use crate::canvas::{Broken, Canvas};
use crate::readings::{Owned, any_reading, range, sequence};

/// Displays that are sold.
fn shipped() -> impl Strategy<Value = (u32, u32)> {
    prop::sample::select(vec![
        (128, 32),
        (128, 64),
        (128, 128),
        (160, 128),
        (240, 135),
    ])
}

fn bounds() -> impl Strategy<Value = Rectangle> {
    let size = prop_oneof![
        1 => (0_u32..=400, 0_u32..=300),
        2 => (0_u32..=40, 0_u32..=40),
        1 => shipped(),
    ];
    (size, -70_000_i32..70_000, -70_000_i32..70_000)
        .prop_map(|((w, h), x, y)| Rectangle::new(Point::new(x, y), Size::new(w, h)))
}

/// All of the box is drawn, each pixel once, and nothing outside it.
fn covers<C: PanelColor>(bounds: Rectangle, owned: &Owned) {
    let mut canvas = Canvas::<C>::new(bounds);
    draw(&mut canvas, &owned.reading()).expect("the canvas is whole");
    assert!(
        canvas.times.iter().all(|times| *times == 1),
        "{bounds:?}: {owned:?}"
    );
}

/// A panel that draws changes only ends with the picture of one that draws everything.
fn follows<C: PanelColor>(bounds: Rectangle, mut panel: Panel<C>, readings: &[Owned]) {
    let fresh = panel.clone();
    let mut canvas = Canvas::<C>::new(bounds);
    for owned in readings {
        let drawn = panel
            .show(&mut canvas, &owned.reading())
            .expect("the canvas is whole");
        assert!(canvas.times.iter().all(|times| *times <= 1), "drawn twice");
        let really = canvas.take_drawn();
        assert_eq!(drawn, really, "what was drawn, {owned:?}");

        let mut full = Canvas::<C>::new(bounds);
        fresh
            .clone()
            .show(&mut full, &owned.reading())
            .expect("the canvas is whole");
        assert!(canvas.pixels == full.pixels, "{bounds:?}: {readings:?}");

        let again = panel
            .show(&mut canvas, &owned.reading())
            .expect("the canvas is whole");
        assert!(
            again.is_zero_sized() && canvas.take_drawn().is_zero_sized(),
            "nothing changed"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_pixel_once_and_none_outside(bounds in bounds(), owned in any_reading()) {
        covers::<BinaryColor>(bounds, &owned);
        covers::<Rgb565>(bounds, &owned);
    }

    #[test]
    fn changes_add_up_to_the_picture(bounds in bounds(), range in range(), readings in sequence()) {
        let panel = Panel::<Gray8>::new();
        follows(bounds, range.map_or(panel.clone(), |range| panel.with_range(range)), &readings);
        follows(bounds, Panel::<BinaryColor>::new(), &readings);
    }

    #[test]
    fn a_target_that_failed_is_drawn_anew(calls in 0_usize..60, first in any_reading(), second in any_reading()) {
        let mut panel = Panel::<BinaryColor>::new();
        let mut canvas = Canvas::of(128, 64);
        panel.show(&mut canvas, &first.reading()).expect("the canvas is whole");
        canvas.calls_left = calls;
        let result = panel.show(&mut canvas, &second.reading());
        canvas.calls_left = usize::MAX;
        if result == Err(Broken) {
            canvas.pixels.fill(BinaryColor::On);
        }
        panel.show(&mut canvas, &second.reading()).expect("the canvas is whole");
        let mut full = Canvas::of(128, 64);
        draw(&mut full, &second.reading()).expect("the canvas is whole");
        prop_assert!(canvas.pixels == full.pixels);
    }
}

#[test]
fn a_new_score_draws_little() {
    let mut panel = Panel::<Rgb565>::new();
    let mut canvas = Canvas::of(320, 240);
    let mut show = |score, frame| {
        let state = State::Known {
            label: "airplane",
            score,
            threshold: 0.7,
        };
        let reading = Reading {
            state,
            frame: Some(frame),
            fps: Some(12.0),
        };
        panel
            .show(&mut canvas, &reading)
            .expect("the canvas is whole");
        let drawn = canvas.times.iter().filter(|times| **times > 0).count();
        canvas.times.fill(0);
        drawn
    };
    assert_eq!(show(0.912, 1234), 320 * 240);
    let drawn = show(0.874, 1235);
    assert!(drawn <= 320 * 240 * 3 / 100, "{drawn} pixels");
    assert_eq!(show(0.874, 1235), 0);
}

/// The share of pixels that differ, in percent.
fn differing<C: PanelColor>(size: (u32, u32), one: State<'_>, other: State<'_>) -> usize {
    let picture = |state: State<'_>| {
        let mut canvas = Canvas::<C>::of(size.0, size.1);
        draw(&mut canvas, &state.reading()).expect("the canvas is whole");
        canvas.pixels
    };
    let (one, other) = (picture(one), picture(other));
    let differ = one.iter().zip(&other).filter(|(a, b)| a != b).count();
    differ * 100 / one.len()
}

fn size() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![
        (8_u32..=400, 8_u32..=300),
        (8_u32..=60, 8_u32..=60),
        shipped()
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn states_are_not_mistaken_for_one_another(
        size in size(),
        one in any_reading(),
        other in any_reading(),
        silent_ms in any::<u32>(),
    ) {
        let (known, unknown, lost) = (one.known(), other.unknown(), State::LinkLost { silent_ms });
        // Without colours, the shapes alone.
        prop_assert!(differing::<BinaryColor>(size, known, unknown) >= 40);
        prop_assert!(differing::<BinaryColor>(size, known, lost) >= 20);
        prop_assert!(differing::<BinaryColor>(size, unknown, lost) >= 40);
        for (one, other) in [(known, unknown), (known, lost), (unknown, lost)] {
            prop_assert!(differing::<Rgb565>(size, one, other) >= 95);
        }
    }

    #[test]
    fn one_pixel_is_enough_for_the_unknown(w in 1_u32..8, h in 1_u32..8, one in any_reading(), other in any_reading()) {
        prop_assert!(differing::<BinaryColor>((w, h), one.known(), other.unknown()) >= 55);
    }
}
