# SPDX-License-Identifier: GPL-2.0-or-later
"""On a terminal: the guest gets it while it runs, the person gets it back as it was, whatever ends the run."""

import signal
import time
import unittest

from program import CONFIGS, SPINS, WAITS, Case
from terminal_run import TerminalRun

QUESTION = "press Ctrl-C again within two seconds"
CTRL_C = "\x03"
INTERRUPTED = 130


class Terminal(Case):
    def start(self, *arguments):
        run = TerminalRun("run", *arguments)
        self.addCleanup(run.close)
        return run

    def assert_restored(self, run):
        self.assertEqual(run.settings, run.before)

    def test_a_normal_end(self):
        run = self.start(CONFIGS / "hello.json")
        self.assertEqual(run.end(), 0, run.text)
        self.assertIn("Hello from a realm", run.text)
        self.assertIn("the guest powered off", run.text)
        self.assert_restored(run)

    def test_bad_input(self):
        for setting, code in (("vms.0.binary=none", 3), ("vms.0.vcpus=0", 3)):
            run = self.start(CONFIGS / "hello.json", "--set", setting)
            self.assertEqual(run.end(), code, run.text)
            self.assert_restored(run)

    def test_ctrl_c_asks_once_and_ends_at_the_second(self):
        for name, guest in (("busy", SPINS), ("idle", WAITS)):
            with self.subTest(name):
                run = self.start(self.raw(guest))
                run.wait_until_raw()
                run.type(CTRL_C)
                run.wait_for(QUESTION)
                self.assertIsNone(run.process.poll(), "one Ctrl-C ended the run")
                self.assertTrue(run.raw())
                run.type(CTRL_C)
                begin = time.monotonic()
                self.assertEqual(run.end(), INTERRUPTED, run.text)
                self.assertLess(time.monotonic() - begin, 2)
                self.assertEqual(run.text.count(QUESTION), 1)
                self.assertIn("ended by Ctrl-C", run.text)
                self.assert_restored(run)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV):
            with self.subTest(number.name):
                run = self.start(self.raw(SPINS))
                run.wait_until_raw()
                run.process.send_signal(number)
                self.assertNotEqual(run.end(), 0)
                self.assert_restored(run)

    def test_sigterm_is_reported_as_such(self):
        run = self.start(self.raw(SPINS))
        run.wait_until_raw()
        run.process.terminate()
        self.assertEqual(run.end(), -signal.SIGTERM)

    def test_limits_and_stuck_guests(self):
        run = self.start(self.raw(SPINS), "--max-instructions", "100000")
        self.assertEqual(run.end(), 7, run.text)
        self.assert_restored(run)
        run = self.start(self.raw(WAITS), "--batch")
        self.assertEqual(run.end(), 6, run.text)
        self.assert_restored(run)

    def test_batch_leaves_the_terminal_alone(self):
        run = self.start(self.raw(SPINS), "--batch")
        time.sleep(0.5)
        self.assertEqual(run.settings, run.before)
        run.process.send_signal(signal.SIGINT)
        run.wait_for(QUESTION)
        run.process.send_signal(signal.SIGINT)
        self.assertEqual(run.end(), INTERRUPTED, run.text)


if __name__ == "__main__":
    unittest.main()
