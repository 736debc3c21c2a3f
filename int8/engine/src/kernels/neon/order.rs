//! What the compiler would do worse if it were left to it.

use std::arch::aarch64::*;
use std::arch::asm;

/// Makes `sum` wait for `loaded`, without an instruction. The compiler knows nothing of what an instruction in
/// `asm!` takes and loads at the last moment, which a core that issues in order would stall on.
#[inline(always)]
pub(super) fn ahead<const N: usize>(loaded: &mut [int8x16_t; N], sum: &mut int32x4_t) {
    for loaded in loaded {
        // SAFETY: no instruction.
        unsafe {
            asm!(
                "/* {0:v} {1:v} */",
                inlateout(vreg) * loaded,
                inlateout(vreg) * sum,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
    }
}

/// Eight products of the high halves. The compiler would take the halves of what does not change out of a loop, and
/// has registers for the half of them.
#[inline(always)]
pub(super) fn smull2(a: int8x16_t, b: int8x16_t) -> int16x8_t {
    let products;
    // SAFETY: the instruction reads and writes these registers only, and NEON is in the baseline.
    unsafe {
        asm!(
            "smull2 {products:v}.8h, {a:v}.16b, {b:v}.16b",
            products = lateout(vreg) products,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    products
}

/// Adds eight products of the high halves, for the same reason.
#[inline(always)]
pub(super) fn smlal2(sums: int16x8_t, a: int8x16_t, b: int8x16_t) -> int16x8_t {
    let mut sums = sums;
    // SAFETY: as above.
    unsafe {
        asm!(
            "smlal2 {sums:v}.8h, {a:v}.16b, {b:v}.16b",
            sums = inlateout(vreg) sums,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

/// Adds the products of four codes and four weights to each sum.
#[inline]
#[target_feature(enable = "neon,dotprod")]
pub(super) fn sdot(sums: int32x4_t, x: int8x16_t, weights: int8x16_t) -> int32x4_t {
    let mut sums = sums;
    // SAFETY: the instruction reads and writes these registers only, and the processor has it.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {x:v}.16b, {weights:v}.16b",
            sums = inlateout(vreg) sums,
            x = in(vreg) x,
            weights = in(vreg) weights,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}
