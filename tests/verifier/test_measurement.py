# SPDX-License-Identifier: GPL-2.0-or-later
"""The calculator against measurements put together by hand, byte for byte after the tables of DEN0137 1.0-rel0."""

import hashlib
import unittest

from measurement import GRANULE, CannotMeasure, Data, RealmParams, Rec, Ripas, rim, rim_steps, ripas_entries

PARAMS = RealmParams(flags=0x6, s2sz=40, sve_vl=3, num_bps=5, num_wps=2, pmu_num_ctrs=7, hash_algo=0)
CONTENT = bytes(range(256)) * 16


def le(number):
    return number.to_bytes(8, "little")


def padded(algorithm, data):
    return hashlib.new(algorithm, data).digest().ljust(64, b"\0")


def header(kind, current):
    return bytes([kind]) + bytes(7) + le(0x100) + current


class ByHand(unittest.TestCase):
    """Each value is computed a second time, from one flat string of bytes."""

    def initial(self, hash_algo, algorithm):
        block = le(0x6) + le(40) + le(3) + le(5) + le(2) + le(7) + le(hash_algo)
        return padded(algorithm, block + bytes(GRANULE - len(block)))

    def events(self, algorithm):
        """(event, what its descriptor has above the header)."""
        rec = Rec(flags=1, pc=0x80200000, gprs=[10, 11, 12, 13, 14, 15, 16, 0xFFFFFFFFFFFFFFFF])
        block = le(1) + bytes(0x1F8) + le(0x80200000) + bytes(0xF8) + b"".join(map(le, rec.gprs)) + bytes(0xCC0)
        self.assertEqual(len(block), GRANULE)
        return [
            (Data(0x80000000, 1, CONTENT), le(0x80000000) + le(1) + padded(algorithm, CONTENT) + bytes(0x60)),
            (Data(0x80001000, 0, CONTENT), le(0x80001000) + le(0) + bytes(0xA0)),
            (rec, padded(algorithm, block) + bytes(0x70)),
            (Ripas(0x80002000, 0x80003000), le(0x80002000) + le(0x80003000) + bytes(0xA0)),
        ]

    def check(self, hash_algo, algorithm):
        value = self.initial(hash_algo, algorithm)
        expected = [value]
        events = self.events(algorithm)
        for kind, (_, rest) in zip((0, 0, 1, 2), events):
            block = header(kind, value) + rest
            self.assertEqual(len(block), 0x100)
            value = padded(algorithm, block)
            expected.append(value)
        params = RealmParams(**{**vars(PARAMS), "hash_algo": hash_algo})
        found = [step for _, step in rim_steps(params, [event for event, _ in events])]
        self.assertEqual([step.hex() for step in found], [step.hex() for step in expected])

    def test_sha_256(self):
        self.check(0, "sha256")

    def test_sha_512(self):
        self.check(1, "sha512")


class WhatCounts(unittest.TestCase):
    def test_a_field_of_the_parameters_each(self):
        base = rim(PARAMS, [])
        for name, value in vars(PARAMS).items():
            other = RealmParams(**{**vars(PARAMS), name: value ^ 1})
            self.assertNotEqual(rim(other, []), base, name)

    def test_the_length_is_that_of_the_hash(self):
        self.assertEqual(len(rim(RealmParams(hash_algo=0), [])), 32)
        self.assertEqual(len(rim(RealmParams(hash_algo=1), [])), 64)

    def test_a_rec_that_is_not_runnable_does_not_count(self):
        self.assertEqual(rim(PARAMS, [Rec(flags=0, pc=1)]), rim(PARAMS, []))
        self.assertNotEqual(rim(PARAMS, [Rec(flags=1, pc=1)]), rim(PARAMS, []))

    def test_reserved_flags_count_as_the_host_gave_them(self):
        self.assertNotEqual(rim(PARAMS, [Rec(flags=3)]), rim(PARAMS, [Rec(flags=1)]))
        self.assertNotEqual(rim(PARAMS, [Data(0, 0x8000, CONTENT)]), rim(PARAMS, [Data(0, 0, CONTENT)]))

    def test_content_counts_only_if_the_host_says_so(self):
        other = bytes(GRANULE)
        self.assertEqual(rim(PARAMS, [Data(0, 0, CONTENT)]), rim(PARAMS, [Data(0, 0)]))
        self.assertNotEqual(rim(PARAMS, [Data(0, 1, CONTENT)]), rim(PARAMS, [Data(0, 1, other)]))

    def test_a_digest_stands_for_the_content(self):
        by_digest = Data(0, 1, content_digest=hashlib.sha256(CONTENT).digest())
        self.assertEqual(rim(PARAMS, [by_digest]), rim(PARAMS, [Data(0, 1, CONTENT)]))

    def test_the_order_counts(self):
        one, other = Data(0x1000, 0), Ripas(0x2000, 0x3000)
        self.assertNotEqual(rim(PARAMS, [one, other]), rim(PARAMS, [other, one]))

    def test_ripas_counts_for_each_entry(self):
        self.assertEqual(ripas_entries(0x80000000, 0x80003000, 3),
                         [Ripas(a, a + GRANULE) for a in (0x80000000, 0x80001000, 0x80002000)])
        self.assertEqual(ripas_entries(0x80000000, 0x80400000, 2),
                         [Ripas(0x80000000, 0x80200000), Ripas(0x80200000, 0x80400000)])
        self.assertEqual(ripas_entries(0x40000000, 0x80000000, 1), [Ripas(0x40000000, 0x80000000)])

    def test_impossible_inputs_are_named(self):
        for events, hash_algo, named in (([Data(0x5000, 1)], 0, "0x5000"), ([Data(0, 1, b"short")], 0, "5"),
                                         ([Data(0, 1, content_digest=bytes(32))], 1, "sha-512"), ([], 2, "reserved")):
            with self.assertRaisesRegex(CannotMeasure, named):
                rim(RealmParams(hash_algo=hash_algo), events)
        with self.assertRaisesRegex(CannotMeasure, "level 2"):
            ripas_entries(0x80001000, 0x80200000, 2)
