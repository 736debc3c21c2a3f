//! Images in buffers, for the tests of the operators.

use crate::view::{Halo, Shape, View};

/// Codes that follow from a seed.
pub(crate) fn image(shape: Shape, seed: u64) -> Vec<u8> {
    let mut bits = seed | 1;
    (0..shape.codes())
        .map(|_| {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            (bits >> 24) as u8
        })
        .collect()
}

/// A buffer with an image, `halo` pixels of `fill` on every side, and the slack.
pub(crate) fn place(image: &[u8], shape: Shape, halo: usize, fill: u8) -> (Vec<u8>, View) {
    let halo = Halo {
        above: halo,
        left: halo,
        below: halo,
        right: halo,
    };
    let view = View::with_halo(shape, halo);
    let mut buffer = vec![fill; halo.buffer_len(shape).unwrap()];
    let row = shape.columns * shape.channels;
    for (i, codes) in image.chunks_exact(row).enumerate() {
        buffer[view.at(i, 0)..][..row].copy_from_slice(codes);
    }
    (buffer, view)
}

/// The image again, after a look whether all else in the buffer still is `fill`.
pub(crate) fn take(buffer: &[u8], view: &View, fill: u8) -> Vec<u8> {
    let row = view.shape.columns * view.shape.channels;
    let mut rest = buffer.to_vec();
    let mut image = Vec::new();
    for i in 0..view.shape.rows {
        let at = view.at(i, 0);
        image.extend_from_slice(&buffer[at..at + row]);
        rest[at..at + row].fill(fill);
    }
    assert!(rest.iter().all(|byte| *byte == fill), "more was written");
    image
}
