"""Runs each DIR/NAME.onnx on DIR/NAME.in with onnxruntime and writes the bytes of its first output to DIR/NAME.out."""

import pathlib
import sys

import numpy
import onnx
import onnxruntime

folder = pathlib.Path(sys.argv[1])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3
for path in sorted(folder.glob("*.onnx")):
    model = onnx.load(path)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    tensor = model.graph.input[0].type.tensor_type
    kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    shape = [d.dim_value for d in tensor.shape.dim]
    value = numpy.fromfile(path.with_suffix(".in"), dtype=kind).reshape(shape)
    output = session.run(None, {model.graph.input[0].name: value})[0]
    path.with_suffix(".out").write_bytes(output.tobytes())
