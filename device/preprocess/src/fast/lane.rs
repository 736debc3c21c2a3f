//! Numbers that wrap: only what they hold in the end has to fit.

/// The share of a column of bytes in one output row.
pub(crate) trait Lane: Copy + Default + std::fmt::Debug {
    fn from_u16(value: u16) -> Self;
    fn from_u64(value: u64) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
}

/// The sum of an output pixel's channel.
pub(crate) trait Sum<V>: Copy + Default + std::fmt::Debug {
    fn plus(self, other: Self) -> Self;
    fn plus_product(self, lane: V, weight: u32) -> Self;
}

macro_rules! lane {
    ($lane:ty) => {
        impl Lane for $lane {
            #[inline(always)]
            fn from_u16(value: u16) -> Self {
                value.into()
            }
            #[inline(always)]
            fn from_u64(value: u64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
        }
    };
}

macro_rules! sum {
    ($sum:ty, $lane:ty) => {
        impl Sum<$lane> for $sum {
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn plus_product(self, lane: $lane, weight: u32) -> Self {
                self.wrapping_add(Self::from(lane).wrapping_mul(Self::from(weight)))
            }
        }
    };
}

lane!(u16);
lane!(u32);
sum!(u32, u16);
sum!(u32, u32);
sum!(u64, u32);
