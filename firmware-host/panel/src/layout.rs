//! What goes where, from the size of the box alone and what there is to say.

mod known;
mod notice;
mod rows;
mod unknown;

use crate::area::Area;
use crate::gauge::BarRange;
use crate::reading::{Reading, State};
use crate::scene::{Content, Mood, Scene};

/// The picture of a reading in a box of `w` by `h` pixels.
pub(crate) fn scene(w: u16, h: u16, reading: &Reading<'_>, range: Option<BarRange>) -> Scene {
    let mut scene = Scene::EMPTY;
    let sheet = Sheet::new(w, h, range);
    match reading.state {
        State::Known {
            label,
            score,
            threshold,
        } => known::draw(
            &mut scene,
            sheet,
            label,
            (Some(score), Some(threshold)),
            reading,
        ),
        State::Unknown {
            nearest,
            score,
            threshold,
        } => unknown::draw(&mut scene, sheet, nearest, (score, threshold), reading),
        State::Hold => notice::hold(&mut scene, sheet, reading),
        State::LinkLost { silent_ms } => notice::lost(&mut scene, sheet, silent_ms),
    }
    scene
}

/// The box, and the measures that all states share, in pixels.
#[derive(Debug, Clone, Copy)]
struct Sheet {
    all: Area,
    /// Kept free at the left and the right.
    margin: u16,
    /// Height of the rows; 0 for one that there is no room for.
    header: u16,
    bar: u16,
    numbers: u16,
    range: Option<BarRange>,
}

impl Sheet {
    fn new(w: u16, h: u16, range: Option<BarRange>) -> Self {
        let short = w.min(h);
        let when = |room: bool, height: u16| if room { height } else { 0 };
        Self {
            all: Area::new(0, 0, w, h),
            margin: if short < 16 { 0 } else { (short / 32).max(1) },
            header: when(w >= 96 && h >= 96, h / 7),
            bar: when(w >= 24 && h >= 26, (h / 5).min(w / 4)),
            numbers: when(w >= 24 && h >= 40, (h / 7).max(10)),
            range,
        }
    }

    /// The columns between the margins.
    fn inner(&self, area: Area) -> u16 {
        area.w.saturating_sub(2 * self.margin)
    }
}

/// Fills a tile.
fn fill(scene: &mut Scene, area: Area, mood: Mood) {
    scene.push(area, mood, Content::Paper);
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State<'static>; 5] = [
        State::Known {
            label: "golden retriever",
            score: 0.9,
            threshold: 0.7,
        },
        State::Unknown {
            nearest: Some("cat"),
            score: Some(0.1),
            threshold: Some(0.7),
        },
        State::Unknown {
            nearest: None,
            score: None,
            threshold: None,
        },
        State::Hold,
        State::LinkLost { silent_ms: 99_999 },
    ];

    #[test]
    fn tiles_cover_the_box_without_overlap() {
        let sides = (0..=40).chain([64, 95, 96, 128, 135, 240, 300, 1000, 4096]);
        for (w, h) in sides
            .clone()
            .flat_map(|w| sides.clone().map(move |h| (w, h)))
        {
            for state in STATES {
                let scene = scene(w, h, &state.reading(), None);
                let areas = || scene.tiles().iter().map(|tile| tile.area);
                let whole = Area::new(0, 0, w, h);
                assert!(
                    areas().all(|area| area.meet(whole) == area),
                    "outside, {w} x {h}, {state:?}"
                );
                let sum: u64 = areas()
                    .map(|area| u64::from(area.w) * u64::from(area.h))
                    .sum();
                assert_eq!(sum, u64::from(w) * u64::from(h), "{w} x {h}, {state:?}");
                for (index, area) in areas().enumerate() {
                    assert!(
                        areas()
                            .skip(index + 1)
                            .all(|other| area.meet(other).is_empty()),
                        "{w} x {h}, {state:?}"
                    );
                }
            }
        }
    }
}
