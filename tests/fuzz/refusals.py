#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/fuzz and its program refuse: before anything is built or run, in one line, with the documented code."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
USAGE, CANNOT_WRITE = 2, 9


def run(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300, check=False)


class Refusals(unittest.TestCase):
    def assert_refused(self, done, code, said):
        self.assertEqual((done.returncode, done.stdout), (code, ""), done)
        self.assertEqual(len(done.stderr.splitlines()), 1, done)
        self.assertIn(said, done.stderr)

    def test_script(self):
        for arguments, said in (
            (["--sed", "3"], "'--sed' is not expected"),
            (["word"], "'word' is not expected"),
            (["--preset"], "--preset needs a value"),
            (["--preset="], "--preset needs a value"),
            (["--preset", "nope"], "no preset 'nope'; there are: release"),
            (["--coverage", "--seed", "3"], "--seed means nothing with --coverage"),
            (["--libfuzzer", "--model"], "--judge means nothing with --libfuzzer"),
            (["--libfuzzer", "--coverage"], "different things"),
            (["--libfuzzer", "--seconds", "x"], "--seconds needs a whole number, found 'x'"),
            (["--coverage", "--commands=1e6"], "--commands needs a whole number"),
            (["--missed"], "--missed belongs to --coverage"),
        ):
            with self.subTest(said):
                self.assert_refused(run(ROOT / "scripts/fuzz", *arguments), USAGE, said)

    def test_program(self):
        program = os.environ["CCASIM_FUZZ"]
        for arguments, said in (
            (["--seconds", "x"], "--seconds needs a whole number, found 'x'"),
            (["--judge", "luck"], "'luck' is no judge"),
            (["word"], "'word' is not expected"),
        ):
            with self.subTest(said):
                self.assert_refused(run(program, *arguments), USAGE, said)

    def test_outputs_that_cannot_be_written_are_told_before_the_run(self):
        program = os.environ["CCASIM_FUZZ"]
        with tempfile.TemporaryDirectory(prefix="ccasim-fuzz-") as folder:
            for option in ("--json", "--script"):
                with self.subTest(option):
                    done = run(program, "--seconds", 1000, option, pathlib.Path(folder, "no", "such"))
                    self.assert_refused(done, CANNOT_WRITE, "No such file")
            self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main()
