#!/usr/bin/env python3
"""Reads the files of a local joblet store as FORMAT.md describes them. Only the standard library; never writes.

    read_joblet_files.py rows FILE...          the rows of a job in order, one JSON text a line: stdout.log.gz stderr.log.gz
    read_joblet_files.py check FILE...         compares each file with its index; exit code 1 when something is wrong
    read_joblet_files.py find NEEDLE FILE...   rows whose content has NEEDLE, reading only the blocks that can have it
"""

import base64
import heapq
import json
import struct
import sys
import zlib

GRAM_BYTES = 4
PART_BITS = 1024
PLAIN = 255
HEADER = struct.Struct("<8sHHBBH128sI")
ENTRY = struct.Struct("<QQQqqQQIIIIII")
FIELD_BYTES = 40


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC32C = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC32C[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def varints(data):
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0


def signed(value):
    return value - (1 << 64) if value >> 63 else value


class Member:
    """A gzip member of this store: what its header says, and its rows."""

    def __init__(self, data, offset):
        magic, method, flags = struct.unpack_from("<2sBB", data, offset)
        if magic != b"\x1f\x8b" or method != 8 or flags != 4:
            raise ValueError(f"no member of this store at byte {offset}")
        (extra_bytes,) = struct.unpack_from("<H", data, offset + 10)
        extra = data[offset + 12 : offset + 12 + extra_bytes]
        name, size = struct.unpack_from("<2sH", extra)
        field = extra[4 : 4 + size]
        if name != b"JB" or field[0] != 1:
            raise ValueError(f"no header of this store at byte {offset}")
        if zlib.crc32(field[:-4]) != struct.unpack("<I", field[-4:])[0]:
            raise ValueError(f"a damaged header at byte {offset}")
        (body_bytes,) = struct.unpack_from("<I", field, 1)
        numbers = varints(field[5:-4])
        self.content_bytes = next(numbers)
        self.time_min, self.time_max = signed(next(numbers)), signed(next(numbers))
        self.ordinals = []
        ordinal = next(numbers)
        for index, number in enumerate(numbers):
            if index % 2 == 0:
                self.ordinals.extend(range(ordinal, ordinal + number))
            ordinal += number
        body = offset + 12 + extra_bytes
        self.offset, self.length = offset, 12 + extra_bytes + body_bytes + 8
        self.bytes = data[offset : offset + self.length]
        self.text = zlib.decompress(data[body : body + body_bytes], -15)
        crc, length = struct.unpack_from("<II", data, body + body_bytes)
        if crc != zlib.crc32(self.text) or length != len(self.text) % 2**32:
            raise ValueError(f"a damaged member at byte {offset}")

    def rows(self):
        for ordinal, line in zip(self.ordinals, self.text.splitlines()):
            yield {"ordinal": ordinal, **json.loads(line)}


def members(path):
    with open(path, "rb") as file:
        data = file.read()
    offset = 0
    while offset < len(data):
        member = Member(data, offset)
        yield member
        offset += member.length


def rows(path):
    for member in members(path):
        yield from member.rows()


def content(row):
    return row["text"].encode() if "text" in row else base64.b64decode(row.get("content", ""))


class Entry:
    """What the index says of one block."""

    def __init__(self, data):
        (
            self.offset,
            self.first_ordinal,
            self.last_ordinal,
            self.time_min,
            self.time_max,
            self.content_bytes,
            self.filter_offset,
            self.length,
            self.member_crc32c,
            self.rows,
            self.filter_length,
            self.filter_crc32c,
            _,
        ) = ENTRY.unpack_from(data)
        self.part_times = struct.unpack_from("<32q", data, 80)
        self.part_bytes = struct.unpack_from("<16I", data, 336)


def entries(path):
    with open(path + ".idx", "rb") as file:
        data = file.read()
    magic, version, entry_bytes, *_ = HEADER.unpack_from(data)
    if magic != b"JOBLETIX" or version != 2 or crc32c(data[: HEADER.size - 4]) != HEADER.unpack_from(data)[-1]:
        raise ValueError(f"{path}.idx is no index of version 2")
    for start in range(HEADER.size, len(data), entry_bytes):
        entry = data[start : start + entry_bytes]
        if crc32c(entry[:-4]) != struct.unpack("<I", entry[-4:])[0]:
            raise ValueError(f"{path}.idx has a damaged entry at byte {start}")
        yield Entry(entry)


def grams(needle):
    return {needle[at : at + GRAM_BYTES] for at in range(len(needle) - GRAM_BYTES + 1)}


def set_bits(part, k):
    """The set bits of a part of a filter, from its Rice codes."""
    code = int.from_bytes(part, "little")
    position = -1
    while code:
        quotient = (code & -code).bit_length() - 1
        code >>= quotient + 1
        position += 1 + (quotient << k | code & ((1 << k) - 1))
        code >>= k
        yield position


def has_gram(stored, gram):
    bits, k = stored[0], stored[1]
    bit = (int.from_bytes(gram, "little") * 0x9E3779B1 & 0xFFFFFFFF) >> (32 - bits)
    if k == PLAIN:
        return bool(stored[2 + bit // 8] >> bit % 8 & 1)
    parts = max(2**bits // PART_BITS, 1)
    lengths = stored[2 : 2 + parts]
    part = bit // PART_BITS
    start = 2 + parts + sum(lengths[:part])
    return bit % PART_BITS in set_bits(stored[start : start + lengths[part]], k)


def can_have(filters, entry, needle):
    stored = filters[entry.filter_offset : entry.filter_offset + entry.filter_length]
    if not stored or len(stored) < entry.filter_length or crc32c(stored) != entry.filter_crc32c:
        return True
    return all(has_gram(stored, gram) for gram in grams(needle))


def filters_of(path):
    try:
        with open(path + ".flt", "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def find(path, needle):
    filters = filters_of(path)
    read = blocks = 0
    with open(path, "rb") as file:
        for entry in entries(path):
            blocks += 1
            if not can_have(filters, entry, needle):
                continue
            read += 1
            file.seek(entry.offset)
            for row in Member(file.read(entry.length), 0).rows():
                if needle in content(row):
                    yield row
    print(f"{path}: read {read} of {blocks} blocks", file=sys.stderr)


def check(path):
    """What the index says and the data does not; the number of such places."""
    wrong = 0
    filters = filters_of(path)
    found, said = list(members(path)), list(entries(path))
    if len(found) != len(said):
        print(f"{path}: {len(found)} members, {len(said)} entries in the index")
        wrong += 1
    for member, entry in zip(found, said):
        of_data = list(member.rows())
        pairs = {
            "offset": (entry.offset, member.offset),
            "length": (entry.length, member.length),
            "member_crc32c": (entry.member_crc32c, crc32c(member.bytes)),
            "rows": (entry.rows, len(of_data)),
            "first_ordinal": (entry.first_ordinal, member.ordinals[0]),
            "last_ordinal": (entry.last_ordinal, member.ordinals[-1]),
            "time_min": (entry.time_min, min(row["timestamp"] for row in of_data)),
            "time_max": (entry.time_max, max(row["timestamp"] for row in of_data)),
            "content_bytes": (entry.content_bytes, sum(len(content(row)) for row in of_data)),
            "part_bytes": (sum(entry.part_bytes), entry.content_bytes),
            "filter": (all(can_have(filters, entry, content(row)) for row in of_data), True),
        }
        for name, (index, data) in pairs.items():
            if index != data:
                print(f"{path}: block at byte {member.offset}: {name} is {index} in the index, {data} in the data")
                wrong += 1
    print(f"{path}: {len(found)} blocks, {sum(len(member.ordinals) for member in found)} rows, {wrong} wrong")
    return wrong


def main(command, *arguments):
    # What is known of rotated files that are gone: it has no rows, and no members of this kind.
    arguments = [path for path in arguments if not path.endswith(".0.gz")]
    if command == "check":
        return 1 if sum(check(path) for path in arguments) else 0
    if command == "rows":
        found = heapq.merge(*(rows(path) for path in arguments), key=lambda row: row["ordinal"])
    elif command == "find":
        needle = arguments[0].encode()
        found = heapq.merge(*(find(path, needle) for path in arguments[1:]), key=lambda row: row["ordinal"])
    else:
        sys.exit(__doc__)
    for row in found:
        print(json.dumps(row, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
