#!/usr/bin/env python3
"""Makes svhn_150.bin and dtd_150.bin, unknown pictures for the virtual board, and clip.mjpeg, what a camera gives.

    make_pictures.py OOD_FOLDER

OOD_FOLDER holds the folders svhn and dtd of 32x32 PNG files: the first 10,000 of SVHN's test_32x32.mat; of DTD 1,200
textures, the short side to 32 pixels, then the centre. Of each, sorted by name, 150 at even distances: a rule that looks
at no model. A record is a zero, then 1024 red, green and blue bytes, as in CIFAR-10's binary files.
clip.mjpeg has three pictures of each of these and of ../fixtures/cifar10_test_300.bin on 640x480, as JPEG with 4:2:2.

Terms: SVHN (Netzer et al. 2011) is for non-commercial use, DTD (Cimpoi et al. 2014) for research. Needs numpy and Pillow.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

COUNT = 150
HERE = Path(__file__).parent


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name in ("svhn", "dtd"):
        files = sorted((Path(sys.argv[1]) / name).glob("*.png"))
        records = bytearray()
        for part in range(COUNT):
            pixels = np.asarray(Image.open(files[len(files) * (2 * part + 1) // (2 * COUNT)]).convert("RGB"))
            if pixels.shape != (32, 32, 3):
                sys.exit(f"{name}: {pixels.shape} pixels, expected 32x32 RGB")
            records += b"\0" + pixels.transpose(2, 0, 1).tobytes()
        (HERE / f"{name}_{COUNT}.bin").write_bytes(records)
    with open(HERE / "clip.mjpeg", "wb") as clip:
        for path in ("../fixtures/cifar10_test_300.bin", f"svhn_{COUNT}.bin", f"dtd_{COUNT}.bin"):
            records = np.frombuffer((HERE / path).read_bytes(), np.uint8).reshape(-1, 3073)
            for record in records[:: len(records) // 3][:3]:
                pixels = record[1:].reshape(3, 32, 32).transpose(1, 2, 0)
                picture = Image.fromarray(np.ascontiguousarray(pixels)).resize((640, 480), Image.Resampling.BICUBIC)
                picture.save(clip, "JPEG", quality=80, subsampling="4:2:2")


main()
