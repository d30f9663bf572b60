# SPDX-License-Identifier: GPL-2.0-or-later
"""`ccasim rmi-script`: what a person reads, what a script gets, what is refused."""

import json
import unittest

from program import CONFIGS, Case, run

USAGE, BAD_INPUT, CANNOT_WRITE, UNEXPECTED = 2, 3, 9, 10
SCRIPTS = CONFIGS / "scripts"
BY_HAND = SCRIPTS / "realm-by-hand.rmi"


class Results(Case):
    def test_a_failing_command_says_its_condition_and_the_values(self):
        script = self.file("s.rmi", "granules rd\nRMI_GRANULE_UNDELEGATE rd\nexpect gran_state\n")
        done = run("rmi-script", script)
        self.assertEqual((done.code, done.err), (0, ""), done)
        self.assertIn("RMI_ERROR_INPUT  gran_state: the granule is not DELEGATED", done.out)
        self.assertIn("Granule(addr).state = UNDELEGATED", done.out)
        self.assertIn("1 commands ended, 1 of them failed; 1 expectations, 0 not met", done.out)

    def test_every_example_with_every_check(self):
        scripts = sorted(SCRIPTS.glob("*.rmi"))
        self.assertGreaterEqual(len(scripts), 5)
        for script in scripts:
            for check in ([], ["--check"], ["--check=model"]):
                with self.subTest(script=script.name, check=check):
                    done = run("rmi-script", *check, script, "--quiet")
                    self.assertEqual((done.code, done.out, done.err), (0, "", ""), done)

    def test_json_trace_and_changes(self):
        summary, trace = self.folder / "json", self.folder / "trace"
        done = run("rmi-script", BY_HAND, "--check=model", "--json", summary, "--trace", trace, "--verbose")
        self.assertEqual(done.code, 0, done)
        self.assertIn("UNDELEGATED to DELEGATED", done.out)
        self.assertIn("the check found nothing", done.out)
        told = json.loads(summary.read_text())
        self.assertGreater(told["commands"], 10)
        self.assertEqual((told["exit_code"], told["unexpected"], told["findings"]), (0, [], []))
        events = [json.loads(line) for line in trace.read_text().splitlines()]
        self.assertGreater(len(events), told["commands"])

    def test_json_on_standard_output_is_all_that_is_there(self):
        done = run("rmi-script", BY_HAND, "--check", "--json", "-", "--verbose")
        self.assertEqual((done.code, done.err), (0, ""), done)
        self.assertGreater(json.loads(done.out)["commands"], 10)
        script = self.file("s.rmi", "RMI_VERSION 0x10000\nexpect RMI_ERROR_INPUT\n")
        done = run("rmi-script", script, "--json", "-")
        self.assertEqual(done.code, UNEXPECTED, done)
        self.assertEqual(len(json.loads(done.out)["unexpected"]), 1)

    def test_a_script_that_goes_wrong_half_way_says_so_in_the_summary(self):
        script, summary = self.file("s.rmi", "RMI_VERSION 0x10000\nload ipa=0 size=3\n"), self.folder / "json"
        self.assert_refused(run("rmi-script", script, "--json", summary, "--quiet"), BAD_INPUT, "s.rmi:2:", "size of 1, 2")
        told = json.loads(summary.read_text())
        self.assertEqual((told["exit_code"], told["commands"], told["error"]["line"]), (BAD_INPUT, 1, 2))

    def test_an_expectation_that_is_not_met(self):
        script = self.file("s.rmi", "granules rd\nRMI_GRANULE_DELEGATE rd\nexpect RMI_ERROR_INPUT\n")
        done = run("rmi-script", script, "--quiet")
        self.assertEqual(done.code, UNEXPECTED, done)
        self.assertIn("s.rmi: line 3: expected RMI_ERROR_INPUT, got RMI_GRANULE_DELEGATE RMI_SUCCESS", done.out)
        self.assertIn("1 not met", done.out)


class Refusals(Case):
    def test_mistakes_in_a_script_are_one_message_with_the_line(self):
        for text, line, said in (
            ("granules rd\nRMI_GRANULE_DELEGAT rd\n", 2, "RMI_GRANULE_DELEGAT"),
            ("\n\nRMI_GRANULE_DELEGATE nobody\n", 3, "nobody"),
            ("RmiRealmParams at=0x80000000 s3sz=3\n", 1, "s3sz"),
            ("pe=99 RMI_VERSION\n", 1, "0 to 31"),
            ("RMI_VERSION\nexpect\n", 2, "what must hold"),
        ):
            with self.subTest(said):
                script = self.file("s.rmi", text)
                with self.nothing_new():
                    done = run("rmi-script", script, "--trace", self.folder / "trace", "--json", self.folder / "json")
                self.assert_refused(done, BAD_INPUT, f"s.rmi:{line}:", said)
                self.assertEqual(done.out, "")

    def test_files(self):
        self.assert_refused(run("rmi-script", self.folder / "none"), BAD_INPUT, "none", "No such file", "configs/scripts")
        self.assert_refused(run("rmi-script", self.folder), BAD_INPUT, "cannot be read", "Is a directory")
        for option in ("--json", "--trace"):
            with self.subTest(option):
                done = run("rmi-script", BY_HAND, option, self.folder / "no" / "such")
                self.assert_refused(done, CANNOT_WRITE, "such", "No such file")
                self.assertEqual(done.out, "")
                done = run("rmi-script", BY_HAND, "--quiet", option, "/dev/full")
                self.assert_refused(done, CANNOT_WRITE, "/dev/full")

    def test_command_line(self):
        for arguments, said in (
            ([], "which script"),
            ([BY_HAND, BY_HAND], "one script"),
            ([BY_HAND, "--check=secrets"], "secrets"),
            ([BY_HAND, "--trace", "-"], "--trace needs a file"),
            ([BY_HAND, "--json", ""], "--json needs the name of a file"),
            ([BY_HAND, "--chekc"], "did you mean '--check'"),
        ):
            with self.subTest(said):
                self.assert_refused(run("rmi-script", *arguments), USAGE, said)


if __name__ == "__main__":
    unittest.main()
