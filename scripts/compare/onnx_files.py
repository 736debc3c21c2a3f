"""A net as ONNX: QOperator (read and written), QDQ and f32. All take pixels u8 [1, H, W, 3]."""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from net import IMAGE, PIXELS, Add, Conv, Net

INPUT, LOGITS, FEATURES = "pixels", "logits", "features"
MICROSOFT = "com.microsoft"


class _Graph:
    def __init__(self):
        self.nodes = []
        self.initializers = {}

    def constant(self, name, value, dtype):
        self.initializers[name] = numpy_helper.from_array(np.asarray(value, dtype), name)
        return name

    def node(self, op, inputs, output, **attributes):
        domain = MICROSOFT if op == "QLinearAdd" else ""
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def code(self, net, name):
        """Scale and zero point of the layer `name`."""
        scale, zero_point = net.codes[name]
        return [
            self.constant(f"{name}.scale", scale, np.float32),
            self.constant(f"{name}.zero_point", zero_point, np.uint8),
        ]

    def finish(self, net, features, more_outputs=()):
        """The f32 head on the map `features`, and the model."""
        weight = self.constant("head.weight", net.head_weight, np.float32)
        bias = self.constant("head.bias", net.head_bias, np.float32)
        self.node("GlobalAveragePool", [features], "pooled")
        self.node("Flatten", ["pooled"], FEATURES, axis=1)
        self.node("Gemm", [FEATURES, weight, bias], LOGITS, transB=1)
        classes, channels = net.head_weight.shape
        outputs = [
            helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, [1, classes]),
            helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, [1, channels]),
        ]
        outputs += [helper.make_tensor_value_info(m, TensorProto.FLOAT, [1, None, None, None]) for m in more_outputs]
        pixels = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, [1, net.size, net.size, 3])
        graph = helper.make_graph(self.nodes, net.name, [pixels], outputs, list(self.initializers.values()))
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="compare-runtimes")
        checker.check_model(model)
        return model


def _attributes(conv):
    return {
        "kernel_shape": [conv.kernel] * 2,
        "strides": [conv.stride] * 2,
        "pads": [conv.pad] * 4,
        "group": conv.groups,
    }


def float32(net, more_outputs=()):
    """`net` in f32; the layers named in `more_outputs` are outputs too."""
    g = _Graph()
    zero = g.constant("pixel_zero", PIXELS[1], np.float32)
    step = g.constant("pixel_step", PIXELS[0], np.float32)
    g.node("Cast", [INPUT], "codes", to=TensorProto.FLOAT)
    g.node("Sub", ["codes", zero], "centred")
    g.node("Mul", ["centred", step], "scaled")
    g.node("Transpose", ["scaled"], IMAGE, perm=[0, 3, 1, 2])
    for layer in net.layers:
        low, high = layer.limits
        output = layer.name if low is None else f"{layer.name}.sum"
        if isinstance(layer, Add):
            g.node("Add", list(layer.sources), output)
        else:
            weight = g.constant(f"{layer.name}.weight", layer.weight, np.float32)
            bias = g.constant(f"{layer.name}.bias", layer.bias, np.float32)
            g.node("Conv", [layer.source, weight, bias], output, **_attributes(layer))
        if high is not None:
            limits = [g.constant(f"limit{limit}", limit, np.float32) for limit in layer.limits]
            g.node("Clip", [output, *limits], layer.name)
        elif low is not None:
            g.node("Relu", [output], layer.name)
    return g.finish(net, net.layers[-1].name, more_outputs)


def qoperator(net):
    """`net`, of 8 bits, as QLinearConv and QLinearAdd: the form of the files in models/."""
    g = _Graph()
    g.node("Transpose", [INPUT], IMAGE, perm=[0, 3, 1, 2])
    for layer in net.layers:
        if isinstance(layer, Add):
            operands = [i for source in layer.sources for i in [source, *g.code(net, source)]]
            g.node("QLinearAdd", operands + g.code(net, layer.name), layer.name)
            continue
        weight = [
            g.constant(f"{layer.name}.weight", layer.weight, np.int8),
            g.constant(f"{layer.name}.weight_scale", layer.weight_scale, np.float32),
            g.constant(f"{layer.name}.weight_zero_point", np.zeros_like(layer.bias), np.int8),
        ]
        bias = g.constant(f"{layer.name}.bias", layer.bias, np.int32)
        inputs = [layer.source, *g.code(net, layer.source), *weight, *g.code(net, layer.name), bias]
        g.node("QLinearConv", inputs, layer.name, **_attributes(layer))
    last = net.layers[-1].name
    g.node("DequantizeLinear", [last, *g.code(net, last)], "map")
    return g.finish(net, "map")


def qdq(net):
    """The numbers of `qoperator` as f32 operators between QuantizeLinear and DequantizeLinear."""
    g = _Graph()

    def real(codes, name):
        return g.node("DequantizeLinear", [codes, *g.code(net, name)], f"{name}.real")

    reals = {IMAGE: real(g.node("Transpose", [INPUT], f"{IMAGE}.codes", perm=[0, 3, 1, 2]), IMAGE)}
    for layer in net.layers:
        name = layer.name
        if isinstance(layer, Add):
            g.node("Add", [reals[source] for source in layer.sources], name)
        else:
            weight_scale = g.constant(f"{name}.weight_scale", layer.weight_scale, np.float32)
            weight = [
                g.constant(f"{name}.weight", layer.weight, np.int8),
                weight_scale,
                g.constant(f"{name}.weight_zero_point", np.zeros_like(layer.bias), np.int8),
            ]
            bias = [
                g.constant(f"{name}.bias", layer.bias, np.int32),
                g.constant(f"{name}.bias_scale", layer.weight_scale * net.codes[layer.source][0], np.float32),
            ]
            g.node("DequantizeLinear", weight, f"{name}.weight.real", axis=0)
            g.node("DequantizeLinear", bias, f"{name}.bias.real", axis=0)
            inputs = [reals[layer.source], f"{name}.weight.real", f"{name}.bias.real"]
            g.node("Conv", inputs, name, **_attributes(layer))
        reals[name] = real(g.node("QuantizeLinear", [name, *g.code(net, name)], f"{name}.codes"), name)
    return g.finish(net, reals[net.layers[-1].name])


def empty():
    """A model that hands on one pixel: what is left of an inference without its network."""
    pixel = [helper.make_tensor_value_info(name, TensorProto.UINT8, [1, 1, 1, 3]) for name in (INPUT, LOGITS)]
    node = helper.make_node("Identity", [INPUT], [LOGITS])
    graph = helper.make_graph([node], "empty", pixel[:1], pixel[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def read_qoperator(model, name):
    """The net of a file that `qoperator` or normgate-train wrote."""
    graph = model.graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    shape = graph.input[0].type.tensor_type.shape
    layers, codes = [], {IMAGE: PIXELS}

    def remember(tensor, scale, zero_point):
        codes[tensor] = (values[scale].astype(np.float32)[()], int(values[zero_point]))

    for node in graph.node:
        inputs, output = node.input, node.output[0]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "QLinearConv":
            remember(output, *inputs[6:8])
            weight, bias, scale = values[inputs[3]], values[inputs[8]], values[inputs[4]]
            stride, groups = attributes["strides"][0], attributes["group"]
            conv = Conv(output, inputs[0], weight, bias, stride, groups, weight_scale=scale)
            if attributes["pads"] != [conv.pad] * 4:
                raise ValueError(f"{output} is not padded by half its kernel")
            layers.append(conv)
        elif node.op_type == "QLinearAdd":
            remember(output, *inputs[6:8])
            layers.append(Add(output, (inputs[0], inputs[3])))
        elif node.op_type not in ("Transpose", "DequantizeLinear", "GlobalAveragePool", "Flatten", "Gemm"):
            raise ValueError(f"{node.op_type} is no part of a model in models/")
    head = values["head.weight"], values["head.bias"]
    return Net(name, shape.dim[1].dim_value, layers, *head, codes)
