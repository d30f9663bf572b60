# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel: a whole boot, a panic, an early console at the wrong address, a trace, last looks."""

import json
import unittest

import trace_schema
from program import CONFIGS, Case, linux_kernel, run
from test_summary import assert_consistent

PANIC, STUCK, LIMIT = 4, 6, 7
LINUX, PLAIN = CONFIGS / "linux.json", CONFIGS / "plain-linux.json"
NO_INIT = ("--append", "init=/nonexistent rdinit=/nonexistent")


class Linux(Case):
    def setUp(self):
        super().setUp()
        linux_kernel()

    def test_the_counts_of_a_boot_agree(self):
        target = self.folder / "json"
        done = run("run", LINUX, "--batch", "--vcpus", "2", "--json", target)
        self.assertEqual(done.code, 0, done)
        self.assertIn("ccasim: self-check passed", done.out)
        summary = json.loads(target.read_text())
        assert_consistent(self, summary)
        self.assertGreaterEqual(summary["exits"]["RIPAS_CHANGE"], 3)
        self.assertGreater(summary["kvm_exits"]["KVM_EXIT_MMIO"], 1000)
        self.assertIn("earlycon=pl011,0x109000000", summary["command_line"])
        self.assertIn(summary["command_line"], done.err)
        self.assertIn(f"Kernel command line: {summary['command_line']}", done.out)

    def test_one_four_and_eight_cpus_under_the_invariants(self):
        for cpus in (1, 4, 8):
            with self.subTest(cpus=cpus):
                target = self.folder / "json"
                done = run("run", LINUX, "--batch", "--check", "--vcpus", str(cpus), "--json", target)
                self.assertEqual(done.code, 0, done)
                for cpu in range(cpus):
                    self.assertIn(f"cpu {cpu} ok", done.out)
                summary = json.loads(target.read_text())
                assert_consistent(self, summary)
                self.assertEqual((summary["findings"], summary["granules_left"]), ([], 0))
                self.assertGreaterEqual(len(summary["checks"]), 25)  # all but I26: no token is asked for

    def test_one_and_four_cpus_under_the_model(self):
        for cpus in (1, 4):
            with self.subTest(cpus=cpus):
                target = self.folder / "json"
                done = run("run", LINUX, "--batch", "--check=model", "--vcpus", str(cpus), "--json", target)
                self.assertEqual(done.code, 0, done)
                summary = json.loads(target.read_text())
                assert_consistent(self, summary)
                self.assertGreater(summary["checks"]["model"], 100_000)
                self.assertGreater(summary["checks"]["model read back as a whole"], 10)

    def test_what_its_unused_memory_holds_is_not_seen_by_the_host(self):
        target = self.folder / "json"
        done = run("run", LINUX, "--batch", "--check=secrets", "--json", target)
        self.assertEqual(done.code, 0, done)
        summary = json.loads(target.read_text())
        assert_consistent(self, summary)
        self.assertGreater(summary["checks"]["I27"], 1_000_000)

    def test_four_cpus_with_psci_in_user_space(self):
        for config in (LINUX, PLAIN):
            with self.subTest(config.name):
                target = self.folder / "json"
                done = run("run", config, "--batch", "--vcpus", "4", "--set", "vms.0.smccc=user", "--json", target)
                self.assertEqual(done.code, 0, done)
                self.assertIn("ccasim: self-check passed", done.out)
                self.assertIn("smp: Brought up 1 node, 4 CPUs", done.out)
                summary = json.loads(target.read_text())
                # Three CPU_ON and SYSTEM_OFF at least; with PSCI in the kernel there are none.
                self.assertGreaterEqual(summary["kvm_exits"]["KVM_EXIT_HYPERCALL"], 4)
                self.assertNotIn("KVM_EXIT_SYSTEM_EVENT", summary["kvm_exits"])

    def test_a_panic(self):
        for config in (LINUX, PLAIN):
            with self.subTest(config.name):
                target = self.folder / "json"
                done = run("run", config, "--batch", *NO_INIT, "--json", target)
                self.assertEqual(done.code, PANIC, done)
                self.assertIn("'linux' panicked", done.err)
                self.assertRegex(done.err, r"panicked: .*Kernel panic - not syncing")
                self.assertRegex(done.err, r"linux vCPU 0: PC 0xffff8000\w+")
                summary = json.loads(target.read_text())
                self.assertEqual(summary["exit_code"], PANIC)
                self.assertIn("Kernel panic", summary["vms"][0]["reason"])

    def test_an_early_console_on_the_protected_address(self):
        done = run("run", LINUX, "--batch", "--append", "earlycon=pl011,0x9000000", "--quiet")
        self.assertEqual(done.code, STUCK, done)
        hints = [line for line in done.err.splitlines() if "protected address" in line]
        self.assertEqual(len(hints), 1, done)
        self.assertIn("PL011 at 0x9000000", hints[0])
        self.assertIn("earlycon=pl011,0x109000000", hints[0])

    def test_the_explicit_life_cycle(self):
        target = self.folder / "json"
        done = run("run", LINUX, "--batch", "--check", "--vcpus", "2", "--set", "host.life_cycle=explicit",
                   "--set", "vms.0.hash_algorithm=sha-512", "--set", "vms.0.personalization_value=ours",
                   "--json", target)
        self.assertEqual(done.code, 0, done)
        self.assertIn("ccasim: self-check passed", done.out)
        summary = json.loads(target.read_text())
        assert_consistent(self, summary)
        self.assertEqual(summary["findings"], [])

    def test_a_normal_boot_says_nothing(self):
        done = run("run", LINUX, "--batch", "--quiet")
        self.assertEqual((done.code, done.err), (0, ""))

    def test_the_trace_of_fifty_million_instructions(self):
        target = self.folder / "trace"
        done = run("run", LINUX, "--batch", "--max-instructions", "50000000", "--trace", target, "--quiet")
        self.assertEqual(done.code, LIMIT, done)
        with target.open(encoding="utf-8") as lines:
            found = trace_schema.judge(lines, cut_short=True)
        self.assertEqual(found.problems, [])
        self.assertGreater(found.count["rec_enter"], 10_000)

    def test_the_realm_just_before_it_is_taken_down(self):
        done = run("inspect", LINUX, "--batch", "--quiet", "realm linux", "rec linux 0", "walk linux 0x80000000",
                   "walk linux 0x109000000")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.out.count("just before 'linux' was taken down:"), 4)
        self.assertIn("SYSTEM_OFF", done.out)
        self.assertIn("ASSIGNED RAM", done.out)
        self.assertIn("unprotected half", done.out)


if __name__ == "__main__":
    unittest.main()
