use normgate_panel::State;
use normgate_protocol::{LabelPieceRepr, Message};

use super::bench::Bench;
use crate::screen::Picture;

fn label(bench: &mut Bench, index: u16, text: &str) {
    bench.send(Message::Label(LabelPieceRepr {
        index,
        offset: 0,
        last: true,
        text: heapless::Vec::from_slice(text.as_bytes()).unwrap(),
    }));
    bench.run(5);
}

fn newest(bench: &mut Bench) -> Picture {
    bench.service.news().expect("something new")
}

#[test]
fn the_picture_says_what_the_gate_does() {
    let mut bench = Bench::new(None);
    bench.run(5);
    let lost = newest(&mut bench);
    assert_eq!(lost.reading().state, State::LinkLost { silent_ms: 0 });
    bench.run(900);
    assert_eq!(bench.service.news(), None);
    bench.run(100);
    let lost = newest(&mut bench);
    assert_eq!(lost.reading().state, State::LinkLost { silent_ms: 1000 });
    bench.hello();
    assert_eq!(newest(&mut bench).reading().state, State::Hold);
    label(&mut bench, 2, "dog");
    for (class, label) in [(2, "dog"), (1, "class 1"), (9, "class 9")] {
        bench.verdict(Some(class));
        let picture = newest(&mut bench);
        let reading = picture.reading();
        let state = State::Known {
            label,
            score: 7.5,
            threshold: 6.25,
        };
        assert_eq!((reading.state, reading.frame), (state, Some(3)));
    }
    bench.verdict(None);
    let unknown = State::Unknown {
        nearest: None,
        score: Some(5.0),
        threshold: Some(6.25),
    };
    assert_eq!(newest(&mut bench).reading().state, unknown);
    // The output's fault is what is shown, not the verdict.
    *bench.open_is_stuck.borrow_mut() = true;
    bench.verdict(Some(1));
    bench.run(1);
    assert_eq!(newest(&mut bench).reading().state, State::Hold);
}
