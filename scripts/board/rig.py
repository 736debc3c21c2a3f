"""The board with the package on it, the program on this machine to compare with, and what the cases need of both."""

import json
import shlex
import subprocess
from pathlib import Path

import initrd
import pictures
import usb_camera
from machine import Board

ROOT = Path(__file__).resolve().parents[2]
MODEL = "/usr/share/normgate/models/cifar10-resnet20-v2.onnx"
OTHER_MODEL = "/root/resnet8.onnx"
LOOPBACK = "/dev/video10"
USB = "/dev/video0"
SERIAL = "/dev/ttyUSB0"
CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
MODULES = ["virtio_pci", "virtio_console", "9p", "9pnet_virtio", "virtio_gpu", "xhci_pci", "uvcvideo", "ftdi_sio"]
# x86-64 and aarch64 add in another order where they may; integers stay the same.
TOLERANCE = 1e-5


class Failed(Exception):
    """A check failed; one line."""


def check(condition, why):
    """Fails with `why` unless the condition holds."""
    if not condition:
        raise Failed(why)


def root(parts, package, feeder):
    """The board's root as a cpio archive: the package is unpacked, as dpkg would."""
    parts = Path(parts)
    release = (parts / "release").read_text().strip()
    archive = initrd.Archive()
    here = Path(__file__).parent
    archive.copy("init", here / "init", 0o755)
    archive.copy("bin/busybox", parts / "busybox", 0o755)
    archive.copy("usr/bin/feeder", feeder, 0o755)
    archive.copy(OTHER_MODEL[1:], ROOT / "models/cifar10-resnet8-v1.onnx")
    archive.file("etc/passwd", b"root::0:0::/root:/bin/sh\nnobody::65534:65534::/:/bin/sh\n")
    archive.file("etc/group", b"root::0:\nvideo::44:\nnogroup::65534:\n")
    archive.file("etc/modules", " ".join(MODULES).encode())
    initrd.modules(archive, parts, release, [*MODULES, "videodev"])
    archive.copy("lib/v4l2loopback.ko", parts / "v4l2loopback.ko")
    archive.tree(package)
    return archive.bytes()


class Program:
    """`normgate run` on the board, in the background."""

    count = 0

    def __init__(self, board, arguments):
        Program.count += 1
        self.board = board
        self.base = f"/tmp/run{Program.count}"
        self.lines_path = f"{self.base}.jsonl"
        command = "normgate run " + " ".join(shlex.quote(a) for a in arguments)
        board.must(
            f"cat >{self.base}.sh <<'END'\necho $$ >{self.base}.pid\nexec {command}\nEND\n"
            f"(sh {self.base}.sh >{self.base}.out 2>{self.base}.err; echo $? >{self.base}.status) >/dev/null 2>&1 &"
        )

    def alive(self):
        """Fails where the program has ended."""
        status, text = self.board.run(f"cat {self.base}.status")
        check(status, f"the program ended by itself with {text}: {self.errors()}")

    def errors(self):
        """What it said on standard error."""
        return self.board.run(f"cat {self.base}.err")[1]

    def output(self):
        """What it said on standard output."""
        return self.board.run(f"cat {self.base}.out")[1]

    def signal(self, name):
        """Sends it a signal."""
        self.board.must(f"kill -{name} $(cat {self.base}.pid)")

    def wait(self):
        """Its exit status, once it has ended."""
        return int(self.board.until(f"grep . {self.base}.status", "the program ends"))

    def stop(self, signal="TERM"):
        """Ends it; its exit status."""
        self.signal(signal)
        return self.wait()

    def read(self, path=None):
        """The objects of a file of JSON lines; a line that is none fails."""
        text = self.board.must(f"cat {path or self.lines_path}")
        lines = []
        for number, line in enumerate(text.split("\n"), 1):
            try:
                lines.append(json.loads(line))
            except ValueError:
                raise Failed(f"line {number} is no JSON: {line[:120]!r}") from None
        return lines

    def until(self, pattern, count=1, path=None):
        """Waits until so many lines have the pattern."""
        path = path or self.lines_path
        try:
            self.board.until(f"[ $(grep -c {shlex.quote(pattern)} {path}) -ge {count} ]", f"{count} lines with {pattern}")
        except Exception:
            self.alive()
            raise


def verdicts(lines):
    """The lines that are verdicts."""
    return [line for line in lines if "verdict" in line]


def statuses(lines):
    """The kinds of the status lines, in order; the first says that it started."""
    kinds = [line["status"] for line in lines if "status" in line]
    check(kinds[:1] == ["started"], f"the states begin with {kinds[:1]}, expected started")
    return kinds[1:]


def among(score, scores):
    """Whether a score is one of those of this machine."""
    return score is not None and any(abs(score - s) <= TOLERANCE for s in scores)


class Rig:
    """What a case works with."""

    def __init__(self, parts, package, feeder, host, folder, firmware=None):
        self.host = host
        self.firmware = firmware
        self.folder = Path(folder)
        self.share = self.folder / "share"
        self.share.mkdir()
        (self.folder / "initrd").write_bytes(root(parts, package, feeder))
        self._socket = self.share / "camera.sock"
        self.line = self.share / "line.sock"
        self.board = Board(
            Path(parts) / "vmlinuz", self.folder / "initrd", self.share,
            ["-chardev", f"socket,id=camera,path={self._socket},server=on,wait=off",
             "-device", "usb-redir,chardev=camera,bus=usb.0",
             "-chardev", f"socket,id=line,path={self.line},server=on,wait=off"],
        )
        self._feeders = 0
        self._camera = None
        self.bless = False

    def run_host(self, *arguments, stdin=None):
        """Runs the program on this machine; its standard output."""
        done = subprocess.run([self.host, *map(str, arguments)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise Failed(f"on this machine: normgate {' '.join(map(str, arguments))}: {done.stderr.decode().strip()}")
        return done.stdout.decode()

    def expected(self, source, stdin=None, model="cifar10-resnet20-v2"):
        """What this machine says of the frames of a source."""
        model = ROOT / f"models/{model}.onnx"
        text = self.run_host("run", "--model", model, "--source", source, "--format", "json", stdin=stdin)
        return verdicts([json.loads(line) for line in text.splitlines()])

    def program(self, source, *more, model=MODEL):
        """Starts `normgate run` on the board, with JSON lines in a file."""
        name = f"/tmp/run{Program.count + 1}.jsonl"
        return Program(self.board, ["--model", model, "--source", source, "--headless", "--jsonl", name, *more])

    def _fresh_loopback(self):
        """A loopback camera that only captures once it is fed, as a camera does. It is of one format for its life."""
        number = LOOPBACK[len("/dev/video"):]
        self.board.until(
            "! grep -q ^v4l2loopback /proc/modules || rmmod v4l2loopback", "the loopback camera is free", 60
        )
        self.board.must(f"insmod /lib/v4l2loopback.ko devices=1 video_nr={number} exclusive_caps=1 card_label=Loopback")

    def feed(self, size, fourcc, frames, how, what):
        """Starts the feeder; `end_feed` ends it."""
        self._fresh_loopback()
        self._feeders += 1
        base = f"feed{self._feeders}"
        (self.share / f"{base}.bin").write_bytes(pictures.container(frames))
        self.board.must(
            f"(feeder {LOOPBACK} {size[0]} {size[1]} {fourcc} /host/{base}.bin {how} {what} >/tmp/{base}.out 2>&1 & "
            f"echo $! >/tmp/{base}.pid; wait $!; echo $? >/tmp/{base}.status) >/dev/null 2>&1 &"
        )
        self.board.until(f"grep -qx fed /tmp/{base}.out || {{ cat /tmp/{base}.out; false; }}", "the loopback camera is fed", 60)
        return base

    def end_feed(self, base):
        """Pulls the feeder off, and waits until it is gone."""
        self.board.run(f"kill $(cat /tmp/{base}.pid)")
        self.board.until(f"cat /tmp/{base}.status", "the feeder ends")
        (self.share / f"{base}.bin").unlink()

    def through(self, uri, size, fourcc, frames, expected, *more):
        """Shows frames one by one, each after the verdict on the one before; the verdicts, whose count is that of the
        frames. The first two of them settle the camera, and need other scores than each other."""
        check(expected[0]["score"] != expected[1]["score"], "the first two pictures have the same score")
        name = f"/tmp/run{Program.count + 1}.jsonl"
        feeder = self.feed(size, fourcc, [frames[0], frames[1], *frames], "answered", name)
        program = self.program(uri, *more)
        try:
            self.board.until(f"cat /tmp/{feeder}.status || {{ [ -e {program.base}.status ] && echo ended; false; }}",
                             "all frames get a verdict", 30 + 20 * len(frames))
        finally:
            said = self.board.run(f"cat /tmp/{feeder}.out")[1]
        said = said.splitlines()[-1]
        check(said.startswith("answered from line "), f"{said}; the program: {program.errors()}")
        check(program.stop() == 0, f"SIGTERM: {program.errors()}")
        self.end_feed(feeder)
        lines = program.read()
        check("summary" in lines[-1], f"SIGTERM: the last line is no summary: {lines[-1]}")
        return verdicts(lines)[int(said.split()[-1]):]

    def plug(self):
        """Plugs the USB camera in, and names it as udev would."""
        self._camera = camera = usb_camera.UsbCamera(self._socket)
        self.board.until(f"[ -e {USB} ]", "the USB camera gets a node")
        self.board.must(f"mkdir -p /dev/v4l/by-id; ln -sfn ../../{USB[5:]} /dev/v4l/by-id/{usb_camera.BY_ID}")
        return camera

    def plug_line(self):
        """Plugs the USB serial adapter in whose other side is `line`."""
        self.board.qmp("device_add", driver="usb-serial", id="adapter", chardev="line", bus="usb.0")
        self.board.until(f"[ -e {SERIAL} ]", "the USB serial adapter gets a node")

    def unplug_line(self):
        """Pulls it out."""
        self.board.qmp("device_del", id="adapter")
        self.board.until(f"[ ! -e {SERIAL} ]", "the USB serial adapter is gone")

    def tidy(self):
        """Ends what a failed case has left running."""
        self.board.run("killall -9 normgate feeder; sleep 1; umount -l /small 2>/dev/null; true")
        if self._camera:
            self._camera.unplug()

    def stop(self):
        """Ends the board."""
        self.board.stop()


def same(found, expected, what):
    """Compares verdicts one by one; how many scores are the same to the last bit."""
    check(len(found) == len(expected), f"{what}: {len(found)} verdicts, expected {len(expected)}")
    exact = 0
    for i, (f, e) in enumerate(zip(found, expected)):
        for key in ("verdict", "class", "nearest", "fault"):
            check(f[key] == e[key], f"{what}: picture {i}: {key} {f[key]!r}, on this machine {e[key]!r}")
        for key in ("score", "confidence"):
            if f[key] is None or e[key] is None:
                check(f[key] == e[key], f"{what}: picture {i}: {key} {f[key]}, on this machine {e[key]}")
            else:
                check(abs(f[key] - e[key]) <= TOLERANCE, f"{what}: picture {i}: {key} {f[key]}, on this machine {e[key]}")
        exact += f["score"] == e["score"]
    return exact
