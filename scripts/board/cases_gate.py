"""Case: the whole chain, from the camera to the pins of a microcontroller at the end of a USB serial line."""

import re

from cases_camera import SETS, SMALL, records
from microcontroller import OPENS, Microcontroller
import pictures
from rig import CLASSES, LOOPBACK, SERIAL, check

SOURCE = f"v4l2:{LOOPBACK}{SMALL}"
# Milliseconds that a picture is shown, and how often it is in a row: longer than a verdict holds.
TURN = 100
TIMES = 15


def chain(rig):
    """Camera, verdict, USB serial line, firmware: the class that opens the gate opens it, another closes it, what is
    unknown makes it safe; so do a line that is pulled out and a program that is killed."""
    shown = {}
    records_ = [r for name in SETS for r in records(name, 40)]
    frames = [pictures.rgb24(r) for r in records_]
    expected = rig.expected("-?size=32x32&format=rgb24&live=no", stdin=b"".join(frames))
    for frame, verdict in zip(frames, expected):
        if verdict["verdict"] == "unknown":
            kind = "safe"
        else:
            kind = "open" if CLASSES.index(verdict["class"]) == OPENS else "closed"
        shown.setdefault(kind, frame)
    check(len(shown) == 3, f"pictures for {sorted(shown)} only")
    order = ["open", "safe", "closed", "safe"]
    feeder = rig.feed((32, 32), "RGB3", [shown[kind] for kind in order for _ in range(TIMES)], "turn", TURN)
    mcu = Microcontroller(rig.firmware, rig.line)
    try:
        rig.plug_line()
        program = rig.program(SOURCE, "--commit", "1/1", "--serial", SERIAL, "--serial-age", "500")
        at = 0
        for kind in order * 3:
            at = _until(mcu, kind, at, program)
        rig.unplug_line()
        at = _until(mcu, "safe", mcu.seen() - 1, program)
        program.alive()
        rig.plug_line()
        for kind in order:
            at = _until(mcu, kind, at, program)
        check(program.stop() == 0, f"SIGTERM: {program.errors()}")
        _until(mcu, "safe", mcu.seen() - 1, program)
        told = program.errors()
        applied = re.search(r"(\d+) sent, (\d+) applied", told)
        check(applied and int(applied[2]) > 50, f"what it told at its end: {told}")

        killed = rig.program(SOURCE, "--commit", "1/1", "--serial", SERIAL, "--serial-age", "500")
        _until(mcu, "open", mcu.seen(), killed)
        check(killed.stop("KILL") == 137, "kill -9 is not what ended it")
        _until(mcu, "safe", mcu.seen() - 1, killed)
        wrong = set(mcu.states) - {"safe", "open", "closed"}
        check(not wrong, f"the gate was {wrong}")
    finally:
        mcu.stop()
    rig.unplug_line()
    rig.end_feed(feeder)
    return f"{applied[1]} verdicts sent, {applied[2]} applied; {len(mcu.states)} states of the gate, never both pins"


def _until(mcu, state, since, program):
    at = mcu.until(state, since)
    check(at is not None, f"the gate is not {state}; it was {mcu.states[-6:]}; {mcu.said[-3:]}; {program.errors()[-800:]}")
    return at


CASES = [("whole chain", chain)]
