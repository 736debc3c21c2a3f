#!/usr/bin/env python3
"""Prints what scripts/reproduce measured as tables: mean and sample deviation over the seeds, in percent.

    reproduction.py RUNS ARCH...
"""

import json
import pathlib
import re
import statistics
import sys

runs = pathlib.Path(sys.argv[1])
LOSSES = {"ce": "cross entropy", "logitnorm": "LogitNorm"}


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


def of(report, score, which, measure):
    """One measure of one score; `which` is a set's name, or "mean"."""
    found = next(s for s in report["scores"] if s["score"] == score)
    if which == "mean":
        return found["mean"][measure]
    return next(s for s in found["sets"] if s["name"] == which)[measure]


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


for arch in sys.argv[2:]:
    reports = {(l, p): load(arch, l, p) for l in LOSSES for p in ("int8", "f32")}
    if not all(reports[loss, "int8"] for loss in LOSSES):
        print(f"{arch}: the int8 files are not measured for both losses\n")
        continue
    some = next(iter(reports["ce", "int8"].values()))
    sets = [s["name"] for s in some["scores"][0]["sets"]]
    scores = [s["score"] for s in some["scores"]]
    for loss, name in LOSSES.items():
        seeds = ", ".join(map(str, reports[loss, "int8"]))
        print(f"{arch}, {name}: seeds {seeds}\n")
    print(f"### {arch}: accuracy and FPR95 of msp\n")
    rows = []
    for loss, name in LOSSES.items():
        for precision in ("f32", "int8"):
            all_ = reports[loss, precision].values()
            if not all_:
                continue
            row = [name, precision, spread(r["in_distribution"]["accuracy"] for r in all_)]
            rows.append(row + [spread(of(r, "msp", s, "fpr95") for r in all_) for s in sets])
    table(["loss", "precision", "accuracy"] + [f"{s} FPR95" for s in sets], rows)
    for loss, name in LOSSES.items():
        print(f"### {arch}, {name}, int8: AUROC / FPR95\n")
        rows = []
        for score in scores:
            all_ = reports[loss, "int8"].values()
            cells = [
                f"{spread(of(r, score, s, 'auroc') for r in all_)} / {spread(of(r, score, s, 'fpr95') for r in all_)}"
                for s in sets + ["mean"]
            ]
            rows.append([score] + cells)
        table(["score"] + sets + ["mean"], rows)
    if not all(reports[loss, "f32"] for loss in LOSSES):
        continue
    print(f"### {arch}: what int8 does to AUROC, int8 - f32, mean of the sets\n")
    rows = []
    for score in scores:
        cells = []
        for loss in LOSSES:
            pairs = [(reports[loss, "int8"][s], reports[loss, "f32"][s]) for s in reports[loss, "int8"] if s in reports[loss, "f32"]]
            cells.append(spread(of(a, score, "mean", "auroc") - of(b, score, "mean", "auroc") for a, b in pairs))
        rows.append([score] + cells)
    table(["score"] + list(LOSSES.values()), rows)
