# SPDX-License-Identifier: GPL-2.0-or-later
"""Output that cannot be written: said before the run where one can know, nothing half written, nothing overwritten."""

import json
import os
import stat
import subprocess
import unittest

from program import CONFIGS, POWERS_OFF, Case, program, run

CANNOT_WRITE = 9
HELLO = CONFIGS / "hello.json"
OPTIONS = ("--json", "--trace", "--dump-dtb")


class Targets(Case):
    def refused(self, option, target, *said):
        with self.nothing_new():
            done = run("run", HELLO, option, target)
        self.assert_refused(done, CANNOT_WRITE, "cannot write", str(target), *said)
        self.assertEqual(done.out, "", "the guest ran, though its output was bound to be lost")

    def test_a_folder_that_is_missing(self):
        for option in OPTIONS:
            with self.subTest(option):
                self.refused(option, self.folder / "none" / "x", "No such file")

    def test_a_folder_instead_of_a_file(self):
        for option in OPTIONS:
            with self.subTest(option):
                self.refused(option, self.folder, "Is a directory")

    def test_a_folder_nobody_may_write_to(self):
        # Even root makes no files in /sys.
        for option in OPTIONS:
            with self.subTest(option):
                self.refused(option, "/sys/ccasim-output", "")

    def test_a_read_only_folder(self):
        if os.geteuid() == 0:
            self.skipTest("root may write to every folder")
        folder = self.folder / "locked"
        folder.mkdir(mode=0o555)
        for option in OPTIONS:
            with self.subTest(option):
                self.refused(option, folder / "x", "Permission denied")

    def test_a_full_disk(self):
        # Reached by a link, so that a program that replaces its target replaces the link and not the device.
        full = self.folder / "full"
        for option in OPTIONS:
            with self.subTest(option):
                full.symlink_to("/dev/full")
                done = run("run", HELLO, option, full, "--quiet")
                self.assert_refused(done, CANNOT_WRITE, str(full))
                self.assertTrue(full.is_symlink())
                full.unlink()
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_device_is_written_to_and_stays(self):
        null = self.folder / "null"
        null.symlink_to("/dev/null")
        self.assertEqual(run("run", HELLO, "--json", null, "--trace", null, "--quiet").code, 0)
        self.assertTrue(null.is_symlink())
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_a_link_is_followed(self):
        target = self.file("summary", "old")
        link = self.folder / "link"
        link.symlink_to(target)
        self.assertEqual(run("run", HELLO, "--json", link, "--quiet").code, 0)
        self.assertTrue(link.is_symlink())
        self.assertEqual(json.loads(target.read_text())["exit_code"], 0)

    def test_a_refused_run_leaves_the_old_summary(self):
        old = self.file("summary", "old")
        done = run("run", HELLO, "--json", old, "--set", "vms.0.binary=none")
        self.assertEqual(done.code, 3, done)
        self.assertEqual(old.read_text(), "old")

    def test_only_what_was_asked_for_is_left(self):
        done = run("run", HELLO, "--json", self.folder / "j", "--trace", self.folder / "t", "--quiet")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["j", "t"])
        for line in (self.folder / "t").read_text().splitlines():
            json.loads(line)

    def test_the_device_tree(self):
        target = self.folder / "dtb"
        self.assertEqual(run("run", HELLO, "--dump-dtb", target).code, 0)
        blob = target.read_bytes()
        self.assertEqual(blob[:4], b"\xd0\x0d\xfe\xed")
        self.assertEqual(int.from_bytes(blob[4:8], "big"), len(blob))


class StandardOutput(Case):
    def test_the_summary_follows_the_console(self):
        done = run("run", HELLO, "--json", "-", "--quiet")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.err, "")
        console, brace, summary = done.out.partition("{\n")
        self.assertTrue(console.startswith("Hello from a realm"), done)
        self.assertEqual(json.loads(brace + summary)["exit_code"], 0)

    def test_a_summary_into_the_file_the_console_goes_to(self):
        out = self.folder / "out"
        with out.open("wb") as file:
            self.assertEqual(run("run", HELLO, "--json", "/dev/stdout", "--quiet", stdout=file).code, 0)
        text = out.read_text()
        self.assertTrue(text.startswith("Hello from a realm"), text)
        self.assertIn('"exit_code": 0', text)

    def test_full(self):
        with open("/dev/full", "wb") as full:
            for arguments in (("run", HELLO, "--quiet"), ("run", self.raw(POWERS_OFF), "--quiet", "--json", "-"),
                              ("inspect", self.raw(POWERS_OFF), "--quiet", "realm g"), ("--help",),
                              ("run", "--help"), ("run", HELLO, "--dump-dtb", "-")):
                with self.subTest(arguments):
                    self.assert_refused(run(*arguments, stdout=full), CANNOT_WRITE, "standard output")

    def test_a_reader_that_is_gone(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as gone:
            self.assert_refused(run("run", HELLO, "--quiet", stdout=gone), CANNOT_WRITE, "standard output")

    def closed(self, redirection, *arguments):
        return subprocess.run(["sh", "-c", f'exec "$@" {redirection}', "sh", program(), *map(str, arguments)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def test_closed_by_the_caller(self):
        trace = self.folder / "trace"
        done = self.closed(">&-", "run", HELLO, "--quiet", "--trace", trace)
        self.assertEqual(done.returncode, CANNOT_WRITE, done)
        self.assertNotIn(b"Hello", trace.read_bytes())

    def test_standard_error_closed_by_the_caller(self):
        trace = self.folder / "trace"
        done = self.closed("2>&-", "run", HELLO, "--trace", trace)
        self.assertEqual(done.returncode, 0, done)
        self.assertNotIn(b"ccasim:", trace.read_bytes())
        self.assertTrue(trace.read_bytes().startswith(b'{"ccasim_trace":1'))

    def test_standard_input_closed_by_the_caller(self):
        self.assertEqual(self.closed("<&-", "run", HELLO, "--quiet").returncode, 0)


if __name__ == "__main__":
    unittest.main()
