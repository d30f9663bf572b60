# SPDX-License-Identifier: GPL-2.0-or-later
"""The summary for scripts: its keys, and counts that must agree because they count the same."""

import hashlib
import json
import unittest

from program import CONFIGS, POWERS_OFF, Case, run

KEYS = {"instructions", "virtual_ns", "wall_ns", "exit_code", "exits", "rmi", "rsi", "psci", "granules_left",
        "console_sha256", "memory_sha256", "command_line", "outcome", "monitor_exits", "kvm_exits", "devices",
        "host_rec_enters", "monitor_rec_enters", "granules_delegated", "pages_leaked", "checks", "findings", "vms"}
VM_KEYS = {"name", "realm", "outcome", "reason", "resets", "command_line", "console_sha256"}


def assert_consistent(test, summary):
    """What holds for every run whose guests powered off."""
    test.assertLessEqual(KEYS, set(summary))
    for vm in summary["vms"]:
        test.assertLessEqual(VM_KEYS, set(vm))
    vmm_accesses = sum(n for device, n in summary["devices"].items() if device != "vgic")
    test.assertEqual(summary["kvm_exits"].get("KVM_EXIT_MMIO", 0), vmm_accesses)
    if all(vm["realm"] for vm in summary["vms"]):  # the host's counts include plain VMs
        test.assertEqual(summary["host_rec_enters"], summary["monitor_rec_enters"])
        test.assertEqual(summary["monitor_exits"], summary["exits"])
    enters = summary["rmi"].get("RMI_REC_ENTER", {}).get("RMI_SUCCESS", 0)
    test.assertEqual(enters, summary["monitor_rec_enters"])
    test.assertEqual(summary["granules_left"], 0)
    test.assertEqual(summary["pages_leaked"], 0)
    test.assertEqual(summary["findings"], [])
    test.assertEqual(summary["rmi"]["RMI_GRANULE_DELEGATE"].get("RMI_SUCCESS", 0), summary["granules_delegated"])
    test.assertEqual(summary["rmi"]["RMI_GRANULE_UNDELEGATE"].get("RMI_SUCCESS", 0), summary["granules_delegated"])


class Summary(Case):
    def summary(self, *arguments):
        target = self.folder / "json"
        done = run("run", *arguments, "--json", target)
        summary = json.loads(target.read_text())
        self.assertEqual(done.code, summary["exit_code"], done)
        return summary, done

    def test_of_realms(self):
        for config in ("hello", "smp", "touch"):
            with self.subTest(config):
                summary, done = self.summary(CONFIGS / f"{config}.json", "--check")
                self.assertEqual(summary["exit_code"], 0, done)
                assert_consistent(self, summary)
                self.assertGreater(sum(summary["checks"].values()), 0)
                self.assertEqual(summary["console_sha256"], hashlib.sha256(done.out.encode()).hexdigest())

    def test_under_the_model_nothing_is_found_and_nothing_changes(self):
        for name in ("hello", "smp", "touch", "attest", "hostcall", "measure", "ripas", "shared", "neighbours"):
            with self.subTest(name):
                plain, _ = self.summary(CONFIGS / f"{name}.json")
                judged, done = self.summary(CONFIGS / f"{name}.json", "--check=model")
                assert_consistent(self, judged)
                self.assertEqual(judged["exit_code"], 0, done)
                self.assertGreater(judged["checks"]["model"], 100)
                for key in ("instructions", "virtual_ns", "console_sha256", "memory_sha256"):
                    self.assertEqual(judged[key], plain[key])

    def test_runs_that_differ_in_secrets_look_the_same(self):
        for name, realms in (("secrets", 1), ("ripas", 1), ("neighbours", 2)):
            with self.subTest(name):
                summary, done = self.summary(CONFIGS / f"{name}.json", "--check=secrets")
                assert_consistent(self, summary)
                self.assertEqual(summary["exit_code"], 0, done)
                self.assertGreater(summary["checks"]["I27"], 1000)
                self.assertEqual(summary["checks"]["I28"] > 100, realms > 1)
                self.assertIn(f"{1 + 2 * realms} runs\n", done.err)
                self.assertEqual(summary["console_sha256"], self.summary(CONFIGS / f"{name}.json")[0]["console_sha256"])

    def test_secrets_need_a_realm(self):
        done = run("run", CONFIGS / "secrets.json", "--set", "vms.0.realm=false", "--check=secrets")
        self.assertEqual((done.code, done.out), (3, ""), done)
        self.assertIn('set "realm": true', done.err)

    def test_of_one_that_changes_ripas(self):
        summary, _ = self.summary(self.raw("ripas"))
        assert_consistent(self, summary)
        self.assertEqual(summary["exits"]["RIPAS_CHANGE"], summary["monitor_exits"]["RIPAS_CHANGE"])

    def test_of_several_vms(self):
        summary, _ = self.summary(CONFIGS / "neighbours.json")
        self.assertEqual([vm["name"] for vm in summary["vms"]], ["hello", "smp", "plain"])
        self.assertEqual([vm["realm"] for vm in summary["vms"]], [True, True, False])
        self.assertEqual({vm["outcome"] for vm in summary["vms"]}, {"powered_off"})
        self.assertEqual(summary["granules_left"], 0)
        # The plain VM's guest entries are the host's alone.
        self.assertEqual(sum(summary["monitor_exits"].values()), summary["monitor_rec_enters"])
        self.assertEqual(summary["rmi"]["RMI_REC_ENTER"]["RMI_SUCCESS"], summary["monitor_rec_enters"])

    def test_the_summary_for_a_person_says_the_same(self):
        summary, done = self.summary(CONFIGS / "hello.json")
        self.assertIn(f"{summary['instructions']} instructions", done.err)
        self.assertIn(f"memory  {summary['memory_sha256']}", done.err)
        self.assertIn("ccasim: the guest powered off", done.err)

    def test_a_sweep_counts_every_granule_of_the_machine(self):
        summary, _ = self.summary(CONFIGS / "hello.json", "--sweep")
        self.assertEqual(summary["swept_granules"], (256 << 20) // 4096)

    def test_the_same_run_twice(self):
        first, _ = self.summary(CONFIGS / "smp.json")
        second, _ = self.summary(CONFIGS / "smp.json")
        for key in ("wall_ns", "mips", "peak_rss_kib"):
            del first[key], second[key]
        self.assertEqual(first, second)

    def test_names_that_are_no_utf8(self):
        name = b"vms.0.name=\xff".decode(errors="surrogateescape")
        summary, _ = self.summary(self.raw(POWERS_OFF), "--set", name, "--trace", self.folder / "t")
        self.assertEqual(summary["vms"][0]["name"], "\ufffd")


if __name__ == "__main__":
    unittest.main()
