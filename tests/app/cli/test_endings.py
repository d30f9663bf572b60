# SPDX-License-Identifier: GPL-2.0-or-later
"""How a run ends that does not end in a power-off, and what it tells then."""

import json
import re
import signal
import subprocess
import time
import unittest

from program import (ASKS_AND_WAITS, CONFIGS, LOADS_PROTECTED_PL011, LONGEST_RUN, POWERS_OFF, SPIN, SPINS, WAITS, Case,
                     program, run, words)

CRASHED, STUCK, LIMIT, INTERRUPTED = 5, 6, 7, 130
HELLO = CONFIGS / "hello.json"


class Stuck(Case):
    def test_every_vcpu_is_explained(self):
        done = run("run", self.raw(ASKS_AND_WAITS, vcpus=2))
        self.assertEqual(done.code, STUCK, done)
        self.assertIn("stuck: every CPU waits and nothing can wake one", done.err)
        self.assertRegex(done.err, r"g vCPU 0: PC 0x80000014.*PSTATE 0x3c5")
        self.assertRegex(done.err, r"0x80000010  wfi")
        self.assertRegex(done.err, r"=> 0x80000014  b #0x80000010")
        self.assertIn("idles in guest at WFI", done.err)
        self.assertIn("pending or active interrupts: none", done.err)
        self.assertIn("last RSI and PSCI calls: RSI_VERSION RSI_SUCCESS", done.err)
        self.assertRegex(done.err, r"last RMI calls: .*RMI_REALM_ACTIVATE RMI_SUCCESS")
        self.assertIn("g vCPU 1: powered off", done.err)

    def test_a_plain_vm_too(self):
        done = run("run", self.raw(WAITS, realm=False))
        self.assertEqual(done.code, STUCK, done)
        self.assertRegex(done.err, r"g vCPU 0: PC 0x80000004")
        self.assertIn("0x80000000  wfi", done.err)

    def test_one_vm_of_two(self):
        path = str(self.file("w", WAITS))
        off = str(self.file("o", POWERS_OFF))
        vms = [{"name": name, "memory": "64MiB", "boot": "raw", "binary": binary}
               for name, binary in (("waits", path), ("ends", off))]
        done = run("run", self.file("two.json", json.dumps({"vms": vms})))
        self.assertEqual(done.code, STUCK, done)
        self.assertIn("waits vCPU 0: PC", done.err)
        self.assertNotIn("ends vCPU", done.err)
        self.assertIn("realm 'ends': powered_off", done.err)


class Limits(Case):
    def test_instructions(self):
        target = self.folder / "j"
        done = run("run", self.raw(SPINS), "--max-instructions", "100000", "--json", target)
        self.assertEqual(done.code, LIMIT, done)
        self.assertIn("stopped at --max-instructions", done.err)
        self.assertRegex(done.err, r"=> 0x80000000  b #0x80000000")
        summary = json.loads(target.read_text())
        self.assertEqual(summary["exit_code"], LIMIT)
        self.assertGreaterEqual(summary["instructions"], 100000)
        self.assertLess(summary["instructions"], 110000)

    def test_virtual_time(self):
        target = self.folder / "j"
        done = run("run", self.raw(SPINS), "--until", "3ms", "--json", target)
        self.assertEqual(done.code, LIMIT, done)
        self.assertIn("stopped at --until", done.err)
        self.assertGreaterEqual(json.loads(target.read_text())["virtual_ns"], 3_000_000)
        self.assertLess(json.loads(target.read_text())["virtual_ns"], 4_000_000)

    def test_a_guest_that_only_takes_exceptions(self):
        # Its vectors are where no memory is: it never executes another instruction.
        loads = LOADS_PROTECTED_PL011[12:20]
        self.assertEqual(run("run", self.raw(loads), "--max-instructions", "100000").code, LIMIT)
        self.assertEqual(run("run", self.raw(loads), "--until", "1ms").code, LIMIT)

    def test_symbols_of_the_guest(self):
        done = run("run", self.raw("hello"), "--max-instructions", "30000")
        self.assertEqual(done.code, LIMIT, done)
        self.assertRegex(done.err, r"vCPU 0: PC 0x8000[0-9a-f]+ \S+\+0x[0-9a-f]+, PSTATE")


class Crashed(Case):
    def test_the_last_look_is_before_the_vm_is_taken_down(self):
        # A pair of registers loaded from the PL011: the syndrome says too little to emulate it.
        loads_pair = words(0xd2a12000, 0xa9400801, SPIN)
        done = run("run", self.raw(loads_pair, realm=False), "--max-instructions", "100000")
        self.assertEqual(done.code, CRASHED, done)
        self.assertRegex(done.err, r"VM 'g': crashed: .*vCPU 0")
        self.assertIn("g vCPU 0: PC 0x80000004", done.err)
        self.assertRegex(done.err, r"=> 0x80000004  ldp x1, x2, \[x0\]")

    def test_a_vm_that_is_refused(self):
        # RAM above the machine's widest IPA space.
        done = run("run", self.raw(POWERS_OFF, memory="64MiB", ipa_bits=41), "--set", "machine.rmm.s2sz=40")
        self.assertEqual(done.code, CRASHED, done)
        self.assertRegex(done.err, r"realm 'g': crashed: .+")
        self.assertNotIn("internal error", done.err)


class ControlCWithoutATerminal(Case):
    def start(self, *arguments):
        process = subprocess.Popen([program(), "run", *map(str, arguments)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process

    def test_twice_ends_within_a_second(self):
        process = self.start(self.raw(SPINS))
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said = process.stderr.readline()
        self.assertIn(b"press Ctrl-C again within two seconds", said)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        _, err = process.communicate(timeout=LONGEST_RUN)
        self.assertLess(time.monotonic() - begin, 1)
        self.assertEqual(process.returncode, INTERRUPTED, err)
        self.assertIn(b"ended by Ctrl-C", err)
        self.assertNotIn(b"press Ctrl-C again", err)

    def test_the_summary_is_written_all_the_same(self):
        target = self.folder / "j"
        process = self.start(self.raw(SPINS), "--json", target)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST_RUN)
        self.assertEqual(json.loads(target.read_text())["exit_code"], INTERRUPTED)

    def test_sigterm_ends_as_it_always_does(self):
        target, trace = self.folder / "j", self.folder / "t"
        process = self.start(self.raw(SPINS), "--json", target, "--trace", trace)
        time.sleep(0.5)
        process.terminate()
        process.communicate(timeout=LONGEST_RUN)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertEqual([p.name for p in self.folder.iterdir() if p.name.startswith("j")], [])
        self.assertTrue(trace.read_bytes() == b"" or trace.read_bytes().endswith(b"\n"))


class Inspect(Case):
    def inspect(self, *queries, config=HELLO):
        return run("inspect", config, *queries, "--quiet")

    def test_the_last_moment_before_the_vm_is_taken_down(self):
        done = self.inspect("realm hello", "rec hello 0", "walk hello 0x80000000", "rtt hello", "granule 0x80000000")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.out.count("just before 'hello' was taken down:"), 4)
        self.assertRegex(done.out, r"realm 'hello': RD 0x\w+, SYSTEM_OFF, VMID 1, 33-bit IPA space, 1 RECs")
        self.assertRegex(done.out, r"RIM    [0-9a-f]{64}\n")
        self.assertRegex(done.out, r"pc  [0-9a-f]{16}")
        self.assertRegex(done.out, r"level 3  table 0x\w+\[0\]  descriptor 0x\w{16}  ASSIGNED RAM -> 0x\w+")
        self.assertIn("UNASSIGNED_NS", done.out)
        # The granule's life ends after the realm's.
        self.assertRegex(done.out, r"granule 0x80000000: UNDELEGATED, 0 references\n(.*\n)*.*DELEGATED -> UNDELEGATED")

    def test_answers_come_in_the_order_of_the_queries(self):
        done = self.inspect("granule 0x80000000", "realm hello", "granule 0x80001000")
        places = [done.out.index(text) for text in ("granule 0x80000000", "realm 'hello'", "granule 0x80001000")]
        self.assertEqual(places, sorted(places))

    def test_a_vm_that_still_runs(self):
        done = run("inspect", self.raw(SPINS), "--until", "1ms", "--quiet", "realm g", "rec g 0", "walk g 0x80000000")
        self.assertEqual(done.code, LIMIT, done)
        self.assertNotIn("taken down", done.out)
        self.assertIn("realm 'g'", done.out)
        self.assertIn("ACTIVE", done.out)
        self.assertIn("REC 0 of realm 'g'", done.out)

    def test_what_is_not_there(self):
        done = self.inspect("rec hello 7", "walk hello 0xffffffffffff", "granule 0x1000")
        self.assertEqual(done.code, 0, done)
        self.assertIn("there is no REC 7", done.out)
        self.assertIn("beyond the 33-bit IPA space", done.out)
        self.assertIn("not in DRAM", done.out)

    def test_a_plain_vm_has_no_realm(self):
        done = run("inspect", self.raw(POWERS_OFF, realm=False), "--quiet", "realm g")
        self.assertEqual(done.code, 0, done)
        self.assertIn("'g' has no realm now", done.out)

    def test_looking_changes_nothing(self):
        a, b = self.folder / "a", self.folder / "b"
        run("run", HELLO, "--json", a)
        run("inspect", HELLO, "--json", b, "rtt hello", "rec hello 0", "walk hello 0x80000000")
        for key in ("instructions", "virtual_ns", "console_sha256", "memory_sha256"):
            self.assertEqual(json.loads(a.read_text())[key], json.loads(b.read_text())[key], key)


class WhatTheHostSays(Case):
    def test_the_hint_about_a_device_on_its_protected_address_comes_once(self):
        for vcpus in (1, 2):
            done = run("run", self.raw(LOADS_PROTECTED_PL011 + POWERS_OFF, vcpus=vcpus), "--quiet")
            self.assertEqual(done.code, STUCK, done)
            hints = [line for line in done.err.splitlines() if "protected address" in line]
            self.assertEqual(len(hints), 1, done)
            self.assertTrue(re.match(r"ccasim: g: the guest touched the PL011 at 0x9000000", hints[0]), hints)
            self.assertIn("earlycon=pl011,0x109000000", hints[0])

    def test_a_plain_vm_gets_none(self):
        done = run("run", self.raw(LOADS_PROTECTED_PL011[:20] + WAITS, realm=False), "--quiet")
        self.assertEqual(done.code, STUCK, done)
        self.assertNotIn("protected address", done.err)


if __name__ == "__main__":
    unittest.main()
