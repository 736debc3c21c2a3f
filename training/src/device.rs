//! Which device trains: the CPU, or CUDA from the same binary.
//!
//! The binary links `libtorch_cpu` alone, so that it builds and runs where no GPU is. CUDA's half of libtorch
//! registers itself when it is loaded; the loader is asked to do that by `LD_PRELOAD` in a second start of the
//! program, which needs no unsafe code.

use std::os::unix::process::CommandExt;
use std::process::Command;

use serde::{Deserialize, Serialize};
use tch::{Cuda, Device, Kind};

use crate::error::TrainError;

const CUDA_LIBRARY: &str = "libtorch_cuda.so";
const PRELOADED: &str = "NORMGATE_CUDA_PRELOADED";

/// Where to train.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DeviceChoice {
    /// CUDA where a GPU and its libraries are found, the CPU otherwise.
    Auto,
    /// The CPU.
    Cpu,
    /// The first CUDA device; an error where there is none.
    Cuda,
}

/// The arithmetic of convolutions; parameters, statistics and the loss stay f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// f32 everywhere.
    #[default]
    F32,
    /// bf16.
    Bf16,
}

/// The arithmetic asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PrecisionChoice {
    /// bf16 on CUDA, f32 on the CPU.
    Auto,
    /// f32 everywhere.
    F32,
    /// bf16: on CUDA, and on CPUs with AVX512-BF16.
    Bf16,
}

impl Precision {
    /// libtorch's name of it.
    pub fn kind(self) -> Kind {
        match self {
            Self::F32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
        }
    }
}

/// Finds the device that `choice` names.
///
/// # Errors
/// [`TrainError::Device`] where CUDA was asked for and is not there.
pub fn select(choice: DeviceChoice) -> Result<Device, TrainError> {
    if choice == DeviceChoice::Cpu {
        return Ok(Device::Cpu);
    }
    if Cuda::is_available() {
        Cuda::cudnn_set_benchmark(false);
        return Ok(Device::Cuda(0));
    }
    if std::env::var_os(PRELOADED).is_none() && gpu_is_present() {
        return Err(restart_with_cuda());
    }
    match choice {
        DeviceChoice::Cuda => Err(TrainError::Device(format!(
            "no CUDA device; expected a GPU's driver, and {CUDA_LIBRARY} of the same libtorch on LD_LIBRARY_PATH"
        ))),
        _ => Ok(Device::Cpu),
    }
}

/// The arithmetic that `device` runs for `choice`.
///
/// # Errors
/// [`TrainError::Device`] for bf16 on a CPU that has no fast or no safe form of it.
pub fn precision(device: Device, choice: PrecisionChoice) -> Result<Precision, TrainError> {
    match (device, choice) {
        (_, PrecisionChoice::F32) | (Device::Cpu, PrecisionChoice::Auto) => Ok(Precision::F32),
        (Device::Cpu, PrecisionChoice::Bf16) => {
            check_cpu_bf16()?;
            Ok(Precision::Bf16)
        }
        _ => Ok(Precision::Bf16),
    }
}

/// oneDNN prefers AMX for bf16, and a kernel that has not enabled its tiles kills the process.
fn check_cpu_bf16() -> Result<(), TrainError> {
    let flags = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let has = |flag: &str| flags.split_ascii_whitespace().any(|f| f == flag);
    let capped = std::env::var("ONEDNN_MAX_CPU_ISA").is_ok_and(|isa| isa == "AVX512_CORE_BF16");
    if !has("avx512_bf16") {
        return Err(TrainError::Device(
            "bf16 on a CPU without AVX512-BF16 is slower than f32; expected --precision f32".into(),
        ));
    }
    if has("amx_tile") && !capped {
        return Err(TrainError::Device(
            "bf16 on a CPU with AMX can fault; expected --precision f32, or ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16".into(),
        ));
    }
    Ok(())
}

fn gpu_is_present() -> bool {
    std::path::Path::new("/dev/nvidiactl").exists()
}

/// Replaces this process by one with CUDA's library loaded; returns only where that fails.
fn restart_with_cuda() -> TrainError {
    let program = match std::env::current_exe() {
        Ok(path) => path,
        Err(e) => return TrainError::Device(format!("cannot restart to load {CUDA_LIBRARY}: {e}")),
    };
    let preload = match std::env::var("LD_PRELOAD") {
        Ok(before) if !before.is_empty() => format!("{before}:{CUDA_LIBRARY}"),
        _ => CUDA_LIBRARY.to_owned(),
    };
    let failure = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env("LD_PRELOAD", preload)
        .env(PRELOADED, "1")
        // Deterministic cuBLAS needs a fixed workspace.
        .env("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        .exec();
    TrainError::Device(format!("cannot restart to load {CUDA_LIBRARY}: {failure}"))
}
