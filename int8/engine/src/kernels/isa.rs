//! The instruction sets that have kernels, and which of them this processor runs.

use super::{Kernels, portable};
use crate::error::EngineError;

/// An instruction set with kernels of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// No more than the target's baseline.
    Portable,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX2, FMA and AVX-VNNI.
    AvxVnni,
    /// x86-64 with AVX-512 F, BW, DQ, VL.
    Avx512,
    /// The same with VNNI.
    Avx512Vnni,
    /// aarch64 with its baseline of NEON.
    Neon,
    /// aarch64 with the dot products of ARMv8.2.
    NeonDot,
    /// aarch64 with the matrix products of ARMv8.6.
    NeonI8mm,
}

/// From the slowest to the fastest.
const ALL: [Isa; 8] = [
    Isa::Portable,
    Isa::Avx2,
    Isa::AvxVnni,
    Isa::Avx512,
    Isa::Avx512Vnni,
    Isa::Neon,
    Isa::NeonDot,
    Isa::NeonI8mm,
];

impl Isa {
    /// The name that `NORMGATE_ISA` takes.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::AvxVnni => "avxvnni",
            Isa::Avx512 => "avx512",
            Isa::Avx512Vnni => "avx512vnni",
            Isa::Neon => "neon",
            Isa::NeonDot => "neon-dot",
            Isa::NeonI8mm => "neon-i8mm",
        }
    }

    /// What this processor runs, from the slowest to the fastest.
    pub fn available() -> impl Iterator<Item = Isa> {
        ALL.into_iter().filter(|isa| isa.kernels().is_some())
    }

    /// The fastest one, or that which the environment variable `NORMGATE_ISA` names.
    ///
    /// # Errors
    /// [`EngineError::UnknownIsa`], [`EngineError::IsaNotHere`].
    pub fn chosen() -> Result<Isa, EngineError> {
        match std::env::var_os("NORMGATE_ISA") {
            None => Ok(Isa::available().last().unwrap_or(Isa::Portable)),
            Some(name) => Isa::named(&name.to_string_lossy()),
        }
    }

    fn named(name: &str) -> Result<Isa, EngineError> {
        let list = |isas: &mut dyn Iterator<Item = Isa>| {
            let names: Vec<_> = isas.map(Isa::name).collect();
            names.join(", ")
        };
        let Some(isa) = ALL.into_iter().find(|isa| isa.name() == name) else {
            return Err(EngineError::UnknownIsa {
                found: name.into(),
                expected: list(&mut ALL.into_iter()),
            });
        };
        match isa.kernels() {
            Some(_) => Ok(isa),
            None => Err(EngineError::IsaNotHere {
                found: isa.name(),
                available: list(&mut Isa::available()),
            }),
        }
    }

    /// The kernels, where this processor runs them.
    pub(crate) fn kernels(self) -> Option<&'static Kernels> {
        match self {
            Isa::Portable => Some(&portable::KERNELS),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => super::avx2::kernels(),
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni => super::avxvnni::kernels(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => super::avx512::kernels(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => super::avx512vnni::kernels(),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon | Isa::NeonDot | Isa::NeonI8mm => super::neon::kernels(self),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_or_refused_with_the_list() {
        assert_eq!(Isa::named("portable"), Ok(Isa::Portable));
        let unknown = Isa::named("mmx").unwrap_err().to_string();
        assert!(
            unknown.contains("\"mmx\"") && unknown.contains("avx512vnni"),
            "{unknown}"
        );
        for isa in ALL {
            assert_eq!(
                Isa::named(isa.name()).is_ok(),
                Isa::available().any(|a| a == isa)
            );
        }
    }
}
