# SPDX-License-Identifier: GPL-2.0-or-later
"""A run of the program on a pseudo-terminal, with this process at the other end."""

import os
import pty
import select
import subprocess
import termios
import time

from program import LONGEST_RUN, program


class TerminalRun:
    def __init__(self, *arguments):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.text = ""
        self.process = subprocess.Popen([program(), *map(str, arguments)], stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, start_new_session=True)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    @property
    def settings(self):
        return termios.tcgetattr(self.slave)

    def raw(self):
        """The guest gets keys as they are typed."""
        return not self.settings[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def read(self, seconds):
        """What appears within so many seconds; empty when nothing does."""
        if not select.select([self.master], [], [], seconds)[0]:
            return ""
        new = os.read(self.master, 1 << 16).decode(errors="replace")
        self.text += new
        return new

    def wait_for(self, text, begin=0):
        """Reads until `text` was shown after position `begin` of the output; returns the position behind it."""
        deadline = time.monotonic() + LONGEST_RUN
        while text not in self.text[begin:]:
            if self.process.poll() is not None and not self.read(0.2):
                raise AssertionError(f"ended with {self.process.returncode} before '{text}' was shown:\n{self.text}")
            if time.monotonic() > deadline:
                raise AssertionError(f"'{text}' was not shown:\n{self.text}")
            self.read(0.2)
        return self.text.index(text, begin) + len(text)

    def wait_until_raw(self):
        deadline = time.monotonic() + LONGEST_RUN
        while not self.raw():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"the terminal never became raw:\n{self.text}")
            time.sleep(0.01)

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """Waits for the end; the exit code as subprocess gives it."""
        deadline = time.monotonic() + LONGEST_RUN
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"did not end:\n{self.text}")
            self.read(0.05)
        while self.read(0.1):
            pass
        return self.process.returncode

    def cpu_seconds(self):
        """Processor time that the program has used so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
