"""Writes each net in the forms that the runtimes read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

import litert_file
import ncnn_files
import nets
import onnx_files
import quantize
from net import dequantized

SHIPPED = Path(__file__).parents[2] / "models"
NAMES = ["resnet8", "resnet20", "wrn_40_2", "mobilenet_v2"]


@dataclass(frozen=True)
class Files:
    """Where one net's files are; `ncnn` is the .param file."""

    name: str
    int8: Path
    qdq: Path
    f32: Path
    litert: Path
    ncnn: Path
    pixels: Path
    macs: int = 0
    classes: int = 0


def _files(folder, name, **more):
    endings = {
        "int8": "int8.onnx",
        "qdq": "qdq.onnx",
        "f32": "f32.onnx",
        "litert": "tflite",
        "ncnn": "param",
        "pixels": "pixels",
    }
    paths = {field: folder / f"{name}.{ending}" for field, ending in endings.items()}
    return Files(**{"name": name, **paths, **more})


def _write_ncnn(path, model):
    param, weights = model
    path.write_text(param)
    path.with_suffix(".bin").write_bytes(weights)


def make(folder, name):
    """Writes the net `name` into `folder`. The ResNets are those of models/, the others have random weights."""
    shipped = SHIPPED / f"cifar10-{name}-v1.onnx"
    if shipped.exists():
        net = onnx_files.read_qoperator(onnx.load(shipped), name)
        real = dequantized(net)
        files = _files(folder, name, int8=shipped, macs=net.macs(), classes=len(net.head_bias))
    else:
        real = getattr(nets, name)()
        net = quantize.quantized(real)
        files = _files(folder, name, macs=net.macs(), classes=len(net.head_bias))
        onnx.save(onnx_files.qoperator(net), files.int8)
    onnx.save(onnx_files.qdq(net), files.qdq)
    onnx.save(onnx_files.float32(real), files.f32)
    files.litert.write_bytes(litert_file.litert(net))
    _write_ncnn(files.ncnn, ncnn_files.ncnn(net))
    quantize.image(np.random.default_rng(7), net.size).tofile(files.pixels)
    return files


def make_empty(folder):
    """A model without a network: the cost of a call."""
    files = _files(folder, "empty")
    onnx.save(onnx_files.empty(), files.int8)
    files.litert.write_bytes(litert_file.empty())
    _write_ncnn(files.ncnn, ncnn_files.empty())
    files.pixels.write_bytes(bytes(3))
    return files
