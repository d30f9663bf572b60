#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""smoke.py PROGRAM: the bench measures everything that is compared, and slow figures are noticed. Judges no time."""

import copy
import importlib.util
import pathlib
import sys
import unittest

PATH = pathlib.Path(__file__).resolve().parents[2] / "scripts/bench_commands.py"
SPEC = importlib.util.spec_from_file_location("bench_commands", PATH)
commands = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(commands)

PROGRAM = None


def figure(name, ns):
    return {"name": name, "median_ns": ns, "least_ns": ns, "tenth_ns": ns, "ninetieth_ns": ns}


def made_up(speedup):
    """Figures of a monitor `speedup` times as fast as the reference."""
    ours = [figure(name, ns / speedup) for name, ns in commands.REFERENCE.items()]
    return {"batches": 1,
            "calibration": [figure(commands.PLAIN_C, commands.REFERENCE_SHA256)],
            "fake_platform": ours,
            "machine": [figure(commands.GUEST_ENTRY, 900)],
            "engine": [figure(commands.ENGINE, 300)]}


def kept(figures):
    return [value <= limit for _, value, _, limit in commands.rows(figures) if limit is not None]


class Smoke(unittest.TestCase):
    def test_the_program_measures_what_is_compared(self):
        figures = commands.measure(PROGRAM, 2)
        self.assertEqual(2, figures["batches"])
        self.assertEqual(list(commands.REFERENCE), [f["name"] for f in figures["fake_platform"]])
        self.assertTrue(all(f["median_ns"] > 0 for f in figures["machine"]))
        names = [f["name"] for f in figures["machine"]]
        self.assertEqual(list(commands.REFERENCE)[:-1] + [commands.GUEST_ENTRY], names)
        text = "\n".join(commands.table(figures))
        for name in commands.REFERENCE:
            self.assertIn(name, text)

    def test_promises_are_kept_by_a_monitor_that_is_fast_enough(self):
        self.assertEqual([True, True], kept(made_up(3.1)))

    def test_one_command_slower_than_the_reference_is_noticed(self):
        figures = made_up(10)
        figures["fake_platform"][4]["median_ns"] = 561
        self.assertEqual([False, True], kept(figures))

    def test_half_of_the_commands_less_than_three_times_faster_is_noticed(self):
        figures = made_up(4)
        for row in figures["fake_platform"][::2]:
            row["median_ns"] *= 1.5
        self.assertEqual([True, False], kept(figures))
        figures = made_up(4)
        for row in figures["fake_platform"][:4]:
            row["median_ns"] *= 1.5
        self.assertEqual([True, True], kept(figures))

    def test_the_entry_is_a_multiple_of_the_bare_engine(self):
        values = {name: value for name, value, _, _ in commands.rows(made_up(4))}
        self.assertEqual(3, values["REC entry and exit over engine start and stop"])

    def test_a_missing_command_is_an_error(self):
        figures = copy.deepcopy(made_up(4))
        figures["fake_platform"].pop()
        with self.assertRaises(KeyError):
            list(commands.rows(figures))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    PROGRAM = sys.argv.pop()
    unittest.main()
