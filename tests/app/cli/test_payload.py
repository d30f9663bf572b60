# SPDX-License-Identifier: GPL-2.0-or-later
"""`ccasim payload`: how it ends, what it writes, what it refuses."""

import json
import unittest

from program import CONFIGS, Case, program, run

USAGE, BAD_INPUT, STUCK, LIMIT, CANNOT_WRITE = 2, 3, 6, 7, 9
FVP = CONFIGS / "fvp.json"
BASE = "0x88000000"


def built(name):
    return program().parent / "guest" / "payload" / f"{name}.bin"


def loaded(name):
    return f"{built(name)}@{BASE}"


class Endings(Case):
    def test_system_off(self):
        done = run("payload", FVP, "--load", loaded("hello"))
        self.assertEqual(done.code, 0, done)
        self.assertIn("hello from EL2, MPIDR 0x81000000", done.out)
        self.assertIn("switched the system off", done.err)

    def test_waiting_for_ever_says_where(self):
        done = run("payload", FVP, "--load", loaded("wfi"), "--quiet")
        self.assertEqual(done.code, STUCK, done)
        self.assertIn("PE 0x0, on: PC 0x", done.err)
        self.assertIn("wfi", done.err)

    def test_a_limit(self):
        done = run("payload", FVP, "--load", loaded("hello"), "--max-instructions", "100")
        self.assertEqual(done.code, LIMIT, done)
        self.assertEqual(done.out, "")

    def test_an_entry_that_is_not_the_first_byte(self):
        code = self.file("code", bytes(4096) + built("hello").read_bytes())
        done = run("payload", FVP, "--load", f"{code}@0x87fff000", "--entry", BASE)
        self.assertEqual(done.code, 0, done)
        self.assertIn("hello from EL2", done.out)

    def test_trace_json_and_checks_show_the_same_run(self):
        summaries = []
        for options in ([], ["--check"], ["--check=model"], ["--trace", self.folder / "trace"]):
            target = self.folder / "json"
            done = run("payload", FVP, "--load", loaded("realm"), "--json", target, *options)
            self.assertEqual(done.code, 0, done)
            summaries.append(json.loads(target.read_text()))
            self.assertEqual(summaries[-1]["exit_code"], 0)
            self.assertEqual(summaries[-1]["findings"], [])
        for other in summaries[1:]:
            for key in ("instructions", "virtual_ns", "console_sha256", "memory_sha256"):
                self.assertEqual(other[key], summaries[0][key], key)
        self.assertGreater(summaries[1]["checks"]["I1"], 0)
        self.assertGreater(summaries[2]["checks"]["model"], 0)
        events = [json.loads(line) for line in (self.folder / "trace").read_text().splitlines()]
        self.assertIn("RMI_REC_ENTER", (self.folder / "trace").read_text())
        self.assertGreater(len(events), 100)


class Refusals(Case):
    def test_command_line(self):
        for arguments, said in (
            ([FVP], "--load"),
            ([FVP, "--load", built("hello")], "FILE@ADDRESS"),
            ([FVP, "--load", f"{built('hello')}@elsewhere"], "elsewhere"),
            ([FVP, "--load", loaded("hello"), "--entry", "there"], "there"),
            ([FVP, "--load", loaded("hello"), "--vcpus", "2"], "--vcpus"),
            ([FVP, "--load", loaded("hello"), "--check=secrets"], "run"),
            ([FVP, "--load", loaded("hello"), "--check=luck"], "luck"),
        ):
            with self.subTest(said):
                self.assert_refused(run("payload", *arguments), USAGE, said)

    def test_what_is_loaded(self):
        self.assert_refused(run("payload", FVP, "--load", f"{self.folder}/none@{BASE}"), BAD_INPUT, "none", "No such file")
        self.assert_refused(run("payload", FVP, "--load", f"{built('hello')}@0x10000000"), BAD_INPUT, "not in DRAM")

    def test_configurations_of_the_other_kind(self):
        hello = CONFIGS / "hello.json"
        self.assert_refused(run("payload", hello, "--load", loaded("hello")), BAD_INPUT, "ccasim run")
        self.assert_refused(run("run", FVP), BAD_INPUT, "ccasim payload")

    def test_outputs_that_cannot_be_written_are_told_first(self):
        done = run("payload", FVP, "--load", loaded("hello"), "--json", self.folder / "no" / "such")
        self.assertEqual((done.code, done.out), (CANNOT_WRITE, ""), done)


if __name__ == "__main__":
    unittest.main()
