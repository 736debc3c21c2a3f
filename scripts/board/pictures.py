"""Pictures for the virtual board: read from CIFAR-like files, and made into what a camera of a format gives."""

import struct
from pathlib import Path

RECORD = 3073
SIDE = 32
PLANE = SIDE * SIDE


def read(path, count):
    """`count` records at even distances, as they are."""
    data = Path(path).read_bytes()
    records = [data[i:i + RECORD] for i in range(0, len(data), RECORD)]
    return [records[len(records) * i // count] for i in range(count)]


def rgb24(record):
    """A record as 32x32 packed RGB."""
    out = bytearray(3 * PLANE)
    for channel in range(3):
        out[channel::3] = record[1 + channel * PLANE:1 + (channel + 1) * PLANE]
    return bytes(out)


class Large:
    """A record on 640x480: each pixel 20x15, luma and chroma by BT.601 in limited range. Rows as camera formats hold them."""

    WIDTH, HEIGHT = 640, 480
    ACROSS, DOWN = WIDTH // SIDE, HEIGHT // SIDE

    def __init__(self, record):
        r, g, b = (record[1 + c * PLANE:1 + (c + 1) * PLANE] for c in range(3))
        self._yuv = [
            (
                16 + ((66 * r[i] + 129 * g[i] + 25 * b[i] + 128) >> 8),
                128 + ((-38 * r[i] - 74 * g[i] + 112 * b[i] + 128) >> 8),
                128 + ((112 * r[i] - 94 * g[i] - 18 * b[i] + 128) >> 8),
            )
            for i in range(PLANE)
        ]

    def _rows(self, pixels, down):
        """Rows of a plane; `pixels` makes of one (y, u, v) the bytes of its width."""
        rows = []
        for y in range(SIDE):
            row = b"".join(pixels(*self._yuv[y * SIDE + x]) for x in range(SIDE))
            rows.append(row * down)
        return b"".join(rows)

    def yuyv(self):
        """Packed 4:2:2."""
        return self._rows(lambda y, u, v: bytes((y, u, y, v)) * (self.ACROSS // 2), self.DOWN)

    def planes(self):
        """Planar 4:2:2, Y then U then V."""
        half = self.ACROSS // 2
        return (
            self._rows(lambda y, u, v: bytes((y,)) * self.ACROSS, self.DOWN)
            + self._rows(lambda y, u, v: bytes((u,)) * half, self.DOWN)
            + self._rows(lambda y, u, v: bytes((v,)) * half, self.DOWN)
        )

    def nv12(self):
        """Semi-planar 4:2:0; the rows of 15 lines make a chroma line of two records' pixels, which takes the upper."""
        luma = self._rows(lambda y, u, v: bytes((y,)) * self.ACROSS, self.DOWN)
        lines = [
            b"".join(bytes(self._yuv[y * SIDE + x][1:]) * (self.ACROSS // 2) for x in range(SIDE))
            for y in range(SIDE)
        ]
        return luma + b"".join(lines[2 * line // self.DOWN] for line in range(self.HEIGHT // 2))

    def grey(self):
        """Luma alone."""
        return self._rows(lambda y, u, v: bytes((y,)) * self.ACROSS, self.DOWN)


def y4m(larges):
    """A clip of planar 4:2:2."""
    head = f"YUV4MPEG2 W{Large.WIDTH} H{Large.HEIGHT} F30:1 Ip A1:1 C422\n".encode()
    return head + b"".join(b"FRAME\n" + large.planes() for large in larges)


def container(frames):
    """What the feeder reads: of each picture its length, then its bytes."""
    return b"".join(struct.pack("<I", len(frame)) + frame for frame in frames)
