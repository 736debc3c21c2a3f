#!/usr/bin/env python3
"""Prints what scripts/reproduce measured as tables: mean and sample deviation over the seeds, in percent.

    reproduction.py RUNS ARCH...

FPR95 counts in-distribution as positive; OpenOOD's turns it round. cifar100 is near-OOD; far is the mean of the others.
"""

import json
import pathlib
import re
import statistics
import sys

runs = pathlib.Path(sys.argv[1])
# A run's name has one of these: a loss, or what tune-models made of it.
LOSSES = {"ce": "cross entropy", "logitnorm": "LogitNorm", "tuned": "LogitNorm, fine-tuned"}
PRECISIONS = ("f32", "int8")
NEAR = {"cifar100"}
# The score that LogitNorm's paper measures by, and the shipped one.
MAIN = ("msp", "combined")


def load(arch, loss, precision):
    """The reports of all seeds that are measured, by seed."""
    found = {}
    for path in runs.glob(f"{arch}-{loss}-s*/{precision}.json"):
        seed = int(re.search(r"-s(\d+)$", path.parent.name)[1])
        found[seed] = json.loads(path.read_text())
    return dict(sorted(found.items()))


def spread(values):
    values = [100 * v for v in values]
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"


def of(report, score, which, *measure):
    """One measure of one score, by its path in the report; `which` is a set's name, or "far"."""
    found = next(s for s in report["scores"] if s["score"] == score)
    values = []
    for part in found["sets"]:
        if part["name"] == which or (which == "far" and part["name"] not in NEAR):
            for key in measure:
                part = part[key]
            values.append(part)
    return statistics.mean(values)


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def headline(arch, reports, sets):
    """FPR95 of msp: what LogitNorm takes off cross entropy, as the paper puts it."""
    print(f"### {arch}: accuracy and FPR95 of msp\n")
    rows = []
    for loss, name in LOSSES.items():
        for precision in PRECISIONS:
            if found := reports[loss, precision].values():
                row = [name, precision, spread(r["in_distribution"]["accuracy"] for r in found)]
                rows.append(row + [spread(of(r, "msp", s, "fpr95") for r in found) for s in sets])
    table(["loss", "precision", "accuracy", *sets], rows)


def measures(arch, reports, sets):
    """AUROC, AUPR and FPR95 with either class as the positive one."""
    columns = {
        "AUROC": ["auroc"],
        "FPR95": ["fpr95"],
        "FPR95, OpenOOD's": ["openood", "fpr95"],
        "AUPR-in": ["aupr_in"],
        "AUPR-out": ["aupr_out"],
    }
    for score in MAIN:
        print(f"### {arch}: {score}\n")
        rows = [
            [name, precision, s, *(spread(of(r, score, s, *path) for r in reports[loss, precision].values()) for path in columns.values())]
            for loss, name in LOSSES.items()
            for precision in PRECISIONS
            if reports[loss, precision]
            for s in [*sets, "far"]
        ]
        table(["loss", "precision", "set", *columns], rows)


def all_scores(arch, reports, sets, scores):
    for loss, name in LOSSES.items():
        found = reports[loss, "int8"].values()
        if not found:
            continue
        print(f"### {arch}, {name}, int8: AUROC / FPR95\n")
        rows = []
        for score in scores:
            cells = [
                " / ".join(spread(of(r, score, s, measure) for r in found) for measure in ("auroc", "fpr95"))
                for s in [*sets, "far"]
            ]
            rows.append([score, *cells])
        table(["score", *sets, "far"], rows)


def int8_effect(arch, reports, scores, sets):
    """AUROC of the int8 file less that of its f32 twin, seed by seed."""
    pairs = {
        loss: [(a, reports[loss, "f32"][seed]) for seed, a in reports[loss, "int8"].items() if seed in reports[loss, "f32"]]
        for loss in LOSSES
    }
    pairs = {loss: found for loss, found in pairs.items() if found}
    if not pairs:
        return
    print(f"### {arch}: what int8 does to AUROC, int8 - f32\n")
    near = [s for s in sets if s in NEAR]
    rows = [
        [score]
        + [
            spread(of(a, score, s, "auroc") - of(b, score, s, "auroc") for a, b in pairs[loss])
            for loss in pairs
            for s in [*near, "far"]
        ]
        for score in scores
    ]
    table(["score"] + [f"{name}, {s}" for name in map(LOSSES.get, pairs) for s in [*near, "far"]], rows)


for arch in sys.argv[2:]:
    reports = {(loss, precision): load(arch, loss, precision) for loss in LOSSES for precision in PRECISIONS}
    if not all(reports[loss, "int8"] for loss in ("ce", "logitnorm")):
        print(f"{arch}: the int8 files are not measured for both losses\n")
        continue
    some = next(iter(reports["ce", "int8"].values()))
    sets = [s["name"] for s in some["scores"][0]["sets"]]
    scores = [s["score"] for s in some["scores"]]
    for loss, name in LOSSES.items():
        for precision in PRECISIONS:
            seeds = ", ".join(map(str, reports[loss, precision]))
            if seeds or loss != "tuned":
                print(f"- {arch}, {name}, {precision}: seeds {seeds or 'none'}")
    print()
    headline(arch, reports, sets)
    measures(arch, reports, sets)
    all_scores(arch, reports, sets, scores)
    int8_effect(arch, reports, scores, sets)
