"""Times a model file on another runtime, one thread, by the protocol of int8/examples/time_model.rs.

    serve.py onnxruntime|litert|ncnn MODEL INPUT

INPUT has the pixels of one square image, u8 [H, W, 3]. What a runtime wants of them is made before any clock starts.
The call under the clock is that of the runtime's compiled module, without its Python wrapper where it has one.
"""

import functools
import gc
import sys
import time

import numpy as np


def _onnxruntime(model, pixels):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3

    def load():
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        value = onnxruntime.OrtValue.ortvalue_from_numpy(pixels)
        binding.bind_ortvalue_input(session.get_inputs()[0].name, value)
        outputs = []
        for output in session.get_outputs():
            dtype = np.uint8 if output.type == "tensor(uint8)" else np.float32
            outputs.append(onnxruntime.OrtValue.ortvalue_from_shape_and_type(output.shape, dtype))
            binding.bind_ortvalue_output(output.name, outputs[-1])
        run = functools.partial(session._sess.run_with_iobinding, binding._iobinding, None)
        # The parts that `run` refers to only inside the module live as long as `outputs` is there to be called.
        return run, lambda keep=(session, binding, value): [o.numpy() for o in outputs]

    return load


def _litert(model, pixels):
    from ai_edge_litert.interpreter import Interpreter

    codes = (pixels.astype(np.int16) - 128).astype(np.int8)

    def load():
        interpreter = Interpreter(model_path=model, num_threads=1)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], codes)
        outputs = [o["index"] for o in interpreter.get_output_details()]
        return interpreter._interpreter.Invoke, lambda: [interpreter.get_tensor(o) for o in outputs]

    return load


def _ncnn(model, pixels):
    import ncnn

    real = (pixels[0].astype(np.float32) - 128) / 64
    image = ncnn.Mat(np.ascontiguousarray(real.transpose(2, 0, 1))).clone()

    def load():
        net = ncnn.Net()
        net.opt.num_threads = 1
        if net.load_param(model) or net.load_model(model.replace(".param", ".bin")):
            raise RuntimeError("ncnn refuses it")

        def run():
            extractor = net.create_extractor()
            extractor.input("image", image)
            return extractor.extract("logits")

        return run, lambda: [np.array(run()[1])]

    return load


def main(runtime, model, source):
    pixels = np.fromfile(source, np.uint8)
    side = round((pixels.size / 3) ** 0.5)
    prepare = {"onnxruntime": _onnxruntime, "litert": _litert, "ncnn": _ncnn}[runtime]
    load = prepare(model, pixels.reshape(1, side, side, 3))
    clock = time.perf_counter_ns
    start = clock()
    run, outputs = load()
    print(f"ready load_us={(clock() - start) // 1000}", flush=True)
    gc.disable()
    for line in sys.stdin:
        if line.startswith("output "):
            run()
            with open(line.removeprefix("output ").strip(), "wb") as file:
                file.writelines(o.tobytes() for o in outputs())
            print("ok", flush=True)
            continue
        times = []
        for _ in range(int(line)):
            start = clock()
            run()
            times.append(clock() - start)
        print(*times, flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as why:
        sys.exit(f"{type(why).__name__}: {why}".splitlines()[0])
