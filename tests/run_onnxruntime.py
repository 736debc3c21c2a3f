"""Runs MODEL on a file of u8 images with onnxruntime, one thread, and writes what the tests compare with.

    run_onnxruntime.py MODEL IMAGES.bin OUT

IMAGES.bin holds images of the model's input size, one after the other. OUT.logits and OUT.features get the outputs as
f32, image by image; for an int8 model OUT.body gets the codes that enter DequantizeLinear.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model)
(body,) = [n.input[0] for n in model.graph.node if n.op_type == "DequantizeLinear"] or [None]
names = ["logits", "features"]
if body is not None:
    model.graph.output.append(onnx.helper.make_tensor_value_info(body, onnx.TensorProto.UINT8, None))
    names.append(body)
options = ort.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3
session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
images = np.fromfile(sys.argv[2], np.uint8).reshape(-1, *shape)
found = [session.run(names, {"pixels": image}) for image in images]
for column, suffix in enumerate(["logits", "features", "body"][: len(names)]):
    out = np.concatenate([np.asarray(f[column]).ravel() for f in found])
    pathlib.Path(f"{sys.argv[3]}.{suffix}").write_bytes(out.tobytes())
