"""From f32 to 8 bits, by the rules of training/src/quantize.rs."""

from dataclasses import replace

import numpy as np
import onnxruntime

import onnx_files
from net import IMAGE, PIXELS, Conv

IMAGES = 32
SMALLEST_SCALE = 1e-9


def image(random, size):
    """Pixels [1, size, size, 3]: smooth patches with noise on them."""
    patches = np.kron(random.standard_normal((size // 8, size // 8, 3)), np.ones((8, 8, 1)))
    noise = 0.3 * random.standard_normal((size, size, 3))
    return np.clip(128 + 64 * (patches + noise), 0, 255).astype(np.uint8)[None]


def quantized(net):
    """`net` in 8 bits; ranges from the least to the greatest value seen."""
    codes = {IMAGE: PIXELS} | {name: _code(*span) for name, span in _ranges(net).items()}
    layers = [_conv(layer, codes[layer.source][0]) if isinstance(layer, Conv) else layer for layer in net.layers]
    return replace(net, layers=layers, codes=codes)


def _ranges(net):
    names = [layer.name for layer in net.layers]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = onnx_files.float32(net, names).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(99)
    low, high = np.zeros(len(names)), np.zeros(len(names))
    for _ in range(IMAGES):
        values = session.run(names, {onnx_files.INPUT: image(random, net.size)})
        low = np.minimum(low, [v.min() for v in values])
        high = np.maximum(high, [v.max() for v in values])
    return dict(zip(names, zip(low, high)))


def _code(low, high):
    scale = np.float32(max((high - low) / 255, SMALLEST_SCALE))
    return scale, int(np.clip(np.rint(-low / np.float64(scale)), 0, 255))


def _conv(conv, input_scale):
    largest = np.abs(conv.weight).max(axis=(1, 2, 3))
    scale = np.maximum(largest / np.float32(127), np.float32(SMALLEST_SCALE))
    weight = np.clip(np.rint(conv.weight / scale.reshape(-1, 1, 1, 1)), -127, 127).astype(np.int8)
    bias = np.rint(conv.bias / (np.float64(input_scale) * scale)).astype(np.int32)
    return replace(conv, weight=weight, weight_scale=scale, bias=bias)
