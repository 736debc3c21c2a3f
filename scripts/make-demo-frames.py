#!/usr/bin/env python3
"""Makes device/source/src/demo_frames/*.png from the published sets.

    make-demo-frames.py CIFAR10_FOLDER OOD_FOLDER

CIFAR10_FOLDER holds test_batch.bin and batches.meta.txt; OOD_FOLDER holds one folder of PNG files
for each unknown set. The choice is a rule that looks at no model: of CIFAR-10's test batch the
first image of each class and the first two that are left; of each unknown set, sorted by name,
the middle image of each third. Needs numpy and Pillow.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

UNKNOWN_SETS = ["cifar100", "svhn", "dtd", "mnist"]
KNOWN = 12


def known_frames(folder: Path):
    names = (folder / "batches.meta.txt").read_text().split()
    records = np.fromfile(folder / "test_batch.bin", np.uint8).reshape(-1, 3073)
    labels = records[:, 0]
    first = [int(np.flatnonzero(labels == label)[0]) for label in range(len(names))]
    rest = [index for index in range(KNOWN) if index not in first]
    for index in sorted(first + rest[: KNOWN - len(first)]):
        pixels = records[index, 1:].reshape(3, 32, 32).transpose(1, 2, 0)
        yield f"cifar10_{index:05}_{names[labels[index]]}.png", np.ascontiguousarray(pixels)


def unknown_frames(folder: Path):
    for name in UNKNOWN_SETS:
        files = sorted((folder / name).glob("*.png"))
        for third in range(3):
            index = len(files) * (2 * third + 1) // 6
            pixels = np.asarray(Image.open(files[index]).convert("RGB"))
            yield f"{name}_{index:05}_unknown.png", pixels


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    out = Path(__file__).parent.parent / "device/source/src/demo_frames"
    out.mkdir(exist_ok=True)
    for old in out.glob("*.png"):
        old.unlink()
    for make, folder in ((known_frames, sys.argv[1]), (unknown_frames, sys.argv[2])):
        for name, pixels in make(Path(folder)):
            Image.fromarray(pixels).save(out / name, optimize=True)
            print(name)


main()
