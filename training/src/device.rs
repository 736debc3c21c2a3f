//! Which device trains: the CPU, or CUDA from the same binary.
//!
//! The binary links `libtorch_cpu` alone, so that it builds and runs where no GPU is. CUDA's half of libtorch
//! registers itself when it is loaded; the loader is asked to do that by `LD_PRELOAD` in a second start of the
//! program, which needs no unsafe code.

use std::os::unix::process::CommandExt;
use std::process::Command;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Precision {
    /// bf16 on CUDA, f32 on the CPU.
    Auto,
    /// f32 everywhere.
    F32,
    /// bf16, on CUDA only.
    Bf16,
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

/// The kind that convolutions run in.
///
/// # Errors
/// [`TrainError::Device`] for bf16 on a CPU, where libtorch's is slower than f32 or faults.
pub fn conv_kind(device: Device, precision: Precision) -> Result<Kind, TrainError> {
    match (device, precision) {
        (Device::Cpu, Precision::Bf16) => Err(TrainError::Device(
            "bf16 is for CUDA; on a CPU expected --precision f32".into(),
        )),
        (Device::Cpu, _) | (_, Precision::F32) => Ok(Kind::Float),
        _ => Ok(Kind::BFloat16),
    }
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
