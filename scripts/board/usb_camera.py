"""A USB camera for the board: speaks the usbredir protocol to qemu, so that the board's own USB and UVC drivers find a
camera that can be plugged in, asked, and pulled out. One format: 640x480 YUYV over a bulk endpoint (UVC 1.0)."""

import collections
import socket
import struct
import threading

from pictures import Large

# usbredir 0.7: packet types, capability bits and statuses that are used here.
HELLO, CONNECT, DISCONNECT, RESET, INTERFACES, ENDPOINTS = 0, 1, 2, 3, 4, 5
SET_CONFIGURATION, GET_CONFIGURATION, CONFIGURATION_STATUS = 6, 7, 8
SET_ALTERNATE, GET_ALTERNATE, ALTERNATE_STATUS = 9, 10, 11
CANCEL, CONTROL, BULK = 21, 100, 101
# A version in CONNECT, packet sizes in ENDPOINTS, numbers of 64 bits, lengths of 32 bits in BULK: what xHCI asks for.
CAPABILITIES = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6
OK, CANCELLED, STALL = 0, 1, 4
HIGH_SPEED = 2

ENDPOINT, PACKET, PAYLOAD = 0x81, 512, 16384
INTERVAL = 333333  # 100 ns: 30 a second
FRAME_BYTES = Large.WIDTH * Large.HEIGHT * 2
VENDOR, PRODUCT, VERSION = 0x1D6B, 0x0102, 0x0100
STRINGS = {1: "normgate", 2: "Virtual Camera", 3: "0001"}
# What udev makes of these strings.
BY_ID = "usb-normgate_Virtual_Camera_0001-video-index0"


def _device():
    return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0xEF, 2, 1, 64, VENDOR, PRODUCT, VERSION, 1, 2, 3, 1)


def _configuration():
    camera = struct.pack("<BBBBHBBHHHB3x", 18, 0x24, 2, 1, 0x0201, 0, 0, 0, 0, 0, 3)
    output = struct.pack("<BBBBHBBB", 9, 0x24, 3, 2, 0x0101, 0, 1, 0)
    control = struct.pack("<BBBHHIBB", 13, 0x24, 1, 0x0100, 13 + len(camera + output), 48000000, 1, 1) + camera + output
    yuy2 = bytes.fromhex("5955593200001000800000aa00389b71")
    formats = struct.pack("<BBBBB", 27, 0x24, 4, 1, 1) + yuy2 + struct.pack("<BBBBBB", 16, 1, 0, 0, 0, 0)
    bits = FRAME_BYTES * 8 * 30
    formats += struct.pack(
        "<BBBBBHHIIIIBI", 30, 0x24, 5, 1, 0, Large.WIDTH, Large.HEIGHT, bits, bits, FRAME_BYTES, INTERVAL, 1, INTERVAL
    )
    formats += struct.pack("<BBBBBB", 6, 0x24, 0x0D, 1, 1, 4)  # matrix: BT.601
    stream = struct.pack("<BBBBHBBBBBBBB", 14, 0x24, 1, 1, 14 + len(formats), ENDPOINT, 0, 2, 0, 0, 0, 1, 0) + formats
    body = struct.pack("<BBBBBBBB", 8, 0x0B, 0, 2, 0x0E, 3, 0, 2)
    body += struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 0, 0x0E, 1, 0, 2) + control
    body += struct.pack("<BBBBBBBBB", 9, 4, 1, 0, 1, 0x0E, 2, 0, 0) + stream
    body += struct.pack("<BBBBHB", 7, 5, ENDPOINT, 2, PACKET, 0)
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), 2, 1, 0, 0x80, 250) + body


def _string(index):
    if index == 0:
        return struct.pack("<BBH", 4, 3, 0x0409)
    text = STRINGS.get(index)
    return None if text is None else bytes((2 + 2 * len(text), 3)) + text.encode("utf-16-le")


_PROBE = struct.pack("<HBBIHHHHHII", 1, 1, 1, INTERVAL, 0, 0, 0, 0, 0, FRAME_BYTES, PAYLOAD)


class UsbCamera:
    """Plugged in from the start until `unplug`."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lock = threading.Lock()
        # Requests for data that wait for an answer, in their order. Their numbers are used again.
        self._asked = collections.deque()
        self._news = threading.Condition()
        self._gone = False
        self._toggle = 0
        self.shown = 0
        hello = b"normgate board test".ljust(64, b"\0") + struct.pack("<I", CAPABILITIES)
        self._greeted = False
        self._send(HELLO, 0, hello)
        threading.Thread(target=self._serve, daemon=True).start()

    def unplug(self):
        """Pulls the plug."""
        self._leave()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _leave(self):
        with self._news:
            self._gone = True
            self._news.notify_all()

    def play(self, frames, repeat=True):
        """Shows YUYV pictures as fast as the board takes them, on a thread of its own."""
        def run():
            while not self._gone:
                for frame in frames:
                    if not self.show(frame):
                        return
                if not repeat:
                    return

        threading.Thread(target=run, daemon=True).start()

    def show(self, frame):
        """Gives the board one picture, when it asks; False where the plug is out."""
        self._toggle ^= 1
        step = PAYLOAD - 2
        for start in range(0, len(frame), step):
            last = start + step >= len(frame)
            head = bytes((2, 0x80 | (2 if last else 0) | self._toggle))
            if not self._answer_bulk(head + frame[start:start + step]):
                return False
        self.shown += 1
        return True

    def _answer_bulk(self, data):
        # Taken and answered at once: between the two it could be cancelled, and answered twice.
        with self._news:
            self._news.wait_for(lambda: self._asked or self._gone)
            if self._gone:
                return False
            request = self._asked.popleft()
            return self._send(BULK, request, struct.pack("<BBHIH", ENDPOINT, OK, len(data) & 0xFFFF, 0, len(data) >> 16) + data)

    def _head(self, kind, length, number):
        # The first packet of each side comes before anything is agreed upon.
        return struct.pack("<IIQ" if self._greeted else "<III", kind, length, number)

    def _send(self, kind, number, body):
        try:
            with self._lock:
                self._socket.sendall(self._head(kind, len(body), number) + body)
            return True
        except OSError:
            return False

    def _read(self, length):
        data = b""
        while len(data) < length:
            more = self._socket.recv(length - len(data))
            if not more:
                raise OSError("closed")
            data += more
        return data

    def _serve(self):
        try:
            kind, length, _ = struct.unpack("<III", self._read(12))
            if kind != HELLO:
                raise OSError("no greeting")
            self._read(length)
            self._greeted = True
            self._introduce()
            while True:
                kind, length, number = struct.unpack("<IIQ", self._read(16))
                self._take(kind, number, self._read(length))
        except OSError:
            self._leave()

    def _take(self, kind, number, body):
        if kind == SET_CONFIGURATION:
            self._send(CONFIGURATION_STATUS, number, bytes((OK, body[0])))
        elif kind == GET_CONFIGURATION:
            self._send(CONFIGURATION_STATUS, number, bytes((OK, 1)))
        elif kind == SET_ALTERNATE:
            self._send(ALTERNATE_STATUS, number, bytes((OK, body[0], body[1])))
        elif kind == GET_ALTERNATE:
            self._send(ALTERNATE_STATUS, number, bytes((OK, body[0], 0)))
        elif kind == CONTROL:
            self._control(number, body)
        elif kind == BULK:
            with self._news:
                self._asked.append(number)
                self._news.notify_all()
        elif kind == CANCEL:
            with self._news:
                if number in self._asked:
                    self._asked.remove(number)
                    self._send(BULK, number, struct.pack("<BBHIH", ENDPOINT, CANCELLED, 0, 0, 0))

    def _introduce(self):
        def table(values, of="B"):
            return struct.pack(f"<32{of}", *values, *[0] * (32 - len(values)))

        video = [0x0E, 0x0E]
        self._send(INTERFACES, 0, struct.pack("<I", 2) + table([0, 1]) + table(video) + table([1, 2]) + table([0, 0]))
        # Places 0 to 15 are endpoints out, 16 to 31 in; 255 says that there is none, 2 is bulk.
        types, sizes, owners = [255] * 32, [0] * 32, [0] * 32
        types[0] = types[16] = 0
        types[17], sizes[17], owners[17] = 2, PACKET, 1
        sizes[0] = sizes[16] = 64
        self._send(ENDPOINTS, 0, table(types) + table([0]) + table(owners) + table(sizes, "H"))
        self._send(CONNECT, 0, struct.pack("<BBBBHHH", HIGH_SPEED, 0xEF, 2, 1, VENDOR, PRODUCT, VERSION))

    def _control(self, number, body):
        endpoint, request, kind, _, value, index, length = struct.unpack_from("<BBBBHHH", body)
        data = self._answer(kind, request, value)
        status = OK
        if data is None:
            status, data = STALL, b""
        data = data[:length]
        count = len(data) if kind & 0x80 else length
        head = struct.pack("<BBBBHHH", endpoint, request, kind, status, value, index, count)
        self._send(CONTROL, number, head + data)

    @staticmethod
    def _answer(kind, request, value):
        """The data of a request in, empty for one out that is fine, None to refuse it."""
        if kind == 0x80 and request == 6:
            which, index = value >> 8, value & 255
            if which == 3:
                return _string(index)
            return {1: _device(), 2: _configuration()}.get(which)
        if kind & 0x60 == 0:
            return b"\0\0" if kind & 0x80 else b""
        if kind == 0xA1 and value >> 8 in (1, 2):
            if request == 0x85:
                return struct.pack("<H", len(_PROBE))
            if request == 0x86:
                return b"\x03"
            return _PROBE
        if kind == 0x21:
            return b""
        return None
