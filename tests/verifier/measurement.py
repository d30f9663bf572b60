# SPDX-License-Identifier: GPL-2.0-or-later
"""The Realm Initial Measurement, computed from nothing but the text of DEN0137 1.0-rel0 (A7.1.1)."""


import hashlib
import struct
from dataclasses import dataclass, field

GRANULE = 0x1000
VALUE_SIZE = 64  # C1.17 RmmRealmMeasurement: 512 bits whatever the algorithm
DESCRIPTOR_SIZE = 0x100

# B4.4.7 RmiHashAlgorithm -> the IANA name that tokens use.
HASH_NAMES = {0: "sha-256", 1: "sha-512"}

DATA_DESCRIPTOR, REC_DESCRIPTOR, RIPAS_DESCRIPTOR = 0, 1, 2


class CannotMeasure(Exception):
    """An input is missing or impossible; the text names it."""


def digest(hash_algo, data):
    """The hash of `data` by an RmiHashAlgorithm, without padding."""
    if hash_algo not in HASH_NAMES:
        raise CannotMeasure(f"hash_algo {hash_algo} is reserved (B4.4.7); 0 is SHA-256, 1 is SHA-512")
    return hashlib.new(HASH_NAMES[hash_algo].replace("-", ""), data).digest()


def place(block, offset, layout, value):
    struct.pack_into(layout, block, offset, value)


@dataclass
class RealmParams:
    """The fields of RmiRealmParams that count (B4.3.9.4); offsets and widths are of B4.4.12."""

    flags: int = 0
    s2sz: int = 0
    sve_vl: int = 0
    num_bps: int = 0
    num_wps: int = 0
    pmu_num_ctrs: int = 0
    hash_algo: int = 0

    def measured_block(self):
        block = bytearray(GRANULE)
        place(block, 0x00, "<Q", self.flags)
        place(block, 0x08, "<B", self.s2sz)
        place(block, 0x10, "<B", self.sve_vl)
        place(block, 0x18, "<B", self.num_bps)
        place(block, 0x20, "<B", self.num_wps)
        place(block, 0x28, "<B", self.pmu_num_ctrs)
        place(block, 0x30, "<B", self.hash_algo)
        return bytes(block)


def descriptor(kind, current):
    """The first three fields, which all measurement descriptors share (C1.11 to C1.13)."""
    block = bytearray(DESCRIPTOR_SIZE)
    place(block, 0x00, "<B", kind)
    place(block, 0x08, "<Q", DESCRIPTOR_SIZE)
    block[0x10:0x10 + VALUE_SIZE] = current
    return block


def place_digest(block, offset, value):
    block[offset:offset + len(value)] = value  # zero above the digest


@dataclass
class Data:
    """RMI_DATA_CREATE (B4.3.1.4). What counts of the content is given as the granule itself or as its digest."""

    ipa: int
    flags: int
    content: bytes = None
    content_digest: bytes = None

    def descriptor(self, hash_algo, current):
        block = descriptor(DATA_DESCRIPTOR, current)
        place(block, 0x50, "<Q", self.ipa)
        place(block, 0x58, "<Q", self.flags)
        if self.flags & 1:  # RMI_MEASURE_CONTENT
            place_digest(block, 0x60, self.digest_of_content(hash_algo))
        return bytes(block)

    def digest_of_content(self, hash_algo):
        if self.content is not None:
            if len(self.content) != GRANULE:
                raise CannotMeasure(f"DATA at {self.ipa:#x}: a granule has {GRANULE} bytes, not {len(self.content)}")
            return digest(hash_algo, self.content)
        if self.content_digest is None:
            raise CannotMeasure(f"DATA at {self.ipa:#x}: its content counts and is unknown")
        size = len(self.content_digest)
        if size != len(digest(hash_algo, b"")):
            raise CannotMeasure(f"DATA at {self.ipa:#x}: a digest of {size} bytes isn't of {HASH_NAMES[hash_algo]}")
        return self.content_digest

    def __str__(self):
        return f"DATA ipa {self.ipa:#x} flags {self.flags:#x}"


@dataclass
class Rec:
    """RMI_REC_CREATE (B4.3.12.4): counts only if the REC is runnable (bit 0 of flags)."""

    flags: int
    pc: int = 0
    gprs: list = field(default_factory=lambda: [0] * 8)

    def measured_block(self):
        block = bytearray(GRANULE)
        place(block, 0x000, "<Q", self.flags)
        place(block, 0x200, "<Q", self.pc)
        struct.pack_into("<8Q", block, 0x300, *self.gprs)
        return bytes(block)

    def descriptor(self, hash_algo, current):
        if not self.flags & 1:
            return None
        block = descriptor(REC_DESCRIPTOR, current)
        place_digest(block, 0x50, digest(hash_algo, self.measured_block()))
        return bytes(block)

    def __str__(self):
        return f"REC flags {self.flags:#x} pc {self.pc:#x} gprs {' '.join(f'{g:#x}' for g in self.gprs)}"


@dataclass
class Ripas:
    """One RTT entry of RMI_RTT_INIT_RIPAS (B4.3.18.4)."""

    base: int
    top: int

    def descriptor(self, hash_algo, current):
        block = descriptor(RIPAS_DESCRIPTOR, current)
        place(block, 0x50, "<Q", self.base)
        place(block, 0x58, "<Q", self.top)
        return bytes(block)

    def __str__(self):
        return f"RIPAS {self.base:#x}..{self.top:#x}"


def entry_size(level):
    """The bytes of IPA space that an RTT entry of this level describes, with granules of 4 KiB."""
    return GRANULE << (9 * (3 - level))


def ripas_entries(base, top, level):
    """What an RMI_RTT_INIT_RIPAS that changed [base, top) at one level measures: an event for each entry (B3.46)."""
    size = entry_size(level)
    if base % size or top % size:
        raise CannotMeasure(f"RIPAS {base:#x}..{top:#x} isn't aligned to the entries of level {level}")
    return [Ripas(ipa, ipa + size) for ipa in range(base, top, size)]


def rim_steps(params, events):
    """Yields (what, value of 64 bytes): the initial value, then the value after each event that counts."""

    def padded(data):
        return digest(params.hash_algo, data).ljust(VALUE_SIZE, b"\0")

    value = padded(params.measured_block())
    yield params, value
    for event in events:
        block = event.descriptor(params.hash_algo, value)
        if block is not None:
            value = padded(block)
            yield event, value


def rim(params, events):
    """The RIM as a token shows it: 32 bytes for SHA-256, 64 for SHA-512."""
    for _, value in rim_steps(params, events):
        pass
    return value[:len(digest(params.hash_algo, b""))]
