//! Little-endian fields at places that the compiler checks.

/// The `N` bytes of `body` from `AT` on.
pub(crate) const fn take<const AT: usize, const N: usize, const L: usize>(
    body: &[u8; L],
) -> [u8; N] {
    const { assert!(AT + N <= L, "field outside of its message") };
    let mut field = [0; N];
    let mut i = 0;
    while i < N {
        field[i] = body[AT + i];
        i += 1;
    }
    field
}

/// Writes `field` into `body` from `AT` on.
pub(crate) const fn put<const AT: usize, const N: usize, const L: usize>(
    body: &mut [u8; L],
    field: [u8; N],
) {
    const { assert!(AT + N <= L, "field outside of its message") };
    let mut i = 0;
    while i < N {
        body[AT + i] = field[i];
        i += 1;
    }
}

pub(crate) const fn u16_at<const AT: usize, const L: usize>(body: &[u8; L]) -> u16 {
    u16::from_le_bytes(take::<AT, 2, L>(body))
}

pub(crate) const fn u32_at<const AT: usize, const L: usize>(body: &[u8; L]) -> u32 {
    u32::from_le_bytes(take::<AT, 4, L>(body))
}

pub(crate) const fn u64_at<const AT: usize, const L: usize>(body: &[u8; L]) -> u64 {
    u64::from_le_bytes(take::<AT, 8, L>(body))
}

pub(crate) const fn f32_at<const AT: usize, const L: usize>(body: &[u8; L]) -> f32 {
    f32::from_le_bytes(take::<AT, 4, L>(body))
}
