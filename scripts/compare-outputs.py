#!/usr/bin/env python3
"""A table of runs by AUROC and FPR95, out of what `normgate-train outputs` wrote for each.

    compare-outputs.py [--seen SET,SET] NAME=FILE...

Each file has the sets `calibration` (in-distribution, with labels), `fit` (fit images, for neighbours, means and ranks),
`near` and any others (far). The far mean leaves out the sets that training has seen the like of. In-distribution counts
as positive; the larger score is the more known one. `centred_norm` is the norm of the logits less their mean. `combined`
is the sum of the logarithms of two ranks among the fit images, of `cosine` and `max_logit`.

The second table is of the shares of each set that a threshold keeps, percent: of `combined`, one for all or one for each
predicted class, from one half of the calibration images at 5% rejected, on the other half; the mean of 20 divisions.
"""

import json
import sys

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

K = 10
DIVISIONS = 20
REJECTED = 0.05


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
        "centred_norm": np.linalg.norm(z - z.mean(1, keepdims=True), axis=1),
        "feature_norm": np.linalg.norm(h, axis=1),
        f"knn{K}": np.sort(near @ bank.T, axis=1)[:, -K],
        "cosine": (near @ means.T).max(1),
    }


def log_share(known, values):
    """The logarithm of the share of `known` that is not above each value; below them all it goes on falling."""
    table = np.sort(known)
    rank = np.searchsorted(table, values, side="right")
    below = (table[0] - values) / max(table[len(table) // 2] - table[0], 1e-12)
    return np.log(np.maximum(rank, 1) / len(table)) - np.where(rank == 0, below, 0)


def combined(fit, values):
    return sum(log_share(fit[score], values[score]) for score in ("cosine", "max_logit"))


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
    fit = scores(tensors, "fit", bank, means)
    predicted = {name: tensors[f"{name}.logits"].argmax(1) for name in [*sets, "calibration"]}

    def measured(name):
        values = scores(tensors, name, bank, means)
        values["combined"] = combined(fit, values)
        return values

    inside = measured("calibration")
    hits = known[tensors["calibration.logits"].argmax(1)] == tensors["calibration.labels"]
    table, kept = {}, {}
    for name in sets:
        outside = measured(name)
        table[name] = {s: judged(inside[s], outside[s]) for s in inside}
        kept[name] = outside["combined"]
    return hits.mean(), table, thresholds(inside["combined"], kept, predicted)


def thresholds(inside, outside, predicted):
    """Shares kept by one threshold and by one a class, of the other half of the calibration images and of each set."""
    random = np.random.default_rng(0)
    classes = np.unique(predicted["calibration"])
    rows = []
    for _ in range(DIVISIONS):
        first, second = np.array_split(random.permutation(len(inside)), 2)
        by_class = np.zeros(classes.max() + 1)
        for c in classes:
            by_class[c] = np.quantile(inside[first][predicted["calibration"][first] == c], REJECTED)
        one = np.full(len(by_class), np.quantile(inside[first], REJECTED))
        rows.append([
            [np.mean(inside[second] >= t[predicted["calibration"][second]])]
            + [np.mean(values >= t[predicted[name]]) for name, values in outside.items()]
            for t in (one, by_class)
        ])
    return np.mean(rows, 0)


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
for name, (accuracy, table, _) in rows.items():
    for score in table[sets[0]]:
        cells = [f"{table[s][score][0] * 100:.1f} / {table[s][score][1] * 100:.0f}" for s in far]
        mean = [100 * np.mean([table[s][score][i] for s in far if s not in seen]) for i in (0, 1)]
        near = [100 * v for v in table["near"][score]] if "near" in table else [np.nan] * 2
        print(f"| {name} | {score} | {accuracy * 100:.2f} | {near[0]:.2f} / {near[1]:.1f} | {mean[0]:.2f} / {mean[1]:.1f} | "
              + " | ".join(cells) + " |")

print("\n| run | threshold | calibration | " + " | ".join(sets) + " | mean of the sets |")
print("| --- " * (4 + len(sets)) + "|")
for name, (_, _, shares) in rows.items():
    for kind, row in zip(("one", "by class"), 100 * shares, strict=True):
        print(f"| {name} | {kind} | " + " | ".join(f"{v:.1f}" for v in row) + f" | {row[1:].mean():.1f} |")
