#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the tests of a run by kind, from their names: what is tested, and how much of it.

    kinds.py count RESULTS.xml    the JUnit file of ctest; prints one line for each kind
    kinds.py self-test
"""

import re
import sys
import unittest
import xml.etree.ElementTree as xml

# A kind and the names that are of it. A test may be of several kinds.
KINDS = (
    ("failure conditions, each alone", r"^rmm: conditions: \w+\.\w+ alone"),
    ("mandated pairs of conditions", r"^rmm: conditions: \w+\.\w+ before \w+"),
    ("values of conditions", r"^rmm: values: "),
    ("decisions (D)", r"\bD\d+\b"),
    ("interleavings inside the monitor (M)", r"\bM\d+\b"),
    ("what a section says, easily skipped or not", r"\b[AB]\d(\.\d+)+"),
    ("invariants (I)", r"\bI\d+\b"),
    ("races and hazards (R)", r"\bR\d+\b"),
    ("realm guests of our own", r"\bguests?\b"),
    ("Linux", r"\b(?i:linux)"),
    ("measurements and tokens", r"(?i:token|attest|measure|verifie|\bRI?M\b|forge)"),
    ("command line", r"^cli: "),
    ("rules of the tree", r"^(arrows|house_rules|kinds): "),
)


def kinds_of(name):
    return [kind for kind, pattern in KINDS if re.search(pattern, name)]


def counted(names):
    """[(kind, number)] of the kinds that occur, then the tests of no kind by program."""
    of_kind, others = {}, {}
    for name in names:
        found = kinds_of(name)
        for kind in found:
            of_kind[kind] = of_kind.get(kind, 0) + 1
        if not found:
            program = name.partition(":")[0]
            others[program] = others.get(program, 0) + 1
    counts = [(kind, of_kind[kind]) for kind, _ in KINDS if kind in of_kind]
    return counts + [(f"other tests of {program}", others[program]) for program in sorted(others)]


def names_of(path):
    """The names of the tests that ran."""
    return [case.get("name") for case in xml.parse(path).getroot().iter("testcase")
            if case.get("status") in ("run", "fail")]


class SelfTest(unittest.TestCase):
    def test_names_have_kinds(self):
        for name, wanted in (
                ("rmm: conditions: RMI_RTT_CREATE.rtt_walk alone", ["failure conditions, each alone"]),
                ("rmm: conditions: RMI_VERSION._version_lower alone (1.1)", ["failure conditions, each alone"]),
                ("rmm: conditions: RMI_RTT_FOLD.ipa_bound before rtt_walk", ["mandated pairs of conditions"]),
                ("rmm: D10: CONTINUE into EMPTY memory is refused", ["decisions (D)"]),
                ("host_kvm: R20: a status is no errno", ["races and hazards (R)"]),
                ("rmm: I3 by taint, and I13", ["invariants (I)"]),
                ("rmm: M3: a stale pointer", ["interleavings inside the monitor (M)"]),
                ("rmm: A4.2.3 SF: a load into Wt", ["what a section says, easily skipped or not"]),
                ("app: guest attest: tokens come whole", ["realm guests of our own", "measurements and tokens"]),
                ("cli: linux_shell", ["Linux", "command line"]),
                ("kinds: self-test", ["rules of the tree"]),
                ("sim: an ID4 register", [])):
            self.assertEqual(kinds_of(name), wanted, name)

    def test_each_test_is_counted_by_each_of_its_kinds(self):
        names = ["rmm: D1: one", "rmm: D2 keeps I3", "sim: other", "sim: more", "cli: x"]
        self.assertEqual(counted(names), [("decisions (D)", 2), ("invariants (I)", 1), ("command line", 1),
                                          ("other tests of sim", 2)])

    def test_nothing_counts_for_nothing(self):
        self.assertEqual(counted([]), [])


def main(argv):
    if argv == ["self-test"]:
        return 0 if unittest.main(argv=[sys.argv[0]], exit=False).result.wasSuccessful() else 1
    if len(argv) != 2 or argv[0] != "count":
        print(__doc__, file=sys.stderr)
        return 2
    try:
        names = names_of(argv[1])
    except (OSError, xml.ParseError) as error:
        print(f"kinds.py: {error}", file=sys.stderr)
        return 1
    print("tests by kind (one test may be of several):")
    for kind, count in counted(names):
        print(f"{count:6}  {kind}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
