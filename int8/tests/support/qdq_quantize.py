"""Quantizes a small classifier with onnxruntime.quantization into DIR/NAME.onnx, with an input for each in DIR/NAME.in."""

import logging
import pathlib
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

# It would rather have the model optimized before.
logging.disable(logging.WARNING)
folder = pathlib.Path(sys.argv[1])
random = numpy.random.default_rng(1)
shape = [1, 3, 12, 12]


def tensor(name, *dims):
    return numpy_helper.from_array((random.standard_normal(dims) * 0.3).astype(numpy.float32), name)


def classifier():
    """Convolutions with Relu and Clip, a residual sum, pools, a concatenation, a linear layer."""
    pads = {"kernel_shape": [3, 3], "pads": [1] * 4}
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], **pads),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "w2", "b2"], ["c2"], **pads),
        helper.make_node("Add", ["c2", "p1"], ["s"]),
        helper.make_node("Relu", ["s"], ["r2"]),
        helper.make_node("Conv", ["r2", "w3", "b3"], ["c3"], group=8, **pads),
        helper.make_node("Clip", ["c3", "zero", "six"], ["r3"]),
        helper.make_node("Concat", ["r3", "r2"], ["cat"], axis=1),
        helper.make_node("GlobalAveragePool", ["cat"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Gemm", ["f", "w4", "b4"], ["y"], transB=1),
    ]
    for node in nodes:
        node.name = node.output[0]
    weights = [
        tensor("w1", 8, 3, 3, 3),
        tensor("b1", 8),
        tensor("w2", 8, 8, 3, 3),
        tensor("b2", 8),
        tensor("w3", 8, 1, 3, 3),
        tensor("b3", 8),
        tensor("w4", 10, 16),
        tensor("b4", 10),
        numpy_helper.from_array(numpy.float32(0), "zero"),
        numpy_helper.from_array(numpy.float32(6), "six"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])
    graph = helper.make_graph(nodes, "classifier", [x], [y], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Images(CalibrationDataReader):
    def __init__(self):
        self.left = 8

    def get_next(self):
        self.left -= 1
        return {"x": random.standard_normal(shape).astype(numpy.float32)} if self.left >= 0 else None


float_model = folder / "float.model"
onnx.save(classifier(), float_model)
for name, codes in [("u8", QuantType.QUInt8), ("s8", QuantType.QInt8)]:
    for symmetric in (False, True):
        for per_channel in (False, True):
            path = folder / "_".join([name] + ["symmetric"] * symmetric + ["channels"] * per_channel)
            quantize_static(
                float_model,
                path.with_suffix(".onnx"),
                Images(),
                quant_format=QuantFormat.QDQ,
                activation_type=codes,
                weight_type=QuantType.QInt8,
                per_channel=per_channel,
                reduce_range=True,
                extra_options={"ActivationSymmetric": symmetric},
            )
            image = random.standard_normal(shape).astype(numpy.float32)
            path.with_suffix(".in").write_bytes(image.tobytes())
