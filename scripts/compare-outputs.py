#!/usr/bin/env python3
"""A table of runs by AUROC and FPR95, out of what `normgate-train outputs` wrote for each.

    compare-outputs.py [--seen SET,SET] NAME=FILE...

Each file has the sets `calibration` (in-distribution, with labels), `fit` (fit images, for neighbours and means), `near`
and any others (far). The far mean leaves out the sets that training has seen the like of. In-distribution counts as
positive; the larger score is the more known one.
"""

import json
import sys

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

K = 10


def load(path):
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        body = file.read()
    kinds = {"F32": np.float32, "I64": np.int64}
    tensors = {}
    for name, about in header.items():
        if name != "__metadata__":
            start, end = about["data_offsets"]
            tensors[name] = np.frombuffer(body[start:end], kinds[about["dtype"]]).reshape(about["shape"])
    return tensors


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def scores(tensors, name, bank, means):
    z = tensors[f"{name}.logits"].astype(np.float64)
    h = tensors[f"{name}.features"].astype(np.float64)
    largest = z.max(1)
    near = unit(h)
    return {
        "msp": 1 / np.exp(z - largest[:, None]).sum(1),
        "max_logit": largest,
        "logit_norm": np.linalg.norm(z, axis=1),
        "feature_norm": np.linalg.norm(h, axis=1),
        f"knn{K}": np.sort(near @ bank.T, axis=1)[:, -K],
        "cosine": (near @ means.T).max(1),
    }


def judged(positive, negative):
    y = np.r_[np.ones(len(positive)), np.zeros(len(negative))]
    s = np.r_[positive, negative]
    fpr, tpr, _ = roc_curve(y, s)
    return roc_auc_score(y, s), fpr[np.argmax(tpr >= 0.95)]


def report(path):
    tensors = load(path)
    bank = unit(tensors["fit.features"].astype(np.float64))
    classes = tensors["fit.logits"].shape[1]
    # Labels keep the numbers of all ten classes; those that the network knows, in order, are its own.
    known = np.unique(tensors["fit.labels"])
    assert len(known) == classes
    means = unit(np.stack([bank[tensors["fit.labels"] == c].mean(0) for c in known]))
    sets = sorted({name.split(".")[0] for name in tensors} - {"calibration", "fit"})
    inside = scores(tensors, "calibration", bank, means)
    hits = known[tensors["calibration.logits"].argmax(1)] == tensors["calibration.labels"]
    table = {}
    for name in sets:
        outside = scores(tensors, name, bank, means)
        table[name] = {s: judged(inside[s], outside[s]) for s in inside}
    return hits.mean(), table


arguments = sys.argv[1:]
seen = []
if arguments[:1] == ["--seen"]:
    seen, arguments = arguments[1].split(","), arguments[2:]
if not arguments:
    sys.exit(__doc__)
rows = {}
for argument in arguments:
    name, path = argument.split("=", 1)
    rows[name] = report(path)
sets = list(next(iter(rows.values()))[1])
far = [s for s in sets if s != "near"]
print("AUROC / FPR95, percent\n")
print("| run | score | accuracy | near | far, mean | " + " | ".join(far) + " |")
print("| --- " * (5 + len(far)) + "|")
for name, (accuracy, table) in rows.items():
    for score in table[sets[0]]:
        cells = [f"{table[s][score][0] * 100:.1f} / {table[s][score][1] * 100:.0f}" for s in far]
        mean = [100 * np.mean([table[s][score][i] for s in far if s not in seen]) for i in (0, 1)]
        near = [100 * v for v in table["near"][score]] if "near" in table else [np.nan] * 2
        print(f"| {name} | {score} | {accuracy * 100:.2f} | {near[0]:.2f} / {near[1]:.1f} | {mean[0]:.2f} / {mean[1]:.1f} | "
              + " | ".join(cells) + " |")
