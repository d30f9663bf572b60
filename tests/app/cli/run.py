#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the tests of one module of this folder; 4 when all of them were skipped.

    run.py MODULE [unittest options]
"""

import pathlib
import sys
import unittest

ALL_SKIPPED = 4


def main(argv):
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    finished = unittest.main(module=None, argv=["run.py", *argv], exit=False, verbosity=2).result
    if not finished.wasSuccessful() or finished.testsRun == 0:
        return 1
    return ALL_SKIPPED if len(finished.skipped) == finished.testsRun else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
