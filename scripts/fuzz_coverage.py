#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Line coverage of rmm in a build that was made with --coverage and has run.

Usage: scripts/fuzz_coverage.py BUILD [--least PERCENT] [--missed]

Reads the counters by gcc's own gcov. Prints a line for each folder of rmm and the whole; --missed lists the lines that
nobody executed. Exit code 1 when the whole is below --least (default 95).
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def executions(build):
    """Executions of each line of rmm: {path: {line: count}}."""
    counts = collections.defaultdict(collections.Counter)
    counters = sorted(build.rglob("*.gcda"))
    if not counters:
        sys.exit(f"scripts/fuzz_coverage.py: {build} has no counters; it was not built with --coverage, or has not run")
    for counter in counters:
        out = subprocess.run(["gcov", "--json-format", "--stdout", str(counter)], cwd=build, check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for text in out.splitlines():
            for file in json.loads(text)["files"]:
                path = pathlib.Path(build, file["file"]).resolve()
                if not path.is_relative_to(ROOT / "rmm"):
                    continue
                for line in file["lines"]:
                    counts[path.relative_to(ROOT).as_posix()][line["line_number"]] += line["count"]
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--least", type=float, default=95)
    parser.add_argument("--missed", action="store_true")
    options = parser.parse_args()
    folders = collections.defaultdict(lambda: [0, 0])
    for path, lines in sorted(executions(options.build.resolve()).items()):
        folder = str(pathlib.PurePosixPath(path).parent)
        for number, count in sorted(lines.items()):
            for group in (folder, "rmm, the whole"):
                folders[group][0] += count > 0
                folders[group][1] += 1
            if options.missed and count == 0:
                print(f"{path}:{number}: never executed")
    for folder, (hit, lines) in sorted(folders.items()):
        print(f"{folder:24} {hit:6} of {lines:6} lines  {100 * hit / lines:5.1f} %")
    hit, lines = folders["rmm, the whole"]
    return 0 if hit >= options.least / 100 * lines else 1


if __name__ == "__main__":
    sys.exit(main())
