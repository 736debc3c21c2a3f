"""A net of 8 bits as a LiteRT file, written straight into LiteRT's own schema: its converters need TensorFlow.

LiteRT's activations are s8: each code is the ONNX file's minus 128. Weights, biases and scales are the same.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from net import IMAGE, Add

_TYPES = {
    "int8": schema.TensorType.INT8,
    "int32": schema.TensorType.INT32,
    "float32": schema.TensorType.FLOAT32,
}
_OPS = schema.BuiltinOperator
_OPTIONS = schema.BuiltinOptions


class _File:
    def __init__(self):
        # By the format's rule, buffer 0 is empty.
        self.buffers = [schema.BufferT(data=[])]
        self.tensors, self.operators, self.codes = [], [], []
        self.of_name = {}

    def tensor(self, name, shape, dtype, scales=None, zero_points=None, axis=0, data=None):
        quantization = None
        if scales is not None:
            scales = np.atleast_1d(np.float32(scales))
            zeros = np.zeros(len(scales), np.int64) if zero_points is None else np.atleast_1d(np.int64(zero_points))
            quantization = schema.QuantizationParametersT(scale=scales, zeroPoint=zeros, quantizedDimension=axis)
        buffer = 0
        if data is not None:
            buffer = len(self.buffers)
            bytes_ = np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), np.uint8)
            self.buffers.append(schema.BufferT(data=bytes_))
        tensor = schema.TensorT(shape, _TYPES[dtype], buffer, name, quantization, hasRank=True)
        self.of_name[name] = len(self.tensors)
        self.tensors.append(tensor)
        return self.of_name[name]

    def constant(self, name, data, dtype, scales=None, axis=0):
        return self.tensor(name, list(np.shape(data)), dtype, scales, axis=axis, data=data)

    def operator(self, code, inputs, output, options_type=_OPTIONS.NONE, options=None, version=1):
        key = (code, version)
        if key not in self.codes:
            self.codes.append(key)
        index = self.codes.index(key)
        self.operators.append(schema.OperatorT(index, inputs, [output], options_type, options))

    def finish(self, name, inputs, outputs):
        graph = schema.SubGraphT(self.tensors, inputs, outputs, self.operators, name)
        # Codes above 127 would need another field.
        codes = [schema.OperatorCodeT(code, None, version, code) for code, version in self.codes]
        model = schema.ModelT(3, codes, [graph], name, self.buffers)
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def litert(net):
    """The file's bytes. Pixels s8 [1, H, W, 3] in; the head is f32, as in the ONNX file."""
    f = _File()
    shapes = net.shapes()

    def activation(name, of=None):
        channels, side = shapes[of or name]
        scale, zero_point = net.codes[of or name]
        return f.tensor(name, [1, side, side, channels], "int8", scale, zero_point - 128)

    def padded(name, pad):
        """An input padded on all sides. The padding that the format knows by itself may be on two sides only."""
        channels, side = shapes[name]
        scale, zero_point = net.codes[name]
        output = f"{name}.padded"
        if output not in f.of_name:
            side += 2 * pad
            f.tensor(output, [1, side, side, channels], "int8", scale, zero_point - 128)
            amounts = f.constant(f"{output}.amounts", [[0, 0], [pad, pad], [pad, pad], [0, 0]], "int32")
            inputs = [f.of_name[name], amounts]
            f.operator(_OPS.PAD, inputs, f.of_name[output], _OPTIONS.PadOptions, schema.PadOptionsT(), 2)
        return f.of_name[output]

    def conv(layer):
        source, padding = f.of_name[layer.source], schema.Padding.SAME
        if layer.pad and layer.stride > 1:
            source, padding = padded(layer.source, layer.pad), schema.Padding.VALID
        # [1, kernel, kernel, channels] for depthwise ones, [outputs, kernel, kernel, inputs] for the others.
        axes, axis = ((1, 2, 3, 0), 3) if layer.depthwise else ((0, 2, 3, 1), 0)
        weight = layer.weight.transpose(axes)
        weight = f.constant(f"{layer.name}.weight", weight, "int8", layer.weight_scale, axis)
        bias_scale = layer.weight_scale * net.codes[layer.source][0]
        bias = f.constant(f"{layer.name}.bias", layer.bias, "int32", bias_scale)
        strides = {"strideW": layer.stride, "strideH": layer.stride}
        output = activation(layer.name)
        if layer.depthwise:
            options = schema.DepthwiseConv2DOptionsT(padding, depthMultiplier=1, **strides)
            kind, code = _OPTIONS.DepthwiseConv2DOptions, _OPS.DEPTHWISE_CONV_2D
        else:
            options = schema.Conv2DOptionsT(padding, **strides)
            kind, code = _OPTIONS.Conv2DOptions, _OPS.CONV_2D
        f.operator(code, [source, weight, bias], output, kind, options, 3)

    image = activation(IMAGE)
    for layer in net.layers:
        if isinstance(layer, Add):
            operands = [f.of_name[source] for source in layer.sources]
            f.operator(_OPS.ADD, operands, activation(layer.name), _OPTIONS.AddOptions, schema.AddOptionsT(), 2)
        else:
            conv(layer)

    last = net.layers[-1].name
    (channels, side), classes = shapes[last], len(net.head_bias)
    real = f.tensor("map", [1, side, side, channels], "float32")
    f.operator(_OPS.DEQUANTIZE, [f.of_name[last]], real, _OPTIONS.DequantizeOptions, schema.DequantizeOptionsT(), 2)
    features = f.tensor("features", [1, channels], "float32")
    mean = schema.ReducerOptionsT(keepDims=False)
    f.operator(_OPS.MEAN, [real, f.constant("sides", [1, 2], "int32")], features, _OPTIONS.ReducerOptions, mean)
    logits = f.tensor("logits", [1, classes], "float32")
    head = [
        features,
        f.constant("head.weight", net.head_weight, "float32"),
        f.constant("head.bias", net.head_bias, "float32"),
    ]
    linear = schema.FullyConnectedOptionsT()
    f.operator(_OPS.FULLY_CONNECTED, head, logits, _OPTIONS.FullyConnectedOptions, linear)
    return f.finish(net.name, [image], [logits, features])


def empty():
    """A model that hands on one pixel. A file needs an operator."""
    f = _File()
    pixel = f.tensor(IMAGE, [1, 1, 1, 3], "int8", 1)
    real = f.tensor("logits", [1, 1, 1, 3], "float32")
    f.operator(_OPS.DEQUANTIZE, [pixel], real, _OPTIONS.DequantizeOptions, schema.DequantizeOptionsT(), 2)
    return f.finish("empty", [pixel], [real])
