"""Says whether a file is a static program for 64-bit ARM: `elf.py FILE` ends with 1 and a line where it is not."""

import struct
import sys

PT_DYNAMIC, PT_INTERP, DT_NEEDED = 2, 3, 1
AARCH64 = 183


def fault(data):
    """What keeps it from being one, or None."""
    if data[:6] != b"\x7fELF\x02\x01":
        return "not a 64-bit little-endian ELF file"
    machine = struct.unpack_from("<H", data, 18)[0]
    if machine != AARCH64:
        return f"for machine {machine}, expected aarch64 ({AARCH64})"
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for i in range(count):
        kind, _, start, _, _, length = struct.unpack_from("<IIQQQQ", data, offset + i * size)
        if kind == PT_INTERP:
            return f"needs the loader {data[start:start + length].rstrip(bytes(1)).decode(errors='replace')}"
        if kind == PT_DYNAMIC:
            for at in range(start, start + length, 16):
                if struct.unpack_from("<q", data, at)[0] == DT_NEEDED:
                    return "needs a shared library"
    return None


def main():
    path = sys.argv[1]
    try:
        with open(path, "rb") as file:
            found = fault(file.read())
    except (OSError, struct.error) as error:
        found = str(error)
    if found:
        sys.exit(f"{path}: {found}")


main()
