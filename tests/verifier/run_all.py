#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs all tests of this folder; fails if one does.

    run_all.py [CCASIM]

With the program `ccasim` (and its guests beside it) the monitor's measurements are compared too; without, those tests
are skipped and said to be.
"""

import os
import pathlib
import sys
import unittest

FOLDER = pathlib.Path(__file__).parent


def main(argv):
    if len(argv) > 1:
        print(__doc__, file=sys.stderr)
        return 2
    if argv:
        os.environ["CCASIM"] = str(pathlib.Path(argv[0]).resolve())
    found = unittest.defaultTestLoader.discover(str(FOLDER), pattern="test_*.py", top_level_dir=str(FOLDER))
    result = unittest.TextTestRunner(verbosity=1).run(found)
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
