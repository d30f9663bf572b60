# SPDX-License-Identifier: GPL-2.0-or-later
"""A person at the shell of a Linux realm: it answers, time passes as on the wall, idling costs nothing."""

import time
import unittest

from program import CONFIGS, Case, linux_kernel, sanitized
from terminal_run import TerminalRun

PROMPT = "# "


class Shell(Case):
    def setUp(self):
        super().setUp()
        linux_kernel()
        self.run_ = TerminalRun("run", CONFIGS / "linux.json", "--append", "ccasim.shell")
        self.addCleanup(self.run_.close)
        self.at = self.run_.wait_for(PROMPT, self.run_.wait_for("'exit' or Ctrl-D powers the guest off"))

    def ask(self, command, answer):
        """Types a command and waits for its answer, which the command must not contain, and the next prompt."""
        self.assertNotIn(answer, command)
        self.run_.type(command + "\n")
        self.at = self.run_.wait_for(PROMPT, self.run_.wait_for(answer, self.at))

    def leave(self):
        self.run_.type("exit\n")
        self.assertEqual(self.run_.end(), 0, self.run_.text)
        self.assertEqual(self.run_.settings, self.run_.before)

    def test_it_answers_and_exit_powers_off(self):
        self.ask("echo hi$((40 + 2))", "hi42")
        self.ask("cat /proc/cmdline | tr a-z A-Z", "CCASIM.SHELL")
        self.leave()
        self.assertIn("the guest powered off", self.run_.text)

    def test_time_passes_as_on_the_wall_and_idling_is_free(self):
        if sanitized():
            self.skipTest("a sanitized program is too slow for its time to be the wall's")
        begin = time.monotonic()
        self.ask("sleep 2; echo slept$((1 + 1))", "slept2")
        self.assertGreater(time.monotonic() - begin, 1.7)
        self.assertLess(time.monotonic() - begin, 4)
        before = self.run_.cpu_seconds()
        time.sleep(3)
        self.assertLess(self.run_.cpu_seconds() - before, 1.5)
        self.ask("echo still$((1 + 2))", "still3")
        self.leave()

    def test_ctrl_c_reaches_the_guest_and_asks_the_person(self):
        self.run_.type("sleep 1000\n")
        self.run_.wait_for("sleep 1000", self.at)
        time.sleep(0.5)
        self.run_.type("\x03")
        asked = self.run_.wait_for("press Ctrl-C again within two seconds", self.at)
        self.at = self.run_.wait_for(PROMPT, self.at)
        self.assertGreater(asked, 0)
        # Later than two seconds is a first time again.
        time.sleep(2.5)
        self.ask("echo alive$((3 + 4))", "alive7")
        self.leave()

    def test_killed_at_the_prompt(self):
        self.run_.process.terminate()
        self.run_.end()
        self.assertEqual(self.run_.settings, self.run_.before)


if __name__ == "__main__":
    unittest.main()
