"""Cases: what comes through the camera is what this machine makes of the same pictures."""

import json

import pictures
from rig import CLASSES, LOOPBACK, ROOT, USB, Program, among, check, same, statuses, verdicts
from usb_camera import BY_ID

SMALL = "?size=32x32&format=rgb24&settle=0"
LARGE = "?size=640x480&format={}&settle=0"
SETS = {
    "cifar10": ROOT / "tests/fixtures/cifar10_test_300.bin",
    "svhn": ROOT / "tests/board/svhn_150.bin",
    "dtd": ROOT / "tests/board/dtd_150.bin",
}


def records(name, count):
    """So many pictures of a set."""
    return pictures.read(SETS[name], count)


def accuracy_and_rejection(rig, counts=(100, 50, 50)):
    """Accuracy on CIFAR-10 and the rejected share of SVHN and DTD through a 32x32 RGB24 camera are those of `eval`, and
    each picture has the verdict it has on this machine."""
    parts, arguments = [], []
    for name, count in zip(SETS, counts):
        found = records(name, count)
        path = rig.folder / f"{name}.bin"
        path.write_bytes(b"".join(found))
        parts.append((name, found))
        arguments += ["--id", path] if name == "cifar10" else ["--ood", f"{name}={path}"]
    report = rig.folder / "eval.json"
    rig.run_host("eval", "--model", ROOT / "models/cifar10-resnet20-v2.onnx", *arguments, "--quiet", "--json", report)
    report = json.loads(report.read_text())
    frames = [pictures.rgb24(record) for _, found in parts for record in found]
    expected = rig.expected("-?size=32x32&format=rgb24&live=no", stdin=b"".join(frames))
    found = rig.through(f"v4l2:{LOOPBACK}{SMALL}", (32, 32), "RGB3", frames, expected)
    exact = same(found, expected, "32x32 RGB24")
    start, told = 0, []
    kept_of = {s["name"]: s for s in next(x for x in report["scores"] if x["score"] == report["gate"]["score"])["sets"]}
    for name, of_set in parts:
        here = found[start:start + len(of_set)]
        start += len(of_set)
        kept = sum(v["verdict"] == "known" for v in here) / len(here)
        in_distribution = report["in_distribution"]
        if name == "cifar10":
            right = sum((v["class"] or v["nearest"]) == CLASSES[r[0]] for v, r in zip(here, of_set)) / len(here)
            check(abs(right - in_distribution["accuracy"]) < 1e-9, f"accuracy {right}, eval says {in_distribution['accuracy']}")
            told.append(f"accuracy {100 * right:.2f} %")
        wanted = in_distribution["kept"] if name == "cifar10" else kept_of[name]["kept"]
        check(abs(kept - wanted) < 1e-9, f"{name}: {kept} kept, eval says {wanted}")
        told.append(f"{name} rejected {100 * (1 - kept):.2f} %")
    return f"{len(found)} pictures, {', '.join(told)}, as eval says; {exact} scores the same to the bit"


def large(rig, fourcc, name, frames, sources, count):
    """Verdicts through a 640x480 camera of one format, against sources on this machine."""
    told = []
    found = None
    for source, stdin in sources:
        expected = rig.expected(source, stdin=stdin)
        if found is None:
            found = rig.through(f"v4l2:{LOOPBACK}{LARGE.format(name)}", (640, 480), fourcc, frames, expected)
        exact = same(found, expected, f"640x480 {name} against {source.split('?')[0]}")
        told.append(f"{exact} scores the same to the bit as of {source.split(':')[0]}")
    return f"{count} pictures; {', '.join(told)}"


def mixed(count):
    """Known and unknown pictures on 640x480."""
    return [pictures.Large(r) for name in SETS for r in records(name, count // 3)]


def yuyv(rig):
    """640x480 YUYV, against a Y4M clip and raw frames."""
    clip = mixed(24)
    frames = [p.yuyv() for p in clip]
    path = rig.folder / "clip.y4m"
    path.write_bytes(pictures.y4m(clip))
    raw = "-?size=640x480&format=yuyv&live=no"
    return large(rig, "YUYV", "yuyv", frames, [(f"file:{path}", None), (raw, b"".join(frames))], len(clip))


def nv12(rig):
    """640x480 NV12, against raw frames."""
    frames = [p.nv12() for p in mixed(9)]
    return large(rig, "NV12", "nv12", frames, [("-?size=640x480&format=nv12&live=no", b"".join(frames))], len(frames))


def grey(rig):
    """640x480 GREY, against raw frames."""
    frames = [p.grey() for p in mixed(9)]
    return large(rig, "GREY", "grey", frames, [("-?size=640x480&format=grey&live=no", b"".join(frames))], len(frames))


def mjpeg(rig):
    """640x480 MJPEG, against the clip as a file."""
    clip = ROOT / "tests/board/clip.mjpeg"
    data = clip.read_bytes()
    starts = [i for i in range(len(data) - 2) if data[i:i + 3] == b"\xff\xd8\xff"] + [len(data)]
    frames = [data[a:b] for a, b in zip(starts, starts[1:])]
    return large(rig, "MJPG", "mjpeg", frames, [(f"file:{clip}", None)], len(frames))


def cameras(rig):
    """`normgate cameras` lists the USB camera by its stable name, with its format and size."""
    camera = rig.plug()
    try:
        text = rig.board.must("normgate cameras")
        for wanted in (USB, BY_ID, "Virtual Camera", "yuyv", "640x480"):
            check(wanted.lower() in text.lower(), f"no {wanted} in what it lists: {text}")
        check(json.loads(rig.board.must("normgate cameras --json")), "the JSON is empty")
    finally:
        camera.unplug()
        rig.board.until(f"[ ! -e {USB} ]", "the camera is unplugged")
    return BY_ID


def packaged_configuration(rig):
    """The packaged configuration runs a USB camera as it is, and every key that it explains is one."""
    camera = rig.plug()
    try:
        camera.play([p.yuyv() for p in mixed(3)])
        # What systemd makes for the unit.
        rig.board.must("mkdir -p /var/lib/normgate")
        program = Program(rig.board, ["--config", "/etc/normgate/normgate.toml", "--frames", "3"])
        check(program.wait() == 0, f"the packaged configuration: {program.errors()}")
        rig.board.must(
            "sed 's/^#\\([a-z]\\)/\\1/' /etc/normgate/normgate.toml >/tmp/all.toml; "
            "[ $(grep -c '^[a-z]' /tmp/all.toml) -gt 8 ] && (umask 077; echo 0123456789abcdef0123456789abcdef >/etc/normgate/http-token)"
        )
        program = Program(rig.board, ["--config", "/tmp/all.toml", "--frames", "3"])
        check(program.wait() == 0, f"all its keys: {program.errors()}")
    finally:
        camera.unplug()
        rig.board.until(f"[ ! -e {USB} ]", "the camera is unplugged")
    return "runs; all its keys are taken"


def unplug_and_replug(rig):
    """A USB camera named by id is pulled out: unknown, nothing known until it is back; then it goes on by itself."""
    shown = mixed(3)
    frames = [p.yuyv() for p in shown]
    expected = rig.expected("-?size=640x480&format=yuyv&live=no", stdin=b"".join(frames))
    scores = {e["score"] for e in expected}
    camera = rig.plug()
    camera.play(frames)
    program = rig.program(f"v4l2:{BY_ID}{LARGE.format('yuyv')}", "--commit", "1/1")
    try:
        for turn in range(2):
            before = len(verdicts(program.read())) if turn else 0
            program.until('"verdict"', before + 4)
            camera.unplug()
            program.until('"status":"lost"', turn + 1)
            rig.board.until(f"[ ! -e {USB} ]", "the node goes away")
            lost = len(verdicts(program.read()))
            rig.board.must("sleep 2")
            lines = program.read()
            check(len(verdicts(lines)) == lost, "verdicts without a camera")
            program.alive()
            camera = rig.plug()
            camera.play(frames)
            program.until('"status":"restored"', turn + 1)
            program.until('"verdict"', lost + 4)
    finally:
        camera.unplug()
    program.until('"status":"lost"', 3)
    check(program.stop() == 0, f"SIGTERM without a camera: {program.errors()}")
    rig.board.until(f"[ ! -e {USB} ]", "the camera is unplugged")
    lines = program.read()
    check(statuses(lines) == ["lost", "restored"] * 2 + ["lost"], f"the states were {statuses(lines)}")
    faults = [v for v in verdicts(lines) if v["fault"]]
    check(all(v["verdict"] == "unknown" for v in faults), "a frame with a fault is known")
    wrong = [v["score"] for v in verdicts(lines) if not v["fault"] and not among(v["score"], scores)]
    check(not wrong, f"scores {wrong[:3]} of no picture that was shown")
    check("summary" in lines[-1], "no summary at the end")
    return f"twice; {len(verdicts(lines))} verdicts, {len(faults)} of them of frames that the plug cut"


def wrong_cameras(rig):
    """One line for a camera that is absent, none, busy, of another format, or not permitted; never a verdict."""
    def refused(source, *words, user=""):
        command = f"normgate run --source '{source}' --format json --frames 1"
        if user:
            command = f"su -s /bin/sh {user} -c \"{command}\""
        status, text = rig.board.run(command)
        check(status not in (0, 124, 137), f"{source}: ends with {status}: {text}")
        check("\n" not in text and text, f"{source}: not one line: {text!r}")
        check('"verdict"' not in text and "panicked" not in text, f"{source}: {text}")
        for word in words:
            check(word.lower() in text.lower(), f"{source}: no {word!r} in {text!r}")

    refused("v4l2:/dev/video42", "/dev/video42")
    refused("v4l2:usb-nobody_0000-video-index0", "usb-nobody_0000-video-index0")
    refused("v4l2:/dev/null", "/dev/null")
    refused("v4l2:/etc/passwd", "/etc/passwd")
    camera = rig.plug()
    try:
        refused(f"v4l2:{USB}?format=nv12", USB, "nv12", "yuyv", "640x480")
        refused(f"v4l2:{USB}?size=320x240", USB, "320x240", "640x480")
        refused(f"v4l2:{USB}?format=h264", "h264")
        rig.board.must(f"chmod 600 {USB}; chmod 755 /root; chmod 1777 /tmp")
        refused(f"v4l2:{USB}", USB, "permission", user="nobody")
        camera.play([p.yuyv() for p in mixed(3)])
        first = rig.program(f"v4l2:{USB}{LARGE.format('yuyv')}")
        first.until('"verdict"', 2)
        refused(f"v4l2:{USB}", USB, "busy")
        first.alive()
        check(first.stop() == 0, f"the first program: {first.errors()}")
    finally:
        camera.unplug()
        rig.board.until(f"[ ! -e {USB} ]", "the camera is unplugged")
    return "9 refusals, one line each; the program before the busy one went on"


CASES = [
    ("accuracy and rejection", accuracy_and_rejection),
    ("640x480 YUYV", yuyv),
    ("640x480 NV12", nv12),
    ("640x480 GREY", grey),
    ("640x480 MJPEG", mjpeg),
    ("cameras by name", cameras),
    ("packaged configuration", packaged_configuration),
    ("unplug and replug", unplug_and_replug),
    ("wrong cameras", wrong_cameras),
]
