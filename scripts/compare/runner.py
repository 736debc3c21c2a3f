"""One process that runs one model, and waits while others are timed."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SERVE = Path(__file__).with_name("serve.py")
# Runs at the start of each burst that are not counted: another process has used the caches before.
WARM = 2


class RunnerError(Exception):
    """A runtime that cannot run its model, in one line."""


class Runner:
    def __init__(self, runtime, model, pixels, time_model):
        command = [time_model] if runtime == "normgate" else [sys.executable, SERVE, runtime]
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [*command, model, pixels], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        try:
            self.load_us = int(self._line().removeprefix("ready load_us="))
        except BaseException:
            self.close()
            raise

    def times(self, count):
        """Nanoseconds of `count` inferences."""
        return np.array(self._ask(WARM + count).split(), np.int64)[WARM:]

    def output(self, path):
        """The bytes of all outputs."""
        self._ask(f"output {path}")
        return path.read_bytes()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def _ask(self, request):
        try:
            self.process.stdin.write(f"{request}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self._line()

    def _line(self):
        line = self.process.stdout.readline()
        if line:
            return line.strip()
        self.process.wait()
        self.log.seek(0)
        said = self.log.read().strip().splitlines()
        raise RunnerError(said[-1] if said else f"it ended with status {self.process.returncode}")
