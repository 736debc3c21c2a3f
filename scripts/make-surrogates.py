#!/usr/bin/env python3
"""Makes OOD images out of nothing but CIFAR-10's calibration set: what a score may be chosen on.

    make-surrogates.py DATA DEST

Reads DATA/cifar-10-batches-bin/data_batch_5.bin, whose last 5,000 images are the calibration set. Writes
DEST/calibration.bin and 1,500 PNG files in each of DEST/{gaussian,uniform,blurred,shuffled}. Then:

    normgate eval --model MODEL --id DEST/calibration.bin --ood gaussian=DEST/gaussian --ood uniform=DEST/uniform \\
        --ood blurred=DEST/blurred --ood shuffled=DEST/shuffled
"""

import pathlib
import sys

import numpy as np
from PIL import Image, ImageFilter

COUNT = 1500
data, dest = map(pathlib.Path, sys.argv[1:])
records = np.fromfile(data / "cifar-10-batches-bin/data_batch_5.bin", np.uint8).reshape(-1, 3073)[5000:]
images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
random = np.random.default_rng(0)


def put(name, pictures):
    folder = dest / name
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{index:05d}.png", compress_level=1)


def shuffled(image):
    """The image with its sixteen 8x8 patches in another order."""
    patches = image.reshape(4, 8, 4, 8, 3).transpose(0, 2, 1, 3, 4).reshape(16, 8, 8, 3)
    mixed = patches[random.permutation(16)].reshape(4, 4, 8, 8, 3)
    return mixed.transpose(0, 2, 1, 3, 4).reshape(32, 32, 3)


shape = (COUNT, 32, 32, 3)
put("gaussian", np.clip(random.normal(128, 64, shape), 0, 255).astype(np.uint8))
put("uniform", random.integers(0, 256, shape, dtype=np.uint8))
put("blurred", [np.asarray(Image.fromarray(i).filter(ImageFilter.GaussianBlur(3))) for i in images[:COUNT]])
put("shuffled", [shuffled(i) for i in images[:COUNT]])
records.tofile(dest / "calibration.bin")
