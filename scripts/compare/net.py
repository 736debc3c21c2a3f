"""A network as convolutions, sums and a linear head, in f32 and in 8 bits. Its image is called IMAGE."""

from dataclasses import dataclass

import numpy as np

IMAGE = "image"
# The camera's bytes are the codes: real = (pixel - 128) / 64.
PIXELS = (np.float32(1 / 64), 128)


@dataclass(frozen=True)
class Conv:
    """Padded by half its kernel. Of 8 bits where `weight_scale` is there: weight s8, bias s32, one scale a channel."""

    name: str
    source: str
    weight: np.ndarray  # [outputs, inputs / groups, kernel, kernel]
    bias: np.ndarray
    stride: int = 1
    groups: int = 1
    limits: tuple = (None, None)  # what the output is clipped to; in 8 bits its codes do that
    weight_scale: np.ndarray | None = None

    @property
    def kernel(self):
        return self.weight.shape[2]

    @property
    def pad(self):
        return self.kernel // 2

    @property
    def depthwise(self):
        return self.groups > 1


@dataclass(frozen=True)
class Add:
    name: str
    sources: tuple
    limits: tuple = (None, None)


@dataclass(frozen=True)
class Net:
    """`codes` has the (scale, zero point) of each layer and of the image; None in f32."""

    name: str
    size: int
    layers: list
    head_weight: np.ndarray
    head_bias: np.ndarray
    codes: dict | None = None

    def shapes(self):
        """Channels and side of the image and of each layer."""
        shapes = {IMAGE: (3, self.size)}
        for layer in self.layers:
            if isinstance(layer, Add):
                shapes[layer.name] = shapes[layer.sources[0]]
            else:
                side = (shapes[layer.source][1] - 1) // layer.stride + 1
                shapes[layer.name] = (layer.weight.shape[0], side)
        return shapes

    def macs(self):
        """Multiplications of one inference."""
        shapes = self.shapes()
        convs = [layer for layer in self.layers if isinstance(layer, Conv)]
        return sum(c.weight.size * shapes[c.name][1] ** 2 for c in convs) + self.head_weight.size


def dequantized(net):
    """`net` of 8 bits in f32. A zero point of 0 is a relu."""
    layers = []
    for layer in net.layers:
        limits = (0 if net.codes[layer.name][1] == 0 else None, None)
        if isinstance(layer, Add):
            layers.append(Add(layer.name, layer.sources, limits))
            continue
        scale = layer.weight_scale
        weight = layer.weight * scale.reshape(-1, 1, 1, 1)
        bias = (layer.bias * scale.astype(np.float64) * net.codes[layer.source][0]).astype(np.float32)
        layers.append(Conv(layer.name, layer.source, weight, bias, layer.stride, layer.groups, limits))
    return Net(net.name, net.size, layers, net.head_weight, net.head_bias)
