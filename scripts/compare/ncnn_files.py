"""A net of 8 bits as ncnn's two files.

ncnn has no zero points: an activation is s8 with one scale, so one with relu has seven bits. Sums are f32, as ncnn's
own converter leaves them. Weights and ranges are those of the ONNX file; the logits are near its own, not equal.
"""

from collections import Counter

import numpy as np

from net import IMAGE, Add

# What stands before weights in the .bin file.
_S8_WEIGHTS, _F32_WEIGHTS = np.uint32(0x000D4B38), np.uint32(0)


class _Files:
    """Each blob of ncnn has one reader; what has more goes through a Split."""

    def __init__(self, readers):
        self.readers = readers
        self.lines, self.weights, self.blobs = [], [], {}

    def layer(self, kind, name, sources, parameters=""):
        inputs = [self.blobs[source].pop() for source in sources]
        self.lines.append(f"{kind} {name} {len(inputs)} 1 {' '.join([*inputs, name])} {parameters}")
        count = self.readers[name]
        self.blobs[name] = [name]
        if count > 1:
            self.blobs[name] = [f"{name}.{i}" for i in range(count)]
            self.lines.append(f"Split {name}.split 1 {count} {name} {' '.join(self.blobs[name])}")

    def data(self, values, dtype, tag=None):
        data = ([] if tag is None else [tag.tobytes()]) + [np.ascontiguousarray(values, dtype).tobytes()]
        data.append(bytes(-len(data[-1]) % 4))
        self.weights += data

    def finish(self):
        blobs = sum(int(line.split()[3]) for line in self.lines)
        param = "\n".join(["7767517", f"{len(self.lines)} {blobs}", *self.lines, ""])
        return param, b"".join(self.weights)


def ncnn(net):
    """The text of the .param file and the bytes of the .bin file. Input `image`, f32 [3, H, W]; output `logits`."""
    sources = {layer.name: layer.sources if isinstance(layer, Add) else (layer.source,) for layer in net.layers}
    summands = {s for layer in net.layers if isinstance(layer, Add) for s in layer.sources}
    readers = Counter(s for of_layer in sources.values() for s in of_layer)
    last = net.layers[-1].name
    f = _Files(readers)

    def steps(name):
        """Codes in one unit: 127 is the largest magnitude in the range of the layer `name`."""
        scale, zero_point = net.codes[name]
        return 127 / (scale * max(zero_point, 255 - zero_point))

    f.layer("Input", IMAGE, [], f"0={net.size} 1={net.size} 2=3")
    for layer in net.layers:
        name = layer.name
        relu = net.codes[name][1] == 0
        if isinstance(layer, Add):
            # Operation 1 is the sum.
            f.layer("Eltwise", f"{name}.sum" if relu else name, sources[name], "0=1")
            if relu:
                f.layer("ReLU", name, [f"{name}.sum"])
            continue
        # Where only convolutions read it, it stays in 8 bits: 100 more, and a scale for the output.
        stays = name not in summands and name != last
        parameters = f"0={layer.weight.shape[0]} 1={layer.kernel} 3={layer.stride} 4={layer.pad} 5=1"
        parameters += f" 6={layer.weight.size} 8={(1 if layer.depthwise else 2) + 100 * stays} 9={int(relu)}"
        if layer.depthwise:
            f.layer("ConvolutionDepthWise", name, sources[name], f"{parameters} 7={layer.groups}")
        else:
            f.layer("Convolution", name, sources[name], parameters)
        f.data(layer.weight, np.int8, _S8_WEIGHTS)
        f.data(layer.bias * layer.weight_scale * net.codes[layer.source][0], np.float32)
        f.data(1 / layer.weight_scale, np.float32)
        f.data(steps(layer.source), np.float32)
        if stays:
            f.data(steps(name), np.float32)
    # The global average, then the linear layer.
    f.layer("Pooling", "features", [last], "0=1 4=1")
    f.layer("InnerProduct", "logits", ["features"], f"0={len(net.head_bias)} 1=1 2={net.head_weight.size}")
    f.data(net.head_weight, np.float32, _F32_WEIGHTS)
    f.data(net.head_bias, np.float32)
    return f.finish()


def empty():
    """A model that hands on one pixel."""
    f = _Files(Counter())
    f.layer("Input", IMAGE, [], "0=1 1=1 2=3")
    f.layer("Noop", "logits", [IMAGE])
    return f.finish()
