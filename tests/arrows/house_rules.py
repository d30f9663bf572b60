#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the rules of the house that a machine can read.

    house_rules.py tree        checks every file of the tree, lists violations, fails if there is one
    house_rules.py self-test   shows that violations are found
"""

import pathlib
import re
import sys
import unittest

import tree

LICENCE_LINE = "SPDX-License-Identifier: GPL-2.0-or-later"
LICENSED_SUFFIXES = {".h", ".cpp", ".S", ".ld", ".py", ".cmake"}
LICENSED_FOLDERS = {"scripts", ".ci"}  # their programs have no suffix
LICENSED_NAMES = {"CMakeLists.txt", "init"}
# Written with a class of one letter, so that this file doesn't find itself.
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b")
MACHINE_PATH = re.compile(r"(?<![\w.~$}/])/(roo[t]|hom[e]/\w+|wor[k]|tmp/[a-z])\b")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}


def needs_licence_line(path):
    return (path.suffix in LICENSED_SUFFIXES or path.name in LICENSED_NAMES
            or (path.parts[0] in LICENSED_FOLDERS and not path.suffix))


def violations(path, text):
    """Describes what is wrong with the file `path` (relative to the root) with the content `text`."""
    lines = text.splitlines()
    # The second line, where the first one names the interpreter.
    if needs_licence_line(path) and not any(LICENCE_LINE in line for line in lines[:2]):
        yield f"{path}:1: the licence line is missing: {LICENCE_LINE}"
    if path.stem in FORBIDDEN_NAMES or FORBIDDEN_NAMES & set(path.parts):
        yield f"{path}: a file is named by the one concept it holds"
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield f"{path}:{number}: unfinished work: finish it or open an issue"
        if MACHINE_PATH.search(line):
            yield f"{path}:{number}: a path of one machine"


def folders_without_readme(paths):
    """Folders that hold files, directly or below, and no README.md. The root's own is one of them. A fuzzer's corpus holds
    inputs alone: a README.md in it would be one."""
    folders = {folder for path in paths for folder in path.parents}
    described = {path.parent for path in paths if path.name == "README.md"}
    return sorted(folder for folder in folders - described if folder.parts[:1] != (".ci",) and "corpus" not in folder.parts)


def check_tree():
    paths = tree.files()
    found = [f"{folder}: README.md is missing" for folder in folders_without_readme(paths)]
    for path in paths:
        if path.name == "LICENSE":
            continue
        found += violations(path, (tree.ROOT / path).read_text(errors="replace"))
    for violation in found:
        print(violation)
    print(f"{len(paths)} files, {len(found)} violations")
    return 1 if found or not paths else 0


class HouseRulesTest(unittest.TestCase):
    def count(self, path, text):
        return len(list(violations(pathlib.Path(path), text)))

    def test_licence_line(self):
        self.assertEqual(0, self.count("rmm/core/a.h", f"// {LICENCE_LINE}\n"))
        self.assertEqual(0, self.count("scripts/run", f"#!/bin/bash\n# {LICENCE_LINE}\n"))
        self.assertEqual(1, self.count("rmm/core/a.h", "#pragma once\n"))
        self.assertEqual(1, self.count("scripts/run", "#!/bin/bash\n"))
        self.assertEqual(0, self.count("README.md", "# ccasim\n"))

    def test_unfinished_work(self):
        self.assertEqual(1, self.count("a.md", "TO" + "DO: more\n"))
        self.assertEqual(1, self.count("a.md", "// FIX" + "ME\n"))

    def test_paths_of_a_machine(self):
        self.assertEqual(1, self.count("a.md", "see /ho" + "me/someone/x\n"))
        self.assertEqual(1, self.count("a.md", '"/wo' + 'rk/x"\n'))
        self.assertEqual(0, self.count("a.md", "homes and a/work of art, ~/.cache, sim/work\n"))

    def test_names(self):
        self.assertEqual(1, self.count("host/vmm/ut" + "ils.md", ""))

    def test_folders(self):
        paths = [pathlib.Path(p) for p in ["README.md", "rmm/README.md", "rmm/core/a.h"]]
        self.assertEqual([pathlib.Path("rmm/core")], folders_without_readme(paths))
        seeds = [pathlib.Path(p) for p in ["README.md", "tests/README.md", "tests/corpus/elf/a", "tests/elf/a"]]
        self.assertEqual([pathlib.Path("tests/elf")], folders_without_readme(seeds))


if __name__ == "__main__":
    if sys.argv[1:] == ["tree"]:
        sys.exit(check_tree())
    if sys.argv[1:] == ["self-test"]:
        unittest.main(argv=sys.argv[:1])
    sys.exit(__doc__)
