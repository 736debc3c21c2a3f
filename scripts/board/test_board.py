#!/usr/bin/env python3
"""Boots the virtual board with the package on it and runs the cases.

    test_board.py --parts DIR --package DIR --feeder FILE --host FILE [--firmware FILE] [--case NAME]...
                  [--bless] [--keep]

DIR of --package is the unpacked package; --host is the program for this machine,
--firmware that of a microcontroller. --bless makes the golden screens anew.
--keep leaves the folder of the run. Times on the board are an emulator's: none is printed.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import cases_camera
import cases_gate
import cases_loop
from machine import BoardError
from rig import Failed, Rig


def main():
    parser = argparse.ArgumentParser(description="Runs the cases of the virtual board.")
    for name in ("--parts", "--package", "--feeder", "--host"):
        parser.add_argument(name, required=True)
    parser.add_argument("--firmware")
    parser.add_argument("--case", action="append", default=[])
    parser.add_argument("--bless", action="store_true")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    cases = cases_camera.CASES + cases_loop.CASES
    if args.firmware:
        cases += cases_gate.CASES
    known = [name for name, _ in cases]
    for name in args.case:
        if name not in known:
            parser.error(f"no case {name!r}; expected one of: {', '.join(known)}")
    cases = [(name, case) for name, case in cases if not args.case or name in args.case]

    folder = Path(tempfile.mkdtemp(prefix="normgate-board-"))
    rig, failed = None, []
    try:
        rig = Rig(args.parts, args.package, args.feeder, args.host, folder, args.firmware)
        rig.bless = args.bless
        print(f"board: {rig.board.must('uname -srm')}", flush=True)
        for name, case in cases:
            try:
                result, text = "ok", case(rig)
            except (Failed, BoardError) as error:
                result, text = "FAILED", str(error)
                failed.append(name)
            print(f"{result:6}  {name:24}  {text}", flush=True)
            if result != "ok" and not _answers(rig):
                print(f"the board does not answer any more; its console:\n{rig.board.console(40)}")
                break
            if result != "ok":
                rig.tidy()
    except BoardError as error:
        failed.append("boot")
        print(f"FAILED  boot: {error}")
    finally:
        if rig:
            rig.stop()
        if args.keep or failed:
            print(f"test-board: the run's files are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
    if failed:
        sys.exit(f"test-board: FAILED: {', '.join(failed)}")
    print(f"test-board: {len(cases)} cases passed")


def _answers(rig):
    try:
        return rig.board.run("true", 60)[0] == 0
    except BoardError:
        return False


main()
