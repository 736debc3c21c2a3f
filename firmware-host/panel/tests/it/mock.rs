//! Small pictures that are read in the source.

use embedded_graphics::draw_target::DrawTargetExt;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::mock_display::MockDisplay;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::primitives::Rectangle;
use normgate_panel::{State, draw};

/// A picture of `w` by `h` pixels; the mock display panics where a pixel is drawn twice.
fn picture(w: u32, h: u32, state: State<'_>) -> MockDisplay<BinaryColor> {
    let mut display = MockDisplay::new();
    let area = Rectangle::new(Point::zero(), Size::new(w, h));
    draw(&mut display.cropped(&area), &state.reading()).expect("the mock display panics instead");
    display
}

const fn known(label: &str) -> State<'_> {
    State::Known {
        label,
        score: 0.8,
        threshold: 0.5,
    }
}

#[test]
fn a_label_alone() {
    picture(22, 8, known("ok")).assert_pattern(&[
        "......................",
        "...........#..........",
        "...........#..........",
        ".......##..#..#.......",
        "......#..#.###........",
        "......#..#.#..#.......",
        ".......##..#..#.......",
        "......................",
    ]);
}

#[test]
fn a_label_that_does_not_fit() {
    picture(22, 8, known("okapi farm")).assert_pattern(&[
        "......................",
        "......#...............",
        "......#...............",
        "..##..#..#..###.......",
        ".#..#.###..#..#.......",
        ".#..#.#..#.#..#.......",
        "..##..#..#..###.#.#...",
        "......................",
    ]);
}

#[test]
fn the_unknown_is_inverted_and_its_bar_is_striped() {
    let unknown = State::Unknown {
        nearest: None,
        score: Some(0.2),
        threshold: Some(0.5),
    };
    picture(40, 27, unknown).assert_pattern(&[
        "########################################",
        "##################..####################",
        "####################.###################",
        "###################.####################",
        "########################################",
        "###################.####################",
        "########################################",
        "########################################",
        "########################################",
        "########################################",
        "########################################",
        "########################################",
        "###.##.#.##.#.##.#.##.##..##.##.#.##.###",
        "###.##.#..#.#.#.##..#.#.##.#.##.#..#.###",
        "###.##.#....#..###....#.##.#.##.#....###",
        "###.##.#.#..#.#.##.#..#.##.#....#.#..###",
        "###.##.#.#..#.#.##.#..#.##.#....#.#..###",
        "####..##.##.#.##.#.##.##..##.##.#.##.###",
        "########################################",
        "########################################",
        "########################################",
        "########################################",
        "###################...##################",
        "#..................#.#.................#",
        "#.##..##.###########.#################.#",
        "#..................#.#.................#",
        "###################...##################",
    ]);
}

#[test]
fn a_lost_link_is_stripes() {
    picture(12, 6, State::LinkLost { silent_ms: 1 }).assert_pattern(&[
        "##..##..##..",
        "#..##..##..#",
        "..##..##..##",
        ".##..##..##.",
        "##..##..##..",
        "#..##..##..#",
    ]);
}

#[test]
fn nothing_on_nothing() {
    for (w, h) in [(0, 0), (0, 9), (9, 0)] {
        assert_eq!(
            picture(w, h, known("cat")).affected_area().size,
            Size::zero()
        );
    }
}
