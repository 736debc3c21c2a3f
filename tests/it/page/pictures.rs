//! The pictures are the worst errors, and those that the figures count.

use normgate::dataset::ImageSet;
use normgate::eval::gallery::{self, Picture};
use normgate_core::Score;

use super::html::{parsed, texts};
use super::made::{Made, classes};
use crate::eval_sets::{gate, set};

#[test]
fn pictures_are_the_worst_ones_and_counted() {
    let made = Made::new(&classes(10), &["svhn", "dtd"], 400);
    let wrong = made.id.correct().iter().filter(|c| !**c).count();
    let shown = &made.mistakes.pictures;
    assert_eq!((made.mistakes.of, shown.len()), (wrong, wrong.min(24)));
    assert!(shown.windows(2).all(|w| w[0].confidence >= w[1].confidence));
    let least = shown.last().unwrap();
    for (i, &p) in made.id.confidence().iter().enumerate() {
        let is_shown = shown.iter().any(|s| s.index == i);
        assert!(made.id.correct()[i] || is_shown || Some(p) <= least.confidence);
    }
    for picture in shown {
        assert_ne!(picture.label.as_deref(), Some(picture.class.as_str()));
        let pixels = image::load_from_memory(&picture.png).unwrap().into_rgb8();
        let i = picture.index;
        assert_eq!(
            pixels.get_pixel(1, 1).0,
            [(i % 251) as u8, (i / 251) as u8, 7]
        );
        assert_eq!(picture.kept, made.id.kept_frames()[i]);
    }
    for (gallery, set) in made.accepted.iter().zip(&made.ood) {
        assert_eq!((gallery.set.as_str(), gallery.of), (set.name(), set.kept()));
        assert_eq!(gallery.pictures.len(), set.kept().min(6));
        let best = set
            .scores(Score::LogitNorm)
            .iter()
            .copied()
            .fold(f32::MIN, f32::max);
        assert_eq!(gallery.pictures[0].score, best);
        assert!(gallery.pictures.iter().all(|p| p.score >= 0.9));
        assert!(
            gallery
                .pictures
                .windows(2)
                .all(|w| w[0].score >= w[1].score)
        );
    }
    let elements = parsed(&made.page().html().unwrap());
    let all = shown.len()
        + made
            .accepted
            .iter()
            .map(|g| g.pictures.len())
            .sum::<usize>();
    assert_eq!(texts(&elements, "img").len(), all);
    let said = format!("{} of {wrong} images with the wrong class", shown.len());
    assert!(
        texts(&elements, "p").iter().any(|p| p.contains(&said)),
        "{said}"
    );
}

#[test]
fn a_large_picture_is_made_smaller() {
    let gate = gate(Score::LogitNorm, 0.0);
    let scored = set("wide", 1, 1.0, false, &gate);
    let wide = ImageSet::new(400, 100, vec![9; 400 * 100 * 3], None, vec![]).unwrap();
    let shown = gallery::accepted(&scored, &wide, &classes(10), gate.score, 6).unwrap();
    let picture = image::load_from_memory(&shown.pictures[0].png).unwrap();
    assert_eq!((picture.width(), picture.height()), (Picture::SIDE, 24));
}
