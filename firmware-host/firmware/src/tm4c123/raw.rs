use tm4c123x::{gpio_porta, ssi0, sysctl, timer0, uart0, watchdog0};

/// Writes a register whole. The peripheral access crate has no safe way for registers and fields of numbers.
pub(super) trait Raw {
    fn raw(&mut self, bits: u32) -> &mut Self;
}

macro_rules! raw {
    ($($peripheral:ident::$register:ident),+ $(,)?) => {$(
        impl Raw for $peripheral::$register::W {
            #[allow(unsafe_code)]
            #[inline(always)]
            fn raw(&mut self, bits: u32) -> &mut Self {
                // SAFETY: of the registers below none holds an address, and none starts a transfer to or from memory.
                unsafe { self.bits(bits) }
            }
        }
    )+};
}

raw!(
    gpio_porta::afsel,
    gpio_porta::data,
    gpio_porta::den,
    gpio_porta::dir,
    gpio_porta::pctl,
    ssi0::cpsr,
    ssi0::cr0,
    ssi0::dr,
    sysctl::rcc,
    sysctl::resc,
    timer0::tailr,
    uart0::dr,
    uart0::fbrd,
    uart0::ibrd,
    uart0::icr,
    uart0::lcrh,
    watchdog0::load,
    watchdog0::lock,
);
