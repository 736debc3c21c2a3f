"""Cases: nothing stops the loop - kill, full disk, another model - and what is seen is what is meant."""

import png
import pictures
from cases_camera import SETS, SMALL, records
from rig import LOOPBACK, MODEL, OTHER_MODEL, ROOT, Program, among, check, statuses, verdicts

SOURCE = f"v4l2:{LOOPBACK}{SMALL}"
GOLDEN = ROOT / "tests/board"
# Milliseconds that a picture is shown, where pictures go round.
TURN = 150


def some(rig, count=3):
    """A few pictures, known and unknown, as frames and with what this machine says of each."""
    frames = [pictures.rgb24(r) for name in SETS for r in records(name, count)]
    return frames, rig.expected("-?size=32x32&format=rgb24&live=no", stdin=b"".join(frames))


def terminate(rig):
    """SIGTERM and SIGINT end the program with the summary and status 0."""
    frames, _ = some(rig)
    feeder = rig.feed((32, 32), "RGB3", frames, "turn", TURN)
    for signal in ("TERM", "INT"):
        program = rig.program(SOURCE)
        program.until('"verdict"', 2)
        check(program.stop(signal) == 0, f"SIG{signal}: {program.errors()}")
        lines = program.read()
        summary = lines[-1].get("summary")
        check(summary, f"SIG{signal}: no summary at the end: {lines[-1]}")
        check(summary["frames"] == len(verdicts(lines)), f"SIG{signal}: {summary['frames']} frames in the summary")
    rig.end_feed(feeder)
    return "summary, status 0"


def kill_and_restart(rig):
    """kill -9 leaves whole lines; the next start appends."""
    frames, _ = some(rig)
    feeder = rig.feed((32, 32), "RGB3", frames, "turn", TURN)
    log = "/tmp/kept.jsonl"
    count = 0
    for turn in range(3):
        program = _start(rig, log)
        program.until('"verdict"', count + 3, log)
        check(program.stop("KILL") == 137, "kill -9 is not what ended it")
        lines = program.read(log)
        check(len(verdicts(lines)) >= count + 3, f"start {turn}: {len(verdicts(lines))} verdicts after {count}")
        check(verdicts(lines)[count]["frame"] == 0, f"start {turn} does not begin after what was there")
        count = len(verdicts(lines))
    rig.end_feed(feeder)
    return f"3 starts, {count} verdicts, every line whole"


def _start(rig, log, *more):
    return Program(rig.board, ["--model", MODEL, "--source", SOURCE, "--headless", "--jsonl", log, *more])


def swap(rig):
    """A changed file with --watch, and SIGHUP, swap the model without dropping the camera; a bad file keeps the old one."""
    frames, first = some(rig)
    scores = {"resnet20": {e["score"] for e in first}}
    second = rig.expected("-?size=32x32&format=rgb24&live=no", b"".join(frames), "cifar10-resnet8-v1")
    scores["resnet8"] = {e["score"] for e in second}
    check(not any(among(s, scores["resnet20"]) for s in scores["resnet8"]), "the two models give a picture the same score")
    feeder = rig.feed((32, 32), "RGB3", frames, "turn", TURN)
    board = rig.board
    file = "/tmp/model.onnx"

    def replace(what):
        board.must(f"cp {what} {file}.new && mv {file}.new {file}")

    board.must(f"echo rubbish >/tmp/rubbish; head -c 100000 {MODEL} >/tmp/half")
    replace(MODEL)
    watched = rig.program(SOURCE, "--watch", model=file)
    watched.until('"verdict"', 3)
    replace(OTHER_MODEL)
    watched.until('"status":"swapped"', 1)
    for turn, bad in enumerate(("/tmp/rubbish", "/tmp/half"), 1):
        so_far = len(verdicts(watched.read()))
        watched.until('"verdict"', so_far + 3)
        replace(bad)
        watched.until('"status":"swap_refused"', turn)
    so_far = len(verdicts(watched.read()))
    watched.until('"verdict"', so_far + 3)
    replace(MODEL)
    watched.until('"status":"swapped"', 2)
    so_far = len(verdicts(watched.read()))
    watched.until('"verdict"', so_far + 3)
    check(watched.stop() == 0, f"SIGTERM: {watched.errors()}")
    _judged_by(watched.read(), scores, ["resnet20", "resnet8", "resnet20"], 2)

    still = rig.program(SOURCE, model=file)
    still.until('"verdict"', 3)
    replace(OTHER_MODEL)
    so_far = len(verdicts(still.read()))
    still.until('"verdict"', so_far + 10)
    check(not statuses(still.read()), "swapped without --watch and without SIGHUP")
    still.signal("HUP")
    still.until('"status":"swapped"', 1)
    so_far = len(verdicts(still.read()))
    still.until('"verdict"', so_far + 3)
    replace("/tmp/rubbish")
    still.signal("HUP")
    still.until('"status":"swap_refused"', 1)
    so_far = len(verdicts(still.read()))
    still.until('"verdict"', so_far + 3)
    check(still.stop() == 0, f"SIGTERM: {still.errors()}")
    _judged_by(still.read(), scores, ["resnet20", "resnet8"], 1)
    rig.end_feed(feeder)
    return "by a changed file and by SIGHUP; 3 bad files refused"


def _judged_by(lines, scores, models, refused):
    """Each verdict is of the model whose turn it is; the camera was never away."""
    turn = 0
    for line in lines:
        if line.get("status") == "swapped":
            turn += 1
            check(turn < len(models) and models[turn] in line["model"], f"swapped to {line['model']}")
        elif "verdict" in line:
            check(line["fault"] is None, f"a fault: {line['fault']}")
            check(among(line["score"], scores[models[turn]]), f"score {line['score']} is not one of {models[turn]}")
    check(turn == len(models) - 1, f"{turn} swaps")
    kinds = statuses(lines)
    check(kinds.count("swap_refused") == refused and "lost" not in kinds, f"the states were {kinds}")


def full_disk(rig):
    """On a full disk the loop goes on, and the file goes on when there is room again, without a torn line."""
    frames, _ = some(rig)
    feeder = rig.feed((32, 32), "RGB3", frames, "turn", TURN)
    board = rig.board
    board.must("mkdir -p /small && mount -t tmpfs -o size=64k tmpfs /small && head -c 57344 /dev/zero >/small/filler")
    log = "/small/verdicts.jsonl"
    program = _start(rig, log, "--rejects", "/small/rejects", "--rejects-every", "0", "--panel", "/tmp/panel.png")
    try:
        program.until('"verdict"', 1, log)
        board.until("[ $(df -k /small | awk 'END {print $4}') -eq 0 ]", "the disk is full")
        size = board.must(f"wc -c <{log}")
        # It goes on: the panel's picture is written again and again, on another disk.
        for _ in range(3):
            board.must("touch /tmp/mark")
            board.until("[ /tmp/panel.png -nt /tmp/mark ]", "the loop goes on while the disk is full")
        program.alive()
        check(int(board.must(f"wc -c <{log}")) <= int(size) + 4096, "the file grows on a full disk")
        lines = program.read(log)
        held = len(verdicts(lines))
        board.must("rm /small/filler")
        program.until('"verdict"', held + 5, log)
        check(program.stop() == 0, f"SIGTERM: {program.errors()}")
        lines = program.read(log)
        frames_told = [v["frame"] for v in verdicts(lines)]
        check(frames_told == sorted(set(frames_told)), "verdicts out of order or twice")
        missing = frames_told[-1] + 1 - len(frames_told)
        check(missing > 0, "no verdict is missing: the disk was not full")
    finally:
        board.run("umount -l /small")
    rig.end_feed(feeder)
    return f"{len(frames_told)} verdicts whole, {missing} missed while it was full"


def panel(rig):
    """What the framebuffer shows of a known and of an unknown picture is the golden screen, but for the frame's
    number and the rate."""
    board = rig.board
    board.must("for c in /sys/class/vtconsole/vtcon*; do grep -q frame $c/name && echo 0 >$c/bind; done; true")
    frames, expected = some(rig)
    told = []
    for kind in ("known", "unknown"):
        at = next(i for i, e in enumerate(expected) if e["verdict"] == kind)
        feeder = rig.feed((32, 32), "RGB3", [frames[at]] * 3, "turn", TURN)
        program = rig.program(SOURCE, "--panel", "/dev/fb0", "--commit", "1/1")
        program.until('"verdict"', 10)
        golden = GOLDEN / f"panel_{kind}.png"
        if rig.bless:
            golden.write_bytes(png.write(*_masked(rig.board.screen())))
        check(golden.exists(), f"no {golden}")
        width, height, pixels = png.read(golden.read_bytes())
        # A screen is caught half drawn at times; the next one is not.
        for _ in range(5):
            seen = rig.board.screen()
            check(seen[:2] == (width, height), f"a screen of {seen[0]}x{seen[1]}, expected {width}x{height}")
            masked = _masked(seen)[2]
            wrong = [i // 3 for i in range(0, len(pixels), 3) if pixels[i:i + 3] != masked[i:i + 3]]
            if not wrong:
                break
        (rig.folder / f"panel_{kind}.png").write_bytes(png.write(*seen))
        program.alive()
        check(program.stop() == 0, f"SIGTERM: {program.errors()}")
        rig.end_feed(feeder)
        if wrong:
            x, y = wrong[0] % width, wrong[0] // width
            check(False, f"{kind}: {len(wrong)} pixels differ from {golden.name}, the first at {x},{y}; see {rig.folder}/panel_{kind}.png")
        told.append(kind)
    return f"{' and '.join(told)}: {width}x{height}, every pixel but those of the frame's number and the rate"


# Where the panel writes what changes from run to run: the frame's number and the rate.
CHANGING = (400, 288, 640, 316)


def _masked(screen):
    width, height, pixels = screen
    pixels = bytearray(pixels)
    x0, y0, x1, y1 = CHANGING
    for y in range(y0, y1):
        start = 3 * (y * width + x0)
        pixels[start:3 * (y * width + x1)] = bytes(3 * (x1 - x0))
    return width, height, bytes(pixels)


CASES = [
    ("terminate", terminate),
    ("kill and restart", kill_and_restart),
    ("model swap", swap),
    ("full disk", full_disk),
    ("panel", panel),
]
