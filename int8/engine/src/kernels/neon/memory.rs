//! Loads and stores of a block's codes, or of fewer.

use std::arch::aarch64::*;

/// Four codes as one lane.
///
/// # Safety
/// `count` codes can be read; it is 1 to 4.
#[inline(always)]
pub(super) unsafe fn load_four(from: *const u8, count: usize) -> u32 {
    if count == 4 {
        // SAFETY: as promised.
        unsafe { from.cast::<u32>().read_unaligned() }
    } else {
        // SAFETY: as promised.
        let [a, b, c, d, ..] = unsafe { load_few(from, count) };
        u32::from_le_bytes([a, b, c, d])
    }
}

/// # Safety
/// `count` codes can be written; it is 1 to 4.
#[inline(always)]
pub(super) unsafe fn store_four(to: *mut u8, four: u32, count: usize) {
    if count == 4 {
        // SAFETY: as promised.
        unsafe { to.cast::<u32>().write_unaligned(four) };
    } else {
        // SAFETY: as promised.
        unsafe { store_few(to, four.to_le_bytes().as_ptr(), count) };
    }
}

/// # Safety
/// `count` codes can be read; it is 1 to 16.
#[inline(always)]
pub(super) unsafe fn load(from: *const u8, count: usize) -> uint8x16_t {
    if count == 16 {
        // SAFETY: as promised.
        unsafe { vld1q_u8(from) }
    } else if count == 8 {
        // SAFETY: as promised.
        unsafe { vcombine_u8(vld1_u8(from), vdup_n_u8(0)) }
    } else {
        // SAFETY: as promised.
        unsafe { vld1q_u8(load_few(from, count).as_ptr()) }
    }
}

/// # Safety
/// `count` codes can be written; it is 1 to 16.
#[inline(always)]
pub(super) unsafe fn store(to: *mut u8, codes: uint8x16_t, count: usize) {
    if count == 16 {
        // SAFETY: as promised.
        unsafe { vst1q_u8(to, codes) };
    } else if count == 8 {
        // SAFETY: as promised.
        unsafe { vst1_u8(to, vget_low_u8(codes)) };
    } else {
        let mut bytes = [0; 16];
        // SAFETY: sixteen bytes, and as promised.
        unsafe {
            vst1q_u8(bytes.as_mut_ptr(), codes);
            store_few(to, bytes.as_ptr(), count);
        }
    }
}

/// # Safety
/// `count` codes can be read; it is at most 16.
#[cold]
#[inline(never)]
unsafe fn load_few(from: *const u8, count: usize) -> [u8; 16] {
    let mut codes = [0; 16];
    // SAFETY: as promised.
    unsafe { from.copy_to_nonoverlapping(codes.as_mut_ptr(), count) };
    codes
}

/// # Safety
/// `count` codes can be read and written.
#[cold]
#[inline(never)]
unsafe fn store_few(to: *mut u8, codes: *const u8, count: usize) {
    // SAFETY: as promised.
    unsafe { to.copy_from_nonoverlapping(codes, count) };
}
