"""Reads the test vectors with a decoder of its own, written from SPEC.md alone.

python3 decode_vectors.py FOLDER: exit status 0 if every vector is read as it expects.
"""

import json
import math
import pathlib
import struct
import sys

HOST, MCU = "host", "mcu"
SENDERS = {1: (HOST, MCU), 2: (HOST,), 3: (HOST,), 4: (HOST, MCU), 5: (MCU,), 6: (HOST,), 7: (HOST, MCU)}
LENGTHS = {1: (52, 52), 2: (5, 36), 3: (28, 28), 4: (12, 12), 5: (12, 12), 6: (8, 8), 7: (8, 8)}
FREE_OF_SESSION = {(MCU, 1), (MCU, 7)}
HELLO = 1
VERSIONS = (1, 2)


class Refused(Exception):
    """The name of the error is the argument."""


def need(condition, error):
    if not condition:
        raise Refused(error)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def crc_field(crc):
    return bytes(0x80 | (crc >> (7 * i)) & 0x7F for i in range(5))


def read_crc_field(field):
    need(all(byte & 0x80 for byte in field) and not field[4] & 0x70, "crc")
    return sum((byte & 0x7F) << (7 * i) for i, byte in enumerate(field))


def cobs_decode(data):
    packet = bytearray()
    while data:
        code = data[0]
        need(code <= len(data), "cobs")
        packet += data[1:code]
        data = data[code:]
        if data:
            packet.append(0)
    return bytes(packet)


def cobs_encode(packet):
    blocks = packet.split(b"\0")
    return b"".join(bytes([len(block) + 1]) + block for block in blocks)


def hello(body, sender, _):
    (low, high, labels, major, minor, patch, age, beat, reserved, uptime, model) = struct.unpack("<BBHHHHHHHI32s", body)
    need(reserved == 0, "reserved")
    need(1 <= low <= high, "versions")
    need(20 <= beat <= 1000, "heartbeat-interval")
    need(50 <= age <= 10000 and age >= 2 * beat, "max-age")
    need((2 if sender == HOST else 0) <= labels <= 4096, "labels")
    return {
        "message": "hello", "version_min": low, "version_max": high, "labels": labels, "software": [major, minor, patch],
        "max_age_ms": age, "heartbeat_ms": beat, "uptime_ms": uptime, "model": model.hex(),
    }


def label(body, *_):
    index, offset, flags = struct.unpack_from("<HBB", body)
    text = body[4:]
    need(flags & ~1 == 0, "reserved")
    need(index <= 4095, "label-index")
    need(offset + len(text) <= 64, "label-piece")
    return {"message": "label", "index": index, "offset": offset, "last": bool(flags & 1), "text": text.hex()}


def verdict(body, _, version):
    frame, echo, age, flags, reserved, klass, labels, score, threshold = struct.unpack("<QIHBBHHff", body)
    committed, known, scored, drift = (bool(flags & bit) for bit in (1, 2, 4, 8))
    need(flags < (16 if version >= 2 else 8) and reserved == 0, "reserved")
    need(scored or not (known or any(body[20:28])), "contradiction")
    need(committed or klass == 65535, "contradiction")
    need(2 <= labels <= 4096, "labels")
    if scored:
        need(math.isfinite(score) and math.isfinite(threshold), "not-finite")
        need(known == (score >= threshold), "contradiction")
    if committed:
        need(klass < labels, "class")
        need(scored, "unscored")
    return {
        "message": "verdict", "frame": frame, "echo_ms": echo, "age_ms": age, "committed": committed, "known": known,
        "scored": scored, "drift": drift, "class": klass if committed else None, "labels": labels,
        "score": score if scored else None, "threshold": threshold if scored else None,
    }


def heartbeat(body, *_):
    uptime, last_seen, state = struct.unpack_from("<IIB", body)
    need(not any(body[9:]), "reserved")
    need(state in (1, 2, 3), "code")
    return {"message": "heartbeat", "uptime_ms": uptime, "last_seen": last_seen, "state": state}


def ack(body, *_):
    of, uptime, status, reason, reserved = struct.unpack("<IIBBH", body)
    need(reserved == 0, "reserved")
    need(status in (1, 2, 3), "code")
    need(1 <= reason <= 8 if status == 3 else reason == 0, "code")
    return {"message": "ack", "of": of, "uptime_ms": uptime, "status": status, "reason": reason}


def command(body, *_):
    code, first, age, hold, last = struct.unpack("<BBHHH", body)
    need(first == 0 and last == 0, "reserved")
    need(code not in (1, 2) or (age == 0 and hold == 0), "reserved")
    need(code in (1, 2, 3), "code")
    if code == 3:
        need(50 <= age <= 10000, "policy-age")
        need(10 <= hold <= 10000, "policy-hold")
    return {"message": "command", "command": code, "max_age_ms": age, "hold_ms": hold}


def fault(body, *_):
    code, reserved, detail = struct.unpack("<HHI", body)
    need(reserved == 0, "reserved")
    need(1 <= code <= 10 or code >= 0x8000, "code")
    return {"message": "fault", "code": code, "detail": detail}


MESSAGES = {1: hello, 2: label, 3: verdict, 4: heartbeat, 5: ack, 6: command, 7: fault}


def read_body(version, kind, length, sender, session, body):
    need(kind in MESSAGES, "kind")
    need(length == len(body), "length")
    need(sender in SENDERS[kind], "direction")
    need(session != 0 or (sender, kind) in FREE_OF_SESSION, "no-session")
    least, most = LENGTHS[kind]
    need(least <= len(body) <= most, "length")
    fields = MESSAGES[kind](body, sender, version)
    need(kind != HELLO or version == fields["version_min"], "versions")
    return fields


def read_envelope(envelope):
    """What a receiver gives for the bytes between two delimiters."""
    try:
        need(len(envelope) <= 70, "overlong")
        need(len(envelope) >= 23, "short")
        stuffed, field = envelope[:-5], envelope[-5:]
        need(read_crc_field(field) == crc32c(stuffed), "crc")
        packet = cobs_decode(stuffed)
        version, kind, length, sequence, session = struct.unpack_from("<BBHII", packet)
        sender, kind = (MCU if kind & 0x80 else HOST), kind & 0x7F
        need(version in VERSIONS or kind == HELLO, "version")
    except Refused as error:
        return {"error": str(error)}
    head = {"from": sender, "sequence": sequence, "session": session}
    try:
        fields = read_body(version, kind, length, sender, session, packet[12:])
    except Refused as error:
        return head | {"error": str(error), "type": kind}
    again = cobs_encode(packet)
    assert again + crc_field(crc32c(again)) == envelope, "a packet has exactly one encoding"
    return head | {"version": version} | fields


def read_line(data):
    """What a receiver gives for bytes on the line, one at a time."""
    results, envelope, skipping = [], bytearray(), False
    for byte in data:
        if byte == 0:
            if envelope and not skipping:
                results.append(read_envelope(bytes(envelope)))
            envelope, skipping = bytearray(), False
        elif not skipping:
            envelope.append(byte)
            if len(envelope) == 71:
                results.append(read_envelope(bytes(envelope)))
                skipping = True
    return results


def main(folder):
    assert crc32c(b"123456789") == 0xE3069283
    assert crc_field(0xE3069283).hex() == "83a59a988e"
    assert cobs_encode(bytes.fromhex("1100002233")).hex() == "021101032233"
    count, wrong = 0, 0
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        for vector in json.loads(path.read_text()):
            count += 1
            found = read_line(bytes.fromhex(vector["bytes"]))
            if found != vector["expect"]:
                wrong += 1
                print(f"{path.name}: {vector['name']}: found {found}, expected {vector['expect']}", file=sys.stderr)
    if wrong or not count:
        print(f"{wrong} of {count} vectors differ", file=sys.stderr)
        return 1
    print(f"{count} vectors, all as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
