# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces agree with their documented schema; the judge of traces finds what is wrong."""

import json
import unittest

import trace_schema
from program import CONFIGS, LOADS_PROTECTED_PL011, POWERS_OFF, SPINS, Case, run


class Traces(Case):
    def trace(self, *arguments, code=0, cut_short=False):
        target = self.folder / "trace"
        done = run("run", *arguments, "--trace", target, "--quiet")
        self.assertEqual(done.code, code, done)
        with target.open(encoding="utf-8") as lines:
            found = trace_schema.judge(lines, cut_short)
        self.assertEqual(found.problems, [])
        return found

    def test_every_kind_of_the_table_occurs(self):
        heard = self.trace(CONFIGS / "hello.json").count + self.trace(CONFIGS / "smp.json").count
        # Nothing interrupts the guests above, and the host has nothing to complain about.
        heard += self.trace(self.raw("gic", vcpus=2)).count
        heard += self.trace(self.raw(LOADS_PROTECTED_PL011), code=6, cut_short=True).count
        self.assertEqual(set(heard), set(trace_schema.kinds(trace_schema.SCHEMA.read_text())))

    def test_our_guests(self):
        for guest in ("ripas", "shared", "mmio", "measure", "hostcall", "timer", "ipi", "off", "abort"):
            with self.subTest(guest):
                self.trace(self.raw(guest, vcpus=2))

    def test_several_vms(self):
        self.trace(CONFIGS / "neighbours.json")

    def test_a_plain_vm_calls_no_rmi_but_the_first_questions(self):
        found = self.trace(self.raw("hello", realm=False))
        self.assertEqual(found.count["rec_enter"], 0)
        self.assertGreater(found.count["host_exit"], 0)
        self.assertLessEqual(set(found.calls), {"RMI_VERSION", "RMI_FEATURES"})

    def test_a_run_that_is_cut_short(self):
        self.trace(self.raw(SPINS), "--max-instructions", "100000", code=7, cut_short=True)

    def test_a_failed_command_has_the_values_that_made_its_condition_true(self):
        target = self.folder / "trace"
        self.assertEqual(run("run", self.raw("measure"), "--trace", target, "--quiet").code, 0)
        events = [json.loads(line) for line in target.read_text().splitlines()[1:]]
        failed = {(e["name"], e["failed"]): e["values"] for e in events if e["e"] == "return" and e["failed"]}
        # The guest reads a measurement that there is not, and the host asks where a walk needs a table first.
        self.assertEqual(failed["RSI_MEASUREMENT_READ", "index_bound"], {"index": "0x5"})
        self.assertEqual(failed["RMI_DATA_CREATE", "rtt_walk"], {"walk.level": "2"})

    def test_counts_of_the_trace_are_those_of_the_summary(self):
        target = self.folder / "json"
        found = self.trace(CONFIGS / "smp.json", "--json", target)
        summary = json.loads(target.read_text())
        self.assertEqual(found.count["rec_enter"], summary["monitor_rec_enters"])
        self.assertEqual(found.count["host_exit"], sum(summary["exits"].values()))
        self.assertEqual(found.count["kvm_exit"], sum(summary["kvm_exits"].values()))
        self.assertEqual(found.count["device"], sum(summary["devices"].values()))
        self.assertEqual(found.count["stage2_fault"], summary["private_faults"] + summary["shared_faults"])
        self.assertEqual(found.count["rtt"], summary["rtt_writes"])
        for interface in ("rmi", "rsi", "psci"):
            for name, statuses in summary[interface].items():
                if name != "unknown":
                    self.assertEqual(found.calls[name], sum(statuses.values()), name)


class TheJudge(Case):
    """Each line below is wrong in one way."""

    def problems_of(self, change):
        target = self.folder / "trace"
        self.assertEqual(run("run", self.raw(POWERS_OFF), "--trace", target, "--quiet").code, 0)
        lines = target.read_text().splitlines()
        self.assertEqual(trace_schema.judge(lines).problems, [])
        events = [json.loads(line) for line in lines]
        change(events)
        return " ".join(trace_schema.judge([json.dumps(event) for event in events]).problems)

    @staticmethod
    def first(events, kind):
        return next(event for event in events if event.get("e") == kind)

    def test_an_unknown_kind(self):
        self.assertIn("no kind rumour", self.problems_of(lambda e: self.first(e, "rtt").update(e="rumour")))

    def test_an_unknown_field_and_a_missing_one(self):
        self.assertIn("unknown fields ['colour']", self.problems_of(lambda e: self.first(e, "rtt").update(colour=1)))
        self.assertIn("missing fields ['level']", self.problems_of(lambda e: self.first(e, "rtt").pop("level")))

    def test_a_number_instead_of_an_address(self):
        self.assertIn("no hexadecimal string", self.problems_of(lambda e: self.first(e, "rtt").update(ipa=7)))

    def test_time_that_goes_back(self):
        self.assertIn("time goes back", self.problems_of(lambda e: e[-1].update(t=0)))

    def test_a_call_without_return_and_a_return_without_call(self):
        self.assertIn("before RMI_VERSION", self.problems_of(lambda e: e.remove(self.first(e, "return"))))
        self.assertIn("was not called", self.problems_of(lambda e: e.remove(self.first(e, "call"))))

    def test_a_failure_without_values_and_values_without_a_failure(self):
        self.assertIn("with the values", self.problems_of(lambda e: self.first(e, "return").update(values={"rd": "0x1"})))
        self.assertIn("with the values", self.problems_of(lambda e: self.first(e, "return").update(failed="rd_align")))

    def test_a_value_that_is_none(self):
        self.assertIn("neither a number nor a state",
                      self.problems_of(lambda e: self.first(e, "return").update(values={"rd": "here"})))

    def test_a_rec_that_exits_unentered(self):
        problems = self.problems_of(lambda e: e.remove(self.first(e, "rec_enter")))
        self.assertIn("was not entered", problems)
        self.assertIn("successful REC_ENTER calls", problems)

    def test_another_header(self):
        self.assertIn("header", self.problems_of(lambda e: e[0].update(ccasim_trace=2)))

    def test_an_actor_without_a_name(self):
        self.assertIn("no name", self.problems_of(lambda e: e.remove(self.first(e, "actor"))))


if __name__ == "__main__":
    unittest.main()
