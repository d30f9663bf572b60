# SPDX-License-Identifier: GPL-2.0-or-later
"""`ccasim payload`: how it ends, what it writes, what it refuses."""

import json
import os
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
        large = self.file("large")
        os.truncate(large, 1 << 31)
        for file, address, *said in (
            (self.folder / "none", BASE, "none", "No such file"),
            (self.folder, BASE, "not a regular file"),
            (self.file("empty"), BASE, "empty"),
            (built("hello"), "0x10000000", "not in DRAM", '"dram"'),
            (built("hello"), "0xfffffffffffff000", "not in DRAM"),
            (large, BASE, "2147483648 bytes do not fit", "0xfc000000", '"dram"'),
            (built("hello").with_suffix(".elf"), BASE, "ELF", "objcopy -O binary", "--entry"),
        ):
            with self.subTest(said[0]), self.nothing_new():
                done = run("payload", FVP, "--load", f"{file}@{address}", "--trace", self.folder / "trace", "--json",
                           self.folder / "json")
                self.assert_refused(done, BAD_INPUT, *said)

    def test_a_refusal_leaves_an_old_trace_alone(self):
        trace = self.file("trace", "of another run")
        run("payload", FVP, "--load", f"{self.folder}/none@{BASE}", "--trace", trace)
        self.assertEqual(trace.read_text(), "of another run")

    def test_where_the_first_pe_starts(self):
        hello = built("hello")
        for arguments, code, said in (
            (["--load", f"{hello}@0x88000001"], USAGE, "--entry"),
            (["--load", loaded("hello"), "--entry", "0x88000002"], USAGE, "multiple of 4"),
            (["--load", loaded("hello"), "--entry", "0x10"], BAD_INPUT, "entry point 0x10 is not in DRAM"),
        ):
            with self.subTest(said):
                self.assert_refused(run("payload", FVP, *arguments), code, said)

    def test_a_truncated_image_says_where_it_is_lost(self):
        for size in (3, 100):
            with self.subTest(size):
                code = self.file("code", built("hello").read_bytes()[:size])
                done = run("payload", FVP, "--load", f"{code}@{BASE}")
                self.assertEqual(done.code, STUCK, done)
                self.assertIn("takes an exception at its own vector", done.err)

    def test_keys_that_a_configuration_does_not_have(self):
        for path, said in (
            ("platform.drm=3", 'platform has no key "drm"; did you mean "dram"?'),
            ("platform.dram.0.bse=3", 'platform.dram[0] has no key "bse"'),
            ("machin.cpu=max", 'did you mean "machine"?'),
            ("platform.dram=[]", "platform.dram is empty"),
        ):
            with self.subTest(path):
                self.assert_refused(run("payload", FVP, "--load", loaded("hello"), "--set", path), BAD_INPUT, said)

    def test_configurations_of_the_other_kind(self):
        hello = CONFIGS / "hello.json"
        self.assert_refused(run("payload", hello, "--load", loaded("hello")), BAD_INPUT, "ccasim run")
        self.assert_refused(run("run", FVP), BAD_INPUT, "ccasim payload")

    def test_outputs_that_cannot_be_written_are_told_first(self):
        for option in ("--json", "--trace"):
            with self.subTest(option), self.nothing_new():
                done = run("payload", FVP, "--load", loaded("hello"), option, self.folder / "no" / "such")
                self.assertEqual(done.out, "")
                self.assert_refused(done, CANNOT_WRITE, "such", "No such file")


if __name__ == "__main__":
    unittest.main()
