# SPDX-License-Identifier: GPL-2.0-or-later
"""CBOR (RFC 8949) as a CCA attestation token may use it: a strict decoder, and an encoder.

Refused, beside what is malformed: lengths and integers that aren't the shortest, indefinite lengths, a key twice in a
map, text that isn't UTF-8, and bytes after the item. So two readers can't see two things in one token, and no relay can
change its bytes. The order of a map's keys is free: DEN0137 1.0-rel0 A7.2.3 says nothing of it.
"""

import struct
from dataclasses import dataclass

MAX_DEPTH = 16

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
SIMPLE_VALUES = {20: False, 21: True, 22: None}


class CborError(Exception):
    """The text says what and at which byte."""


@dataclass(frozen=True)
class Tagged:
    tag: int
    value: object


@dataclass(frozen=True)
class RawItem:
    """Bytes that the encoder copies: how a test says what no encoder would."""

    encoded: bytes


class Pairs(list):
    """A map as a list of (key, value): how a test gives a key twice or an order."""


class Decoder:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def fail(self, what):
        raise CborError(f"byte {self.at}: {what}")

    def take(self, count):
        if count > len(self.data) - self.at:
            self.fail(f"{count} bytes wanted, {len(self.data) - self.at} left")
        self.at += count
        return self.data[self.at - count:self.at]

    def head(self):
        """The major type and the argument of the next item."""
        begin = self.at
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info
        if info > 27:
            self.at = begin
            self.fail("indefinite length" if info == 31 else f"reserved additional information {info}")
        size = 1 << (info - 24)
        argument = int.from_bytes(self.take(size), "big")
        if major == SIMPLE:
            self.at = begin
            self.fail("floating point or a simple value that no claim has")
        shortest = 24 if size == 1 else 1 << (4 * size)
        if argument < shortest:
            self.at = begin
            self.fail(f"{argument} isn't in its shortest form")
        return major, argument

    def item(self, depth=0):
        if depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH}")
        begin = self.at
        major, argument = self.head()
        if major == UNSIGNED:
            return argument
        if major == NEGATIVE:
            return -1 - argument
        if major == BYTES:
            return self.take(argument)
        if major == TEXT:
            return self.text(begin, argument)
        if major == ARRAY:
            return [self.item(depth + 1) for _ in range(argument)]
        if major == MAP:
            return self.map(argument, depth)
        if major == TAG:
            return Tagged(argument, self.item(depth + 1))
        if argument not in SIMPLE_VALUES:
            self.at = begin
            self.fail(f"simple value {argument}, which no claim has")
        return SIMPLE_VALUES[argument]

    def text(self, begin, size):
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError:
            self.at = begin
            self.fail("text that isn't UTF-8")

    def map(self, count, depth):
        result = {}
        for _ in range(count):
            begin = self.at
            key = self.item(depth + 1)
            if isinstance(key, bool) or not isinstance(key, (int, str)):
                self.at = begin
                self.fail("a key is an integer or text")
            if key in result:
                self.at = begin
                self.fail(f"key {key!r} a second time")
            result[key] = self.item(depth + 1)
        return result


def decode(data):
    """The one item that `data` holds: int, bytes, str, list, dict, Tagged, bool or None."""
    decoder = Decoder(data)
    value = decoder.item()
    if decoder.at != len(data):
        decoder.fail(f"{len(data) - decoder.at} bytes after the item")
    return value


def encode_head(major, argument):
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, layout in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if argument < 1 << (8 * struct.calcsize(layout)):
            return bytes([major << 5 | info]) + struct.pack(layout, argument)
    raise ValueError(f"{argument} has no CBOR head")


def encode(value):
    if isinstance(value, RawItem):
        return value.encoded
    if value is None or isinstance(value, bool):
        return bytes([SIMPLE << 5 | {False: 20, True: 21, None: 22}[value]])
    if isinstance(value, int):
        return encode_head(UNSIGNED, value) if value >= 0 else encode_head(NEGATIVE, -1 - value)
    if isinstance(value, (bytes, bytearray)):
        return encode_head(BYTES, len(value)) + bytes(value)
    if isinstance(value, str):
        text = value.encode("utf-8")
        return encode_head(TEXT, len(text)) + text
    if isinstance(value, Tagged):
        return encode_head(TAG, value.tag) + encode(value.value)
    if isinstance(value, (dict, Pairs)):
        pairs = list(value.items()) if isinstance(value, dict) else value
        return encode_head(MAP, len(pairs)) + b"".join(encode(k) + encode(v) for k, v in pairs)
    if isinstance(value, list):
        return encode_head(ARRAY, len(value)) + b"".join(map(encode, value))
    raise TypeError(f"no CBOR for {type(value).__name__}")
