//! What a frame costs in memory once the loop has warmed up.

use normgate::frame::{ColorSpace, Picture, PixelFormat};
use normgate::pipeline::Judge;
use normgate_core::{CommitPolicy, DriftPolicy};

use crate::support::{MODELS, model};

/// tract makes its tensors at the border of the network anew in each run; nothing else of a frame's way allocates.
#[test]
fn a_frames_way_to_its_verdict_allocates_no_more_than_the_network_alone() {
    for name in MODELS {
        let model = model(name);
        let mut session = model.session().unwrap();
        let (mut pixels, mut inference) =
            (vec![0; model.preprocess().input_len()], Default::default());
        pixels.fill(77);
        let mut network = || session.infer_into(&pixels, &mut inference).unwrap();
        network();
        let alone = allocation_counter::measure(&mut network);

        let bytes: Vec<u8> = (0..640 * 480 * 2).map(|i| (i * 31 % 251) as u8).collect();
        let (color, size) = (ColorSpace::default(), (640, 480));
        let picture = Picture::new(PixelFormat::Yuyv, color, size, 1280, &bytes).unwrap();
        let mut judge = Judge::new(model, CommitPolicy::new(3, 5).unwrap())
            .unwrap()
            .with_drift(DriftPolicy::new(1e8, 1, 0.95).unwrap());
        judge.judge(&picture);
        let whole = allocation_counter::measure(|| assert!(judge.judge(&picture).fault.is_none()));
        assert_eq!(whole.count_total, alone.count_total, "{name}");
        assert_eq!(whole.count_current, 0, "{name}");
        println!(
            "{name}: {} allocations, {} bytes, all of tract's",
            alone.count_total, alone.bytes_total
        );
    }
}
