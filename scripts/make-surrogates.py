#!/usr/bin/env python3
"""Makes OOD images out of nothing but CIFAR-10's calibration set: what a score or a recipe may be chosen on.

    make-surrogates.py DATA DEST [CLASS,CLASS...]

Reads DATA/cifar-10-batches-bin, of which the last 5,000 training images are the calibration set. Writes files of CIFAR
records (so that no image codec takes part) to DEST:

    calibration.bin   the calibration images, of the classes that are not named
    near.bin          those of the classes that are named: what a network trained without them never saw
    fit.bin           the first 1,000 fit images of the classes that are not named, for neighbours
    <kind>.bin        1,500 images of each kind below

    normgate eval --model MODEL --id DEST/calibration.bin --ood gaussian=DEST/gaussian.bin ...
"""

import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

COUNT = 1500
SIDE = 32
CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
data, dest = map(pathlib.Path, sys.argv[1:3])
left_out = [CLASSES.index(name) for name in (sys.argv[3].split(",") if len(sys.argv) > 3 else [])]
dest.mkdir(parents=True, exist_ok=True)
folder = data / "cifar-10-batches-bin"
random = np.random.default_rng(0)


def records(name):
    return np.fromfile(folder / name, np.uint8).reshape(-1, 3073)


def write(name, rows):
    rows.tofile(dest / f"{name}.bin")


def put(name, pictures):
    """Pictures [N, 32, 32, 3] as records of label 0, which is not used."""
    planes = np.asarray(pictures, np.uint8).transpose(0, 3, 1, 2).reshape(len(pictures), -1)
    write(name, np.concatenate([np.zeros((len(planes), 1), np.uint8), planes], 1))


def kept(rows):
    return rows[~np.isin(rows[:, 0], left_out)]


def shuffled(image):
    """The image with its sixteen 8x8 patches in another order."""
    patches = image.reshape(4, 8, 4, 8, 3).transpose(0, 2, 1, 3, 4).reshape(16, 8, 8, 3)
    mixed = patches[random.permutation(16)].reshape(4, 4, 8, 8, 3)
    return mixed.transpose(0, 2, 1, 3, 4).reshape(SIDE, SIDE, 3)


def zoomed(image):
    """A patch of 8x8 pixels, as large as the image: its texture without its object."""
    y, x = random.integers(0, SIDE - 8, 2)
    patch = Image.fromarray(image[y : y + 8, x : x + 8])
    return np.asarray(patch.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def scrambled(image):
    """The image's amplitudes of frequencies with random phases, the same for each colour."""
    phase = np.angle(np.fft.fft2(random.normal(size=(SIDE, SIDE))))
    phase[0, 0] = 0
    spectrum = np.fft.fft2(image.astype(float), axes=(0, 1)) * np.exp(1j * phase)[:, :, None]
    return np.clip(np.real(np.fft.ifft2(spectrum, axes=(0, 1))), 0, 255)


def mosaic(image):
    """A Voronoi mosaic of 6 to 24 cells, in colours of the image."""
    count = random.integers(6, 25)
    seeds = random.uniform(0, SIDE, (count, 2))
    grid = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"), -1)
    nearest = np.linalg.norm(grid[:, :, None] - seeds, axis=-1).argmin(-1)
    return image.reshape(-1, 3)[random.integers(0, SIDE * SIDE, count)][nearest]


def julia(_):
    """A Julia set in random colours."""
    angle, radius = random.uniform(0, 2 * np.pi), random.uniform(0.6, 0.9)
    scale, (cy, cx) = random.uniform(0.3, 1.5), random.uniform(-0.5, 0.5, 2)
    axis = np.linspace(-scale, scale, SIDE)
    z = (axis[None, :] + cx) + 1j * (axis[:, None] + cy)
    steps = np.zeros((SIDE, SIDE))
    for _ in range(40):
        z = np.where(np.abs(z) < 4, z * z + radius * np.exp(1j * angle), z)
        steps += np.abs(z) < 4
    return random.integers(0, 256, (41, 3))[steps.astype(int)]


def letters(image):
    """One to three letters in one colour on a plain ground or on the blurred image."""
    plain = random.random() < 0.5
    ground = np.broadcast_to(random.integers(0, 256, 3), image.shape).astype(np.uint8)
    picture = Image.fromarray(ground) if plain else Image.fromarray(image).filter(ImageFilter.GaussianBlur(4))
    draw = ImageDraw.Draw(picture)
    text = "".join(random.choice(list("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz"), random.integers(1, 4)))
    font = ImageFont.load_default(int(random.integers(14, 28)))
    place = tuple(int(v) for v in random.integers(12, 21, 2))
    draw.text(place, text, fill=tuple(int(v) for v in random.integers(0, 256, 3)), font=font, anchor="mm")
    return np.asarray(picture)


def blurred(image):
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(3)))


held = records("data_batch_5.bin")[5000:]
write("calibration", kept(held))
if left_out:
    write("near", held[np.isin(held[:, 0], left_out)])
write("fit", kept(records("data_batch_1.bin"))[:1000])
images = held[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)[:COUNT]
shape = (COUNT, SIDE, SIDE, 3)
put("gaussian", np.clip(random.normal(128, 64, shape), 0, 255))
put("uniform", random.integers(0, 256, shape, dtype=np.uint8))
for make in (blurred, shuffled, zoomed, scrambled, mosaic, julia, letters):
    put(make.__name__, [make(image) for image in images])
