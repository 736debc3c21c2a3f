//! Times an ONNX file on tract with this crate's operators; `scripts/compare-runtimes` drives it.
//!
//! `time_model MODEL.onnx INPUT.bin` prints `ready load_us=N`, then answers each line on standard input:
//! - a number K: K inferences, answered by their K times in nanoseconds;
//! - `output PATH`: writes the bytes of all outputs to PATH, one output after the other, answered by `ok`.

use std::error::Error;
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Instant;

use normgate_int8::tract::prelude::*;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// A model and its one input.
struct Timed {
    state: TypedSimpleState,
    input: TValue,
}

impl Timed {
    fn load(model: &str, bytes: &[u8]) -> TractResult<Self> {
        let plan = normgate_int8::load(model)?.into_runnable()?;
        let fact = plan.model().input_fact(0)?;
        let shape = fact.shape.as_concrete().map(<[usize]>::to_vec);
        let shape = shape.ok_or_else(|| TractError::msg("the input has no fixed shape"))?;
        let mut input = Tensor::zero_dt(fact.datum_type, &shape)?;
        let mut view = input.try_as_plain_ram_mut()?;
        let (found, expected) = (bytes.len(), view.as_bytes().len());
        if found != expected {
            let message = format!("the input file has {found} bytes, expected {expected}");
            return Err(TractError::msg(message));
        }
        view.as_bytes_mut().copy_from_slice(bytes);
        Ok(Self {
            state: plan.spawn()?,
            input: input.into_tvalue(),
        })
    }

    /// The times of `count` runs in nanoseconds, on one line. Giving the outputs back is part of a run.
    fn times(&mut self, count: usize) -> TractResult<String> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let inputs = tvec!(self.input.clone());
            let start = Instant::now();
            drop(self.state.run(inputs)?);
            times.push(start.elapsed().as_nanos().to_string());
        }
        Ok(times.join(" "))
    }

    fn outputs(&mut self) -> TractResult<Vec<u8>> {
        let mut bytes = vec![];
        for output in self.state.run(tvec!(self.input.clone()))? {
            bytes.extend_from_slice(output.try_as_plain_ram()?.as_bytes());
        }
        Ok(bytes)
    }

    fn answer(&mut self, line: &str) -> Fallible<String> {
        if let Some(path) = line.strip_prefix("output ") {
            let outputs = self.outputs().map_err(|e| format!("{e:#}"))?;
            std::fs::write(path, outputs).map_err(|e| format!("{path}: {e}"))?;
            return Ok("ok".into());
        }
        let count = line
            .parse()
            .map_err(|_| format!("\"{line}\" is neither a number nor `output PATH`"))?;
        Ok(self.times(count).map_err(|e| format!("{e:#}"))?)
    }
}

fn serve() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, input] = arguments.as_slice() else {
        return Err("usage: time_model MODEL.onnx INPUT.bin".into());
    };
    let bytes = std::fs::read(input).map_err(|e| format!("{input}: {e}"))?;
    let start = Instant::now();
    let mut timed = Timed::load(model, &bytes).map_err(|e| format!("{model}: {e:#}"))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready load_us={}", start.elapsed().as_micros())?;
    for line in std::io::stdin().lock().lines() {
        let answer = timed.answer(line?.trim())?;
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("time_model: {e}");
            ExitCode::FAILURE
        }
    }
}
