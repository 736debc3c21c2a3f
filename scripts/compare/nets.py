"""Networks with random weights, BatchNorm already folded: the time of an inference does not depend on the weights."""

import numpy as np

from net import IMAGE, Add, Conv, Net

RELU, RELU6 = (0, None), (0, 6)
CLASSES = 10


class _Builder:
    def __init__(self, seed, size):
        self.random = np.random.default_rng(seed)
        self.size = size
        self.layers = []

    def put(self, layer):
        self.layers.append(layer)
        return layer.name

    def conv(self, source, inputs, outputs, kernel=1, stride=1, groups=1, limits=(None, None), gain=1.0):
        """`gain` 2 keeps the power of a layer with relu, 1 that of a layer without."""
        fan = inputs // groups * kernel**2
        weight = self.random.standard_normal((outputs, inputs // groups, kernel, kernel)) * np.sqrt(gain / fan)
        bias = self.random.standard_normal(outputs) * 0.05
        name = f"conv{len(self.layers)}"
        return self.put(Conv(name, source, np.float32(weight), np.float32(bias), stride, groups, limits))

    def norm(self, source, channels, power):
        """A BatchNorm and a relu after a sum of this power, as normgate-train exports it: a depthwise 1x1."""
        weight = self.random.uniform(0.7, 1.3, (channels, 1, 1, 1)) * np.sqrt(2 / power)
        bias = self.random.standard_normal(channels) * 0.1
        name = f"norm{len(self.layers)}"
        return self.put(Conv(name, source, np.float32(weight), np.float32(bias), 1, channels, RELU))

    def add(self, a, b):
        return self.put(Add(f"sum{len(self.layers)}", (a, b)))

    def net(self, name, channels):
        weight = self.random.standard_normal((CLASSES, channels)) / np.sqrt(channels)
        return Net(name, self.size, self.layers, np.float32(weight), np.zeros(CLASSES, np.float32))


def wrn_40_2():
    """Wide ResNet, depth 40, width 2 (Zagoruyko and Komodakis 2016), pre-activation."""
    b = _Builder(3, 32)
    # The first block's norm has only the stem before it, and is folded into it.
    a = b.conv(IMAGE, 3, 16, 3, limits=RELU, gain=2.0)
    x, power, channels = None, 0, 16
    for stage, width in enumerate([32, 64, 128]):
        for block in range(6):
            stride = 2 if stage > 0 and block == 0 else 1
            if x:
                a = b.norm(x, channels, power)
            h = b.conv(a, channels, width, 3, stride, limits=RELU, gain=2.0)
            h = b.conv(h, width, width, 3)
            if channels != width:
                x, power = b.add(h, b.conv(a, channels, width, 1, stride)), 2
            else:
                x, power = b.add(h, x), power + 1
            channels = width
    b.norm(x, channels, power)
    return b.net("wrn_40_2", channels)


def mobilenet_v2():
    """A MobileNetV2 (Sandler et al. 2018) of half width for 96 x 96 pixels."""
    b = _Builder(4, 96)
    x, channels = b.conv(IMAGE, 3, 16, 3, 2, limits=RELU6, gain=2.0), 16
    blocks = [(1, 8, 1, 1), (6, 16, 2, 2), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2), (6, 160, 1, 1)]
    for expand, outputs, count, first_stride in blocks:
        for block in range(count):
            stride = first_stride if block == 0 else 1
            hidden = channels * expand
            h = b.conv(x, channels, hidden, limits=RELU6, gain=2.0) if expand > 1 else x
            h = b.conv(h, hidden, hidden, 3, stride, hidden, limits=RELU6, gain=2.0)
            h = b.conv(h, hidden, outputs)
            x = b.add(h, x) if stride == 1 and channels == outputs else h
            channels = outputs
    b.conv(x, channels, 640, limits=RELU6, gain=2.0)
    return b.net("mobilenet_v2", 640)
