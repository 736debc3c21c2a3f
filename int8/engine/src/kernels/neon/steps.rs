//! The baseline's steps over a run, for four outputs.
//!
//! Those for four pixels are in a fixed order of instructions, made for a core that issues two a cycle, in order, one
//! of them a vector instruction: a result is used four vector instructions later, and a load stands among vector
//! instructions that do not need it. The compiler would mix all sixteen sums and spill most of them.

use std::arch::aarch64::*;
use std::arch::asm;

/// Outputs of a step.
pub(super) const GROUP: usize = 4;
/// Pixels of a step in a fixed order.
pub(super) const PIXELS: usize = 4;
/// Bytes of a run that a step takes.
pub(super) const SHORT: usize = 16;
pub(super) const LONG: usize = 3 * SHORT;

/// Four partial sums for each output of a pixel.
pub(super) type Sums = [int32x4_t; GROUP];

/// A line for each pixel, with its number between the parts.
macro_rules! pixels {
    ($($part:expr),+; $last:expr) => {
        concat!(
            $($part, 0,)+ $last, "\n",
            $($part, 1,)+ $last, "\n",
            $($part, 2,)+ $last, "\n",
            $($part, 3,)+ $last, "\n",
        )
    };
}

/// Products of the low or the high halves of `x` and `w`, in the lanes `t`.
macro_rules! low {
    ($op:literal, $x:literal, $w:literal) => {
        pixels!(concat!($op, " {t"), concat!(":v}.8h, {", $x); concat!(":v}.8b, {", $w, ":v}.8b"))
    };
}
macro_rules! high {
    ($op:literal, $x:literal, $w:literal) => {
        pixels!(concat!($op, "2 {t"), concat!(":v}.8h, {", $x); concat!(":v}.16b, {", $w, ":v}.16b"))
    };
}

/// The lanes `t`, added to the sums of an output.
macro_rules! empty {
    ($output:literal) => {
        pixels!("sadalp {s", concat!($output, ":v}.4s, {t"); ":v}.8h")
    };
}

/// The same as `low`, with a load of the pixel's next sixteen codes after each line.
macro_rules! load_after {
    ($op:literal, $x:literal, $w:literal => $to:literal) => {
        pixels!(
            concat!($op, " {t"), concat!(":v}.8h, {", $x),
            concat!(":v}.8b, {", $w, ":v}.8b\nldr {", $to), ":q}, [{p";
            "}], #16"
        )
    };
}

/// Three products in a lane. Leaves the pixels at their next codes.
///
/// # Safety
/// Each pixel has 48 codes, and each output 48 weights.
#[inline(always)]
pub(super) unsafe fn three(
    sums: &mut [Sums; PIXELS],
    pixels: &mut [*const u8; PIXELS],
    weights: *const i8,
) {
    let [p0, p1, p2, p3] = pixels;
    let [
        [s00, s01, s02, s03],
        [s10, s11, s12, s13],
        [s20, s21, s22, s23],
        [s30, s31, s32, s33],
    ] = sums;
    // SAFETY: the loads stay within what was promised; there are no stores.
    unsafe {
        asm!(
            "ldp {w0:q}, {w1:q}, [{w}]",
            pixels!("ldr {a", ":q}, [{p"; "}], #16"),
            // Bytes 0 to 23 of each output.
            load_after!("smull", "a", "w0" => "b"),
            high!("smlal", "a", "w0"),
            "ldp {w2:q}, {w3:q}, [{w}, #48]",
            low!("smlal", "b", "w1"),
            empty!("0"),
            low!("smull", "a", "w2"),
            "ldp {w0:q}, {w1:q}, [{w}, #96]",
            high!("smlal", "a", "w2"),
            low!("smlal", "b", "w3"),
            empty!("1"),
            low!("smull", "a", "w0"),
            "ldp {w2:q}, {w3:q}, [{w}, #144]",
            high!("smlal", "a", "w0"),
            low!("smlal", "b", "w1"),
            empty!("2"),
            low!("smull", "a", "w2"),
            "ldp {w0:q}, {w1:q}, [{w}, #16]",
            high!("smlal", "a", "w2"),
            load_after!("smlal", "b", "w3" => "a"),
            empty!("3"),
            // Bytes 24 to 47.
            high!("smull", "b", "w0"),
            "ldp {w2:q}, {w3:q}, [{w}, #64]",
            low!("smlal", "a", "w1"),
            high!("smlal", "a", "w1"),
            empty!("0"),
            high!("smull", "b", "w2"),
            "ldp {w0:q}, {w1:q}, [{w}, #112]",
            low!("smlal", "a", "w3"),
            high!("smlal", "a", "w3"),
            empty!("1"),
            high!("smull", "b", "w0"),
            "ldp {w2:q}, {w3:q}, [{w}, #160]",
            low!("smlal", "a", "w1"),
            high!("smlal", "a", "w1"),
            empty!("2"),
            high!("smull", "b", "w2"),
            low!("smlal", "a", "w3"),
            high!("smlal", "a", "w3"),
            empty!("3"),
            s00 = inout(vreg) *s00, s01 = inout(vreg) *s01, s02 = inout(vreg) *s02, s03 = inout(vreg) *s03,
            s10 = inout(vreg) *s10, s11 = inout(vreg) *s11, s12 = inout(vreg) *s12, s13 = inout(vreg) *s13,
            s20 = inout(vreg) *s20, s21 = inout(vreg) *s21, s22 = inout(vreg) *s22, s23 = inout(vreg) *s23,
            s30 = inout(vreg) *s30, s31 = inout(vreg) *s31, s32 = inout(vreg) *s32, s33 = inout(vreg) *s33,
            t0 = out(vreg) _, t1 = out(vreg) _, t2 = out(vreg) _, t3 = out(vreg) _,
            a0 = out(vreg) _, a1 = out(vreg) _, a2 = out(vreg) _, a3 = out(vreg) _,
            b0 = out(vreg) _, b1 = out(vreg) _, b2 = out(vreg) _, b3 = out(vreg) _,
            w0 = out(vreg) _, w1 = out(vreg) _, w2 = out(vreg) _, w3 = out(vreg) _,
            p0 = inout(reg) *p0, p1 = inout(reg) *p1, p2 = inout(reg) *p2, p3 = inout(reg) *p3,
            w = in(reg) weights,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
}

/// Two products in a lane; an output's weights are `STEP` bytes from the next one's. Leaves the pixels at their
/// next codes.
///
/// # Safety
/// Each pixel has 16 codes, and each output 16 weights.
#[inline(always)]
pub(super) unsafe fn two<const STEP: usize>(
    sums: &mut [Sums; PIXELS],
    pixels: &mut [*const u8; PIXELS],
    weights: *const i8,
) {
    let [p0, p1, p2, p3] = pixels;
    let [
        [s00, s01, s02, s03],
        [s10, s11, s12, s13],
        [s20, s21, s22, s23],
        [s30, s31, s32, s33],
    ] = sums;
    // SAFETY: the loads stay within what was promised; there are no stores.
    unsafe {
        asm!(
            "ldr {w0:q}, [{w}]",
            pixels!("ldr {a", ":q}, [{p"; "}], #16"),
            low!("smull", "a", "w0"),
            "ldr {w1:q}, [{w}, #{one}]",
            high!("smlal", "a", "w0"),
            empty!("0"),
            low!("smull", "a", "w1"),
            "ldr {w0:q}, [{w}, #{two}]",
            high!("smlal", "a", "w1"),
            empty!("1"),
            low!("smull", "a", "w0"),
            "ldr {w1:q}, [{w}, #{three}]",
            high!("smlal", "a", "w0"),
            empty!("2"),
            low!("smull", "a", "w1"),
            high!("smlal", "a", "w1"),
            empty!("3"),
            s00 = inout(vreg) *s00, s01 = inout(vreg) *s01, s02 = inout(vreg) *s02, s03 = inout(vreg) *s03,
            s10 = inout(vreg) *s10, s11 = inout(vreg) *s11, s12 = inout(vreg) *s12, s13 = inout(vreg) *s13,
            s20 = inout(vreg) *s20, s21 = inout(vreg) *s21, s22 = inout(vreg) *s22, s23 = inout(vreg) *s23,
            s30 = inout(vreg) *s30, s31 = inout(vreg) *s31, s32 = inout(vreg) *s32, s33 = inout(vreg) *s33,
            t0 = out(vreg) _, t1 = out(vreg) _, t2 = out(vreg) _, t3 = out(vreg) _,
            a0 = out(vreg) _, a1 = out(vreg) _, a2 = out(vreg) _, a3 = out(vreg) _,
            w0 = out(vreg) _, w1 = out(vreg) _,
            p0 = inout(reg) *p0, p1 = inout(reg) *p1, p2 = inout(reg) *p2, p3 = inout(reg) *p3,
            w = in(reg) weights,
            one = const STEP, two = const 2 * STEP, three = const 3 * STEP,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
}

/// One product in a lane, of one pixel and any codes and weights.
///
/// # Safety
/// There are `len` codes, and as many weights for each output, one output after the other; `len` is a multiple
/// of 16.
#[cold]
#[inline(never)]
#[target_feature(enable = "neon")]
pub(super) unsafe fn one<const LOWER: bool>(
    mut sums: Sums,
    codes: *const u8,
    weights: *const i8,
    len: usize,
) -> Sums {
    for at in (0..len).step_by(SHORT) {
        // SAFETY: as promised.
        let x = unsafe { vld1q_u8(codes.add(at)) };
        let lowered = if LOWER {
            veorq_u8(x, vdupq_n_u8(0x80))
        } else {
            x
        };
        let x = vreinterpretq_s8_u8(lowered);
        for o in 0..GROUP {
            // SAFETY: as promised.
            let w = unsafe { vld1q_s8(weights.add(o * len + at)) };
            let low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
            sums[o] = vpadalq_s16(sums[o], low);
            sums[o] = vpadalq_s16(sums[o], vmull_high_s8(x, w));
        }
    }
    sums
}
