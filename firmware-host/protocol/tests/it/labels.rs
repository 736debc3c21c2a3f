//! Labels in pieces.

use normgate_protocol::labels::{Assembler, LabelError, clip, pieces};
use normgate_protocol::{LABEL_BYTES, LabelPieceRepr, PIECE_BYTES};
use proptest::prelude::*;

fn piece(index: u16, offset: u8, text: &[u8], last: bool) -> LabelPieceRepr {
    LabelPieceRepr {
        index,
        offset,
        last,
        text: text.iter().copied().collect(),
    }
}

#[test]
fn a_long_label_is_cut_between_characters() {
    let label = format!("{}\u{20AC}\u{20AC}", "x".repeat(60));
    assert_eq!(clip(&label), format!("{}\u{20AC}", "x".repeat(60)));
    assert_eq!(clip(&"y".repeat(65)).len(), LABEL_BYTES);
    assert_eq!(clip("cat"), "cat");
    assert_eq!(pieces(0, "").count(), 0);
}

#[test]
fn a_label_of_one_piece_ends_with_it() {
    let cut: Vec<_> = pieces(7, &"a".repeat(PIECE_BYTES)).collect();
    assert_eq!(cut, [piece(7, 0, &[b'a'; PIECE_BYTES], true)]);
    let cut: Vec<_> = pieces(7, &"a".repeat(PIECE_BYTES + 1)).collect();
    assert_eq!(
        cut,
        [
            piece(7, 0, &[b'a'; PIECE_BYTES], false),
            piece(7, 32, b"a", true)
        ]
    );
}

#[test]
fn a_gap_forgets_the_label() {
    let gap = |index, offset| Err(LabelError::Gap { index, offset });
    let mut assembler = Assembler::new();
    assert_eq!(assembler.push(&piece(0, 3, b"x", true)), gap(0, 3));
    assert_eq!(assembler.push(&piece(1, 0, b"abc", false)), Ok(None));
    assert_eq!(assembler.push(&piece(2, 3, b"def", true)), gap(2, 3));
    assert_eq!(assembler.push(&piece(1, 3, b"def", true)), gap(1, 3));
    assert_eq!(assembler.push(&piece(1, 0, b"abc", false)), Ok(None));
    assert_eq!(assembler.push(&piece(1, 4, b"def", true)), gap(1, 4));
    assert_eq!(assembler.push(&piece(3, 0, b"xyz", false)), Ok(None));
    assert_eq!(assembler.push(&piece(1, 0, b"abc", false)), Ok(None));
    let label = assembler.push(&piece(1, 3, b"def", true)).unwrap().unwrap();
    assert_eq!((label.index, label.text.as_str()), (1, "abcdef"));
    assert_eq!(assembler.push(&piece(1, 6, b"ghi", true)), gap(1, 6));
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let mut assembler = Assembler::new();
    assert_eq!(
        assembler.push(&piece(0, 0, &[0xFF], true)),
        Err(LabelError::NotUtf8 { index: 0 })
    );
    assert_eq!(
        assembler.push(&piece(0, 0, &[0xE2, 0x82], true)),
        Err(LabelError::NotUtf8 { index: 0 })
    );
    for control in ["a\nb", "\0", "\u{7F}", "\u{9B}2J"] {
        let error = assembler.push(&piece(4, 0, control.as_bytes(), true));
        assert_eq!(error, Err(LabelError::Control { index: 4 }));
    }
}

proptest! {
    #[test]
    fn a_label_comes_back_from_its_pieces(index in 0_u16..4096, label in "\\PC{1,80}") {
        let mut assembler = Assembler::new();
        let mut whole = None;
        for piece in pieces(index, &label) {
            prop_assert!(whole.is_none());
            prop_assert!(piece.emit().is_ok());
            whole = assembler.push(&piece).unwrap();
        }
        let whole = whole.unwrap();
        prop_assert_eq!(whole.index, index);
        prop_assert_eq!(whole.text.as_str(), clip(&label));
        prop_assert!(label.starts_with(whole.text.as_str()) && label.len() - whole.text.len() < label.len());
    }

    #[test]
    fn any_pieces_give_labels_that_can_be_shown(
        pieces in prop::collection::vec(
            (0_u16..3, prop::sample::select(vec![0_u8, 1, 2, 3, 4, 32]), prop::collection::vec(any::<u8>(), 1..=4), any::<bool>()),
            0..50,
        )
    ) {
        let mut assembler = Assembler::new();
        for (index, offset, text, last) in pieces {
            if let Ok(Some(label)) = assembler.push(&piece(index, offset, &text, last)) {
                prop_assert!(!label.text.is_empty() && !label.text.chars().any(char::is_control));
            }
        }
    }
}
