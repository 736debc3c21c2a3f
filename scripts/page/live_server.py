"""The example `live` as a child process, and a folder of rejected frames for it."""

import json
import re
import subprocess
from pathlib import Path

from PIL import Image

REJECTS = 30
HOSTILE = "<img src=x onerror=alert(1)>"


class LiveServer:
    """A server that does what it is told, line by line."""

    def __init__(self, program, address="127.0.0.1:0", *options):
        self.child = subprocess.Popen(
            [program, address, *map(str, options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = self.child.stdout.readline().strip()
        found = re.fullmatch(r"http://(.*)/", self.url)
        if not found:
            raise RuntimeError(f"the server said {self.url!r}: expected its address")
        self.address = found[1]

    def tell(self, *lines):
        for line in lines:
            self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def kill(self):
        self.child.kill()
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def color_of(i):
    return (5 + 8 * i, 250 - 8 * i, 90)


def stem_of(i):
    return f"20260102T0304{i:02}000Z-{i}"


def keep_rejects(folder):
    """Frames 0 to 29, the newest last, each of one colour."""
    folder = Path(folder)
    for i in range(REJECTS):
        Image.new("RGB", (64, 48), color_of(i)).save(folder / f"{stem_of(i)}.png")
        note = {
            "time": f"2026-01-02T03:04:{i:02}.000Z",
            "frame": i,
            "name": f"frame {i}",
            "model": "made-events-v1",
            "graph_sha256": "0" * 64,
            "score": 1.25 + i / 100,
            "score_name": "feature_norm",
            "threshold": 4.5,
            "nearest": HOSTILE if i == 28 else "frog",
            "fault": None,
            "width": 64,
            "height": 48,
        }
        (folder / f"{stem_of(i)}.json").write_text(json.dumps(note))
