#!/usr/bin/env python3
"""Writes a model's card to standard output, out of what train-models left.

    card.py ARCH RUNS NORMGATE
"""

import json
import pathlib
import subprocess
import sys

arch, runs, normgate = sys.argv[1:]
name = f"cifar10-{arch}"


def load(loss, file):
    folder = pathlib.Path(runs) / f"{arch}-{loss}"
    described = subprocess.run(
        [normgate, "inspect", folder / f"{file}-v1.onnx", "--json"], check=True, capture_output=True
    )
    inspected = json.loads(described.stdout)
    report = json.loads((folder / "eval.json").read_text())
    return inspected, report, (folder / "eval.txt").read_text().rstrip()


(ours, report, table), (twin, twin_report, twin_table) = load("logitnorm", name), load("ce", f"{name}-ce")
d, t = ours["description"], twin["description"]
recipe, quantization = d["recipe"]["training"], d["recipe"]["quantization"]


def percent(value):
    return f"{value * 100:.2f}%"


def best(report):
    """AUROC and FPR95 of the msp score, the one that cross entropy is best known by, and of the gate's."""
    return {s["score"]: {x["name"]: (x["auroc"], x["fpr95"]) for x in s["sets"]} for s in report["scores"]}


scores, twin_scores = best(report), best(twin_report)
gate = report["gate"]["score"]
sets = [x["name"] for x in report["scores"][0]["sets"]]
print(f"# {name} v1\n")
print(f"{recipe['arch']} for CIFAR-10's ten classes, trained with LogitNorm (tau {recipe['loss']['tau']}), int8, ", end="")
print(f"{ours['bytes']:,} bytes. `{name}-ce-v1.onnx` is its cross-entropy twin: the same recipe but for the loss.\n")
print("Intended for research and demonstration: CIFAR-10's images are small, and state no licence.\n")
print("## Recipe\n")
print(f"`scripts/train-models DATA` makes both. {recipe['epochs']} epochs of the first {d['fit']['images']:,} training ", end="")
print(f"images, batch {recipe['batch']}, SGD with Nesterov momentum {recipe['momentum']}, peak learning rate ", end="")
print(f"{recipe['learning_rate']}, {recipe['schedule']['kind']} schedule, warm-up {recipe['warmup_epochs']:g} epoch, ", end="")
print(f"weight decay {recipe['weight_decay']:g}, crop and flip, seed {recipe['seed']}, {recipe['precision']} convolutions ", end="")
print(f"on a CPU. The last {d['calibration']['images']:,} training images set ranges and threshold; test images and ", end="")
print("OOD sets are only ever scored.\n")
if recipe.get("start"):
    print("The weights do not start fresh: they are those of an earlier run, whose fingerprint stands in the file's recipe.", end=" ")
if recipe.get("pixmix"):
    print(f"PixMix on {percent(recipe['pixmix'])} of the images, with drawn pictures of nothing for its fractals.", end=" ")
if recipe.get("negatives"):
    n = recipe["negatives"]
    print(f"Negatives ({', '.join(n['kinds'])}), {percent(n['share'])} of a batch, are pulled to the uniform distribution ", end="")
    print(f"with weight {n['weight']:g}. All of them are made of the batch and of nothing.", end="")
if any(recipe.get(step) for step in ("start", "pixmix", "negatives")):
    print("\n")
print("Activation ranges were chosen by the error of the int8 runtime's logits on the calibration images:\n")
print("| ranges | squared error of the logits, share |\n| --- | --- |")
for c in quantization["candidates"]:
    kind = c["ranges"]["kind"].replace("_", "-")
    keep = f" {c['ranges']['keep'] * 100:g}" if "keep" in c["ranges"] else ""
    chosen = " (chosen)" if c["ranges"] == quantization["ranges"] else ""
    print(f"| {kind}{keep}{chosen} | {c['logit_error']:.2e} |")
print("\n## Figures\n")
print("| | LogitNorm | cross entropy |\n| --- | --- | --- |")
print(f"| test accuracy, f32 | {percent(d['accuracy']['f32'])} | {percent(t['accuracy']['f32'])} |")
print(f"| test accuracy, int8 | {percent(d['accuracy']['int8'])} | {percent(t['accuracy']['int8'])} |")
for score in dict.fromkeys(["msp", gate]):
    for which in sets:
        (a, f), (ta, tf) = scores[score][which], twin_scores[score][which]
        print(f"| {which}, {score}: AUROC / FPR95 | {percent(a)} / {percent(f)} | {percent(ta)} / {percent(tf)} |")
kept, twin_kept = report["in_distribution"]["kept"], twin_report["in_distribution"]["kept"]
print(f"| test images kept at the stored threshold | {percent(kept)} | {percent(twin_kept)} |")
bound = ours["reject_bound"]
print(f"\nThe threshold rejects at most {percent(bound['share'])} of known inputs, with {bound['assurance']:.0%} assurance. ", end="")
print("int8 on this project's runtime unless said otherwise; FPR95 counts in-distribution as positive.\n")
command = f"normgate eval --model models/{{}}-v1.onnx --id DATA/cifar-10-batches-bin"
command += "".join(f" --ood {s}=DATA/ood/{s}" for s in sets)
for file, text in ((name, table), (f"{name}-ce", twin_table)):
    print(f"`{command.format(file)}`:\n\n```text\n{text}\n```\n")
