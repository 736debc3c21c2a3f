#!/usr/bin/env python3
"""Writes a model's card to standard output, beside the figures of another model.

    card.py OURS.onnx MEASURED OTHER.onnx MEASURED NORMGATE

MEASURED.json and MEASURED.txt are what scripts/evaluate wrote of the file before it. The other one is a cross-entropy twin,
or the version that this one replaces.
"""

import json
import pathlib
import subprocess
import sys

SETS = "cifar100 svhn dtd mnist".split()


def percent(value):
    return f"{value * 100:.2f}%"


class Model:
    def __init__(self, path, measured, normgate):
        found = subprocess.run([normgate, "inspect", path, "--json"], check=True, capture_output=True)
        self.inspected = json.loads(found.stdout)
        self.report = json.loads(pathlib.Path(f"{measured}.json").read_text())
        self.table = pathlib.Path(f"{measured}.txt").read_text().rstrip()
        self.description = self.inspected["description"]
        self.recipe = self.description["recipe"]["training"]
        self.file = f"{self.description['name']}-v{self.description['version']}"
        self.loss = {"cross_entropy": "cross entropy", "logit_norm": "LogitNorm"}[self.recipe["loss"]["kind"]]

    def of(self, score, which):
        """AUROC and FPR95."""
        found = next(s for s in self.report["scores"] if s["score"] == score)
        found = next(s for s in found["sets"] if s["name"] == which)
        return f"{percent(found['auroc'])} / {percent(found['fpr95'])}"


def steps(recipe):
    """What the recipe has beside images."""
    if recipe.get("start"):
        yield "The weights do not start fresh: the fingerprint of those they start from stands in the file's recipe."
    if recipe.get("ema_decay"):
        yield f"The exported weights are an exponential average (decay {recipe['ema_decay']:g} a step)."
    if recipe.get("pixmix"):
        yield f"PixMix on {percent(recipe['pixmix'])} of the images, with drawn pictures of nothing for its fractals."
    if negatives := recipe.get("negatives"):
        yield (
            f"Negatives ({', '.join(negatives['kinds'])}), {percent(negatives['share'])} of a batch, are pulled to the "
            f"uniform distribution with weight {negatives['weight']:g}; all are made of the batch and of nothing."
        )


*files, normgate = sys.argv[1:]
ours, other = Model(*files[:2], normgate), Model(*files[2:], normgate)
d, recipe = ours.description, ours.recipe
twins = ours.loss != other.loss
heads = (ours.loss, other.loss) if twins else (f"v{d['version']}", f"v{other.description['version']}")
if twins:
    beside = f"`{other.file}.onnx` is its cross-entropy twin: the same recipe but for the loss."
    makes = "`scripts/train-models DATA` makes both."
else:
    beside = f"It starts from weights of the recipe of `{other.file}.onnx`, by another seed."
    makes = "`scripts/tune-models DATA` makes it."

print(f"# {d['name']} v{d['version']}\n")
print(f"{recipe['arch']} for CIFAR-10's ten classes, trained with {ours.loss} (tau {recipe['loss']['tau']}), int8, ", end="")
print(f"{ours.inspected['bytes']:,} bytes. {beside}\n")
print("Intended for research and demonstration: CIFAR-10's images are small, and state no licence.\n")
print("## Recipe\n")
print(f"{makes} {recipe['epochs']} epochs of the first {d['fit']['images']:,} training ", end="")
print(f"images, batch {recipe['batch']}, SGD with Nesterov momentum {recipe['momentum']}, peak learning rate ", end="")
print(f"{recipe['learning_rate']}, {recipe['schedule']['kind']} schedule, warm-up {recipe['warmup_epochs']:g} epoch, ", end="")
print(f"weight decay {recipe['weight_decay']:g}, crop and flip, seed {recipe['seed']}, {recipe['precision']} convolutions ", end="")
print(f"on a CPU. The last {d['calibration']['images']:,} training images set ranges and threshold; test images and ", end="")
print("OOD sets are only ever scored.\n")
if further := " ".join(steps(recipe)):
    print(f"{further}\n")
print("Activation ranges were chosen by the error of the int8 runtime's logits on the calibration images:\n")
print("| ranges | squared error of the logits, share |\n| --- | --- |")
quantization = d["recipe"]["quantization"]
for c in quantization["candidates"]:
    kind = c["ranges"]["kind"].replace("_", "-")
    keep = f" {c['ranges']['keep'] * 100:g}" if "keep" in c["ranges"] else ""
    chosen = " (chosen)" if c["ranges"] == quantization["ranges"] else ""
    print(f"| {kind}{keep}{chosen} | {c['logit_error']:.2e} |")
print("\n## Figures\n")
print(f"| | {heads[0]} | {heads[1]} |\n| --- | --- | --- |")
for precision in ("f32", "int8"):
    print(f"| test accuracy, {precision} | " + " | ".join(percent(m.description["accuracy"][precision]) for m in (ours, other)) + " |")
for score in dict.fromkeys(["msp", "combined", ours.report["gate"]["score"]]):
    for which in SETS:
        print(f"| {which}, {score}: AUROC / FPR95 | {ours.of(score, which)} | {other.of(score, which)} |")
print("| score of the gate | " + " | ".join(m.report["gate"]["score"] for m in (ours, other)) + " |")
print("| test images kept at the stored threshold | " + " | ".join(percent(m.report["in_distribution"]["kept"]) for m in (ours, other)) + " |")
bound = ours.inspected["reject_bound"]
print(f"\nThe threshold rejects at most {percent(bound['share'])} of known inputs, with {bound['assurance']:.0%} assurance. ", end="")
print("int8 on this project's runtime unless said otherwise; FPR95 counts in-distribution as positive.\n")
for model in (ours, other) if twins else (ours,):
    command = f"normgate eval --model models/{model.file}.onnx --id DATA/cifar-10-batches-bin"
    command += "".join(f" --ood {s}=DATA/ood/{s}" for s in SETS) + " --near cifar100"
    print(f"`{command}`:\n\n```text\n{model.table}\n```\n")
