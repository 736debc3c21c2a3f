"""Times the int8 engine of this project beside other runtimes, and prints Markdown tables. Run by compare-runtimes.

All run on one core, one thread each. A round has a burst of each runtime, in an order drawn anew, while the others
wait. A ratio is the median over the rounds of (median of normgate's burst) / (median of the other's burst).
"""

import argparse
import importlib.metadata
import json
import os
import platform
import random
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import models
from runner import Runner, RunnerError

# Processes are started anew so often: where their memory lies is part of their time.
STARTS = 4
ROUNDS = 100
BURST_NS = 10_000_000
BURST_RUNS = (3, 200)
SEED = 0
# The greatest difference of logits, as a share of the greatest logit: equal numbers, and the same net at all.
EQUAL, SIMILAR = 1e-3, 0.3
# How busy other cores may be: one may share its hardware with ours, and some runtimes then take half as long again.
QUIET = 0.1


@dataclass(frozen=True)
class Subject:
    """A runtime with one of a net's files."""

    runtime: str
    form: str
    title: str

    def __str__(self):
        return f"{self.title}, QDQ net" if self.form == "qdq" else self.title

    def start(self, files, time_model):
        return Runner(self.runtime, getattr(files, self.form), files.pixels, time_model)


OURS = Subject("normgate", "int8", "normgate")
REFERENCE = Subject("onnxruntime", "int8", "onnxruntime")
OURS_QDQ = Subject("normgate", "qdq", "normgate")
REFERENCE_QDQ = Subject("onnxruntime", "qdq", "onnxruntime")
OTHERS = [
    Subject("litert", "litert", "LiteRT"),
    Subject("ncnn", "ncnn", "ncnn"),
    Subject("onnxruntime", "f32", "onnxruntime, f32 net"),
]
TABLES = [
    ("int8", [OURS, REFERENCE, *OTHERS]),
    ("QDQ", [OURS_QDQ, REFERENCE_QDQ]),
]
SUBJECTS = [subject for _, subjects in TABLES for subject in subjects]


@dataclass
class Measured:
    """What one subject did on one net: `rounds` has the times in nanoseconds, one array a round."""

    difference: float
    load_us: list = field(default_factory=list)
    rounds: list = field(default_factory=list)

    def medians(self):
        return [float(np.median(times)) for times in self.rounds]

    def best_us(self):
        """The median of the best round: little disturbed by what else the machine does."""
        return min(self.medians()) / 1e3

    def all_times(self):
        return np.concatenate(self.rounds)


def quartiles(values):
    return [float(q) for q in np.percentile(values, [25, 50, 75])]


def logits(runner, files):
    with tempfile.TemporaryDirectory() as folder:
        values = np.frombuffer(runner.output(Path(folder) / "output"), np.float32)
    return values[: files.classes]


def start_all(files, time_model, subjects):
    """The runners that started, and why the others did not. Without the two that matter there is nothing to compare."""
    runners, faults = {}, {}
    try:
        for subject in subjects:
            try:
                runners[subject] = subject.start(files, time_model)
            except RunnerError as why:
                if subject in (OURS, REFERENCE):
                    raise RunnerError(f"{subject} on {files.name}: {why}") from why
                faults[subject] = str(why)
    except BaseException:
        close(runners)
        raise
    return runners, faults


def close(runners):
    for runner in runners.values():
        runner.close()


def check(files, runners):
    """How far each subject's logits are from onnxruntime's on the int8 net."""
    expected = logits(runners[REFERENCE], files)
    measured = {}
    for subject, runner in runners.items():
        found = logits(runner, files)
        if found.shape != expected.shape:
            raise RunnerError(f"{subject} on {files.name}: {found.size} logits, expected {expected.size}")
        difference = float(np.abs(found - expected).max() / np.abs(expected).max())
        limit = EQUAL if subject == OURS else SIMILAR
        if not difference <= limit:
            message = f"{subject} on {files.name}: logits differ from onnxruntime's by"
            raise RunnerError(f"{message} {difference:.2g} of the greatest, expected at most {limit}")
        measured[subject] = Measured(difference)
    return measured


def measure(files, time_model, options):
    """What each subject did on one net, and why some did nothing."""
    order = random.Random(SEED)
    measured, faults, counts = {}, {}, {}
    for start in range(options.starts):
        runners, not_started = start_all(files, time_model, [s for s in SUBJECTS if s not in faults])
        faults |= not_started
        try:
            if not measured:
                measured = check(files, runners)
            for subject, runner in runners.items():
                measured[subject].load_us.append(runner.load_us)
                if subject not in counts:
                    least, most = BURST_RUNS
                    runs = options.burst_ns / runner.times(least).min()
                    counts[subject] = int(np.clip(runs, least, most))
            for _ in range(start, options.rounds, options.starts):
                turn = list(runners)
                order.shuffle(turn)
                for subject in turn:
                    measured[subject].rounds.append(runners[subject].times(counts[subject]))
        finally:
            close(runners)
    return measured, faults


def ratio(measured, ours, other):
    """Quartiles of normgate's time in the other's, round by round."""
    pairs = zip(measured[ours].medians(), measured[other].medians())
    return quartiles([a / b for a, b in pairs])


def call_costs(folder, time_model):
    """Microseconds of a call without a network, by runtime."""
    files = models.make_empty(folder)
    runners, _ = start_all(files, time_model, [OURS, REFERENCE, *OTHERS[:2]])
    try:
        return {subject.title: float(np.median(runner.times(3000))) / 1e3 for subject, runner in runners.items()}
    finally:
        close(runners)


def ticks(core):
    """Idle and all clock ticks of the cores but `core`, since the machine started."""
    idle = total = 0
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith("cpu") and line[3].isdigit() and line.split()[0] != f"cpu{core}":
            # user, nice, system, idle, iowait, irq, softirq, steal
            counts = [int(n) for n in line.split()[1:9]]
            idle += counts[3] + counts[4]
            total += sum(counts)
    return idle, total


def busy(before, after):
    """The share of the time between two `ticks` in which those cores did something."""
    idle, total = (b - a for a, b in zip(before, after))
    return 1 - idle / total if total else 0.0


def table(name, subjects, results):
    ours = subjects[0]
    yield ""
    heads = ["median us", "quartiles", "best round", "normgate's time / its", "quartiles", "best rounds"]
    yield f"| {' | '.join([f'{name} net', 'runtime', *heads])} |"
    yield "| --- " * (2 + len(heads)) + "|"
    for files, measured, *_ in results:
        for subject in subjects:
            if subject not in measured:
                continue
            low, median, high = quartiles(measured[subject].all_times() / 1e3)
            best = measured[subject].best_us()
            cells = [files.name, subject.title, f"{median:.1f}", f"{low:.1f} to {high:.1f}", f"{best:.1f}"]
            if subject == ours or ours not in measured:
                cells += ["", "", ""]
            else:
                low, median, high = ratio(measured, ours, subject)
                best = measured[ours].best_us() / best
                cells += [f"{median:.3f}", f"{low:.3f} to {high:.3f}", f"{best:.3f}"]
            yield f"| {' | '.join(cells)} |"


def machine(core):
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith(("model name", "Model"))]
        cpu = names[0].split(":")[1].strip() if names else cpu
    packages = ["onnxruntime", "ai-edge-litert", "ncnn"]
    versions = {package: importlib.metadata.version(package) for package in packages}
    return {"cpu": cpu, "core": core, "cores": os.cpu_count(), "versions": versions}


def remarks(files, measured, faults, share):
    """What the tables leave out."""
    rounds = len(measured[OURS].rounds)
    yield f"{files.name}: {files.macs / 1e6:.1f} million multiplications, {rounds} rounds."
    yield f"  normgate's logits equal onnxruntime's within {EQUAL} of the greatest logit. The others differ by:"
    others = [s for s in measured if s not in (OURS, REFERENCE)]
    yield "  " + "; ".join(f"{s} {measured[s].difference:.1g}" for s in others)
    for subject, why in faults.items():
        yield f"  Left out: {subject}: {why}"
    if share > QUIET:
        yield f"  NOT A QUIET MACHINE: other cores were busy for {share:.0%} of the time, which hits some harder."


def as_json(results):
    for files, measured, faults, share in results:
        runtimes = []
        for name, subjects in TABLES:
            for subject in subjects:
                if subject not in measured:
                    continue
                m = measured[subject]
                ours = subjects[0]
                runtimes.append(
                    {
                        "table": name,
                        "runtime": subject.title,
                        "file": getattr(files, subject.form).name,
                        "load_us": statistics.median(m.load_us),
                        "us": quartiles(m.all_times() / 1e3),
                        "best_us": m.best_us(),
                        "runs": len(m.all_times()),
                        "round_medians_us": [t / 1e3 for t in m.medians()],
                        "normgate_ratio": ratio(measured, ours, subject) if ours in measured else None,
                        "logits_differ_by": m.difference,
                    }
                )
        missing = [{"runtime": s.title, "file": getattr(files, s.form).name, "why": w} for s, w in faults.items()]
        net = {"net": files.name, "macs": files.macs, "other_cores_busy": share}
        yield {**net, "runtimes": runtimes, "missing": missing}


def arguments():
    parser = argparse.ArgumentParser(prog="compare-runtimes", description=__doc__.split("\n\n")[0])
    parser.add_argument("--nets", help=f"some of {','.join(models.NAMES)}", default=",".join(models.NAMES))
    parser.add_argument("--rounds", type=int, help=f"bursts of each runtime; {ROUNDS}", default=None)
    parser.add_argument("--quick", action="store_true", help="few short rounds: shows that it works")
    parser.add_argument("--json", type=Path, metavar="PATH", help="writes all figures to PATH")
    parser.add_argument("--core", type=int, help="the core that everything runs on; the last one")
    parser.add_argument("--time-model", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.nets = options.nets.split(",")
    unknown = [name for name in options.nets if name not in models.NAMES]
    if unknown:
        parser.error(f"no net {unknown[0]}, expected some of {','.join(models.NAMES)}")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds is 1 or more")
    cores = os.sched_getaffinity(0)
    if options.core is None:
        options.core = max(cores)
    if options.core not in cores:
        parser.error(f"no core {options.core}, expected one of {','.join(map(str, sorted(cores)))}")
    if options.rounds is None:
        options.rounds = 8 if options.quick else ROUNDS
    options.starts = min(options.rounds, 2 if options.quick else STARTS)
    options.burst_ns = BURST_NS // 4 if options.quick else BURST_NS
    return options


def main():
    options = arguments()
    # The processes that it starts inherit the core.
    os.sched_setaffinity(0, {options.core})
    options.folder.mkdir(parents=True, exist_ok=True)
    about = machine(options.core)
    versions = ", ".join(f"{package} {version}" for package, version in about["versions"].items())
    print(f"{about['cpu']}, core {about['core']} of {about['cores']}, one thread; {versions}.")
    costs = call_costs(options.folder, options.time_model)
    said = ", ".join(f"{title} {us:.1f}" for title, us in costs.items())
    print(f"A call without a network, in us: {said}. It is part of the times.")
    print("normgate is called from Rust, the others from Python's compiled modules, on inputs that are there already.")
    results = []
    for name in options.nets:
        files = models.make(options.folder, name)
        before = ticks(options.core)
        measured, faults = measure(files, options.time_model, options)
        share = busy(before, ticks(options.core))
        results.append((files, measured, faults, share))
        print("\n".join(remarks(*results[-1])), flush=True)
    for name, subjects in TABLES:
        print("\n".join(table(name, subjects, results)))
    if options.json:
        about |= {"rounds": options.rounds, "starts": options.starts, "call_us": costs}
        options.json.write_text(json.dumps({**about, "nets": list(as_json(results))}, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (RunnerError, OSError, ValueError) as why:
        sys.exit(f"compare-runtimes: {why}")
