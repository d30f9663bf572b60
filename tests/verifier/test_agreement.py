# SPDX-License-Identifier: GPL-2.0-or-later
"""The monitor of a real run against the calculator: both have to measure the same, for several configurations.

Needs the program that the environment variable CCASIM names, and its guests beside it (run_all.py).
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from measured_realm import Given, realms_of
from measurement import rim

CCASIM = os.environ.get("CCASIM")
RAM = 0x80000000
STOPPED_AT_LIMIT = 7
EXPLICIT = {"life_cycle": "explicit"}
# kvmtool's order in the explicit life cycle: all of RAM, the images, the vCPUs.
IN_ORDER = ["RMI_RTT_INIT_RIPAS", "RMI_DATA_CREATE", "RMI_REC_CREATE"]

REALM = re.compile(r"^realm '(\w+)': RD (0x[0-9a-f]+), ACTIVE.*\n +RIM +([0-9a-f]+)$", re.MULTILINE)


def guest(name):
    return pathlib.Path(CCASIM).parent / "guest" / f"{name}.bin"


@unittest.skipUnless(CCASIM, "no program ccasim given")
class Agreement(unittest.TestCase):
    def setUp(self):
        if not guest("hello").exists():
            self.skipTest(f"{guest('hello')} isn't built: a cross compiler for AArch64 is missing")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_it(self, vms, host=None):
        """Starts the VMs of a configuration and stops while they run. Returns {RD: RIM by the monitor}, trace."""
        config, trace = self.folder / "config.json", self.folder / "trace.jsonl"
        config.write_text(json.dumps({"machine": {"memory": "512MiB"}, "host": host or {}, "vms": vms}), encoding="utf-8")
        queries = [f"realm {vm['name']}" for vm in vms]
        done = subprocess.run([CCASIM, "inspect", config, "--batch", "--quiet", "--max-instructions", "20000",
                               "--trace", trace, *queries], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, STOPPED_AT_LIMIT, done.stderr)
        return {int(rd, 0): bytes.fromhex(value) for _, rd, value in REALM.findall(done.stdout)}, trace

    def check(self, vm, ipa_bits, recs=1, entry=RAM, gprs=(), images=(), host=None, hash_algo=0):
        """One realm. The host gives realms 2 breakpoints and 2 watchpoints, and only the first REC is runnable."""
        vm = {"name": "vm", "memory": "16MiB", "boot": "raw", "binary": str(guest("hello")), **vm}
        measured, trace = self.run_it([vm], host)
        self.assertEqual(len(measured), 1)
        first = {"flags": 1, "pc": entry, **{f"x{i}": value for i, value in enumerate(gprs)}}
        given = Given(realm={"s2sz": ipa_bits, "num_bps": 1, "num_wps": 1, "hash_algo": hash_algo},
                      recs={0: first, **{i: {"flags": 0} for i in range(1, recs)}},
                      images=[(RAM, pathlib.Path(vm["binary"]).read_bytes()), *images])
        with open(trace, encoding="utf-8") as lines:
            realm, = realms_of(lines)
        value = rim(realm.params(given), realm.events(given))
        self.assertEqual(value.hex(), measured[realm.rd].hex())
        self.measured = value
        return realm

    def test_one_guest_program(self):
        self.check({}, 33)

    def test_four_vcpus(self):
        self.check({"vcpus": 4, "binary": str(guest("smp"))}, 33, recs=4)

    def test_memory_that_ends_inside_a_block(self):
        realm = self.check({"memory": 0x1003000}, 33)
        self.assertGreater(len(realm.log), 5)

    def test_wider_ipa_spaces(self):
        for bits in (36, 40, 48):
            with self.subTest(bits):
                self.check({"ipa_bits": bits}, bits)

    def test_entry_and_registers(self):
        gprs = [0x1, 0x8000000000000000, 0, 3, 4, 5, 6, 0xFFFFFFFFFFFFFFFF]
        self.check({"entry": hex(RAM + 0x50), "registers": [hex(value) for value in gprs]}, 33, entry=RAM + 0x50,
                   gprs=gprs)

    def test_measured_and_unmeasured_binaries(self):
        texts = {name: name.encode() * 1000 for name in ("counts", "does-not")}
        for name, text in texts.items():
            (self.folder / name).write_bytes(text)
        binaries = [{"path": str(self.folder / "counts"), "ipa": hex(RAM + 0x801000), "measured": True},
                    {"path": str(self.folder / "does-not"), "ipa": hex(RAM + 0x400000), "measured": False}]
        self.check({"binaries": binaries}, 33, images=[(RAM + 0x801000, texts["counts"])])

    def test_the_explicit_life_cycle_with_either_hash(self):
        found = set()
        for name, hash_algo in (("sha-256", 0), ("sha-512", 1)):
            for vcpus, memory in ((1, "16MiB"), (4, 0x1003000)):
                vm = {"hash_algorithm": name, "vcpus": vcpus, "memory": memory, "binary": str(guest("smp"))}
                with self.subTest(vm):
                    realm = self.check(vm, 33, recs=vcpus, host=EXPLICIT, hash_algo=hash_algo)
                    order = [command.name for command, _ in realm.log]
                    self.assertEqual(order, sorted(order, key=IN_ORDER.index))
                    found.add(self.measured)
        self.assertEqual(len(found), 4)

    def test_the_life_cycles_measure_in_different_orders(self):
        self.check({}, 33)
        implicit = self.measured
        self.check({}, 33, host=EXPLICIT)
        self.assertNotEqual(self.measured, implicit)

    def test_a_personalization_value_is_not_measured(self):
        self.check({}, 33, host=EXPLICIT)
        without = self.measured
        self.check({"personalization_value": "whose realm this is"}, 33, host=EXPLICIT)
        self.assertEqual(self.measured, without)

    def test_memory_that_the_host_left_empty_is_not_measured(self):
        realm = self.check({}, 33, host={"init_ripas_at_activation": False})
        self.assertNotIn("RMI_RTT_INIT_RIPAS", [command.name for command, _ in realm.log])

    def test_a_content_that_differs_is_noticed(self):
        with self.assertRaises(AssertionError):
            self.check({}, 33, images=[(RAM + 0x40, b"other instructions")])

    def test_a_run_with_two_realms(self):
        vms = [{"name": name, "memory": "16MiB", "boot": "raw", "binary": str(guest(name)), "vcpus": vcpus}
               for name, vcpus in (("hello", 1), ("smp", 2))]
        measured, trace = self.run_it(vms)
        self.assertEqual(len(measured), 2)
        with open(trace, encoding="utf-8") as lines:
            realms = realms_of(lines)
        for realm, name in zip(realms, ("hello", "smp")):
            given = Given(realm={"s2sz": 33, "num_bps": 1, "num_wps": 1},
                          recs={0: {"flags": 1, "pc": RAM}, 1: {"flags": 0}},
                          images=[(RAM, guest(name).read_bytes())])
            self.assertEqual(rim(realm.params(given), realm.events(given)), measured[realm.rd], name)
