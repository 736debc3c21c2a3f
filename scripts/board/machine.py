"""A virtual 64-bit ARM board under qemu: starts it, runs shell scripts on it, takes pictures of its screen."""

import json
import socket
import subprocess
import threading
import time
from pathlib import Path

# An emulated board on a busy machine is slow: limits are for what hangs, not for what is slow.
PATIENCE = 240.0


class BoardError(Exception):
    """The board did not do what was asked of it; one line."""


class Board:
    """`folder` is seen as /host on the board."""

    def __init__(self, kernel, initrd, folder, extra=()):
        self.folder = Path(folder)
        self._count = 0
        self._console = []
        self._qmp = None
        self._qmp_path = self.folder / "qmp.sock"
        agent = self.folder / "agent.sock"
        self.process = subprocess.Popen(
            [
                "qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024",
                "-accel", "tcg,thread=multi", "-nodefaults", "-no-reboot", "-display", "none",
                "-kernel", str(kernel), "-initrd", str(initrd),
                "-append", "console=ttyAMA0 loglevel=4 panic=-1",
                "-serial", "stdio",
                "-qmp", f"unix:{self._qmp_path},server=on,wait=off",
                "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=agent,path={agent},server=on,wait=off",
                "-device", "virtserialport,chardev=agent,name=agent",
                "-virtfs", f"local,path={self.folder},mount_tag=host,security_model=none,multidevs=remap",
                "-device", "virtio-gpu-pci,xres=640,yres=480",
                "-device", "qemu-xhci,id=usb",
                *extra,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self._read_console, daemon=True).start()
        try:
            self._agent = self._connect(agent)
            self._lines = self._agent.makefile("rb")
            if self._line() != "ready":
                raise BoardError("the board's first words are not `ready`")
        except BaseException:
            self.stop()
            raise

    def _read_console(self):
        for line in self.process.stdout:
            self._console.append(line.decode(errors="replace").rstrip())

    def console(self, lines=15):
        """What the board's serial console said last."""
        return "\n".join(self._console[-lines:])

    def _connect(self, path):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                s = socket.socket(socket.AF_UNIX)
                s.settimeout(PATIENCE)
                s.connect(str(path))
                return s
            except OSError:
                s.close()
                time.sleep(0.05)
        raise BoardError(f"qemu does not start: {self.console(3)}")

    def _line(self):
        try:
            line = self._lines.readline()
        except TimeoutError:
            raise BoardError(f"the board does not answer within {PATIENCE:.0f} s; console: {self.console()}") from None
        if not line.endswith(b"\n"):
            raise BoardError(f"the board is gone; console: {self.console()}")
        return line.decode().strip()

    def run(self, script, patience=PATIENCE):
        """Runs a shell script on the board; its exit status and output, standard error in it."""
        self._count += 1
        (self.folder / f"{self._count}.sh").write_text(script + "\n")
        self._agent.settimeout(patience)
        try:
            self._agent.sendall(f"{self._count}\n".encode())
        except OSError:
            raise BoardError(f"the board is gone; console: {self.console()}") from None
        number, status, length = self._line().split()
        output = self._lines.read(int(length)).decode(errors="replace")
        if int(number) != self._count:
            raise BoardError(f"an answer to script {number}, expected {self._count}")
        return int(status), output.rstrip("\n")

    def must(self, script, patience=PATIENCE):
        """Runs a script that has to succeed; its output."""
        status, output = self.run(script, patience)
        if status:
            raise BoardError(f"`{script}` ended with {status}: {output}")
        return output

    def until(self, script, what, patience=PATIENCE):
        """Runs a script again and again until it succeeds; its output."""
        deadline = time.monotonic() + patience
        while True:
            status, output = self.run(script)
            if status == 0:
                return output
            if time.monotonic() > deadline:
                raise BoardError(f"{what}: not within {patience:.0f} s; last: {output}")
            time.sleep(0.1)

    def qmp(self, command, **arguments):
        """Asks qemu for something."""
        if self._qmp is None:
            self._qmp = self._connect(self._qmp_path).makefile("rw")
            self._qmp.readline()
            self.qmp("qmp_capabilities")
        self._qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._qmp.flush()
        while True:
            answer = json.loads(self._qmp.readline())
            if "error" in answer:
                raise BoardError(f"qemu: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def screen(self):
        """The screen as (width, height, RGB bytes)."""
        path = self.folder / "screen.ppm"
        self.qmp("screendump", filename=str(path))
        data = path.read_bytes()
        magic, size, _, pixels = data.split(b"\n", 3)
        width, height = map(int, size.split())
        if magic != b"P6" or len(pixels) != width * height * 3:
            raise BoardError("qemu's picture of the screen is not a PPM of its size")
        return width, height, pixels

    def stop(self):
        """Ends the board, however it is."""
        self.process.kill()
        self.process.wait()
