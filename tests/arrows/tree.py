# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of the source tree, without what builds and tools leave behind."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _is_source_folder(name):
    return not name.startswith((".", "build")) and name != "__pycache__" or name == ".ci"


def files(root=ROOT):
    """All files below `root` as paths relative to it, sorted."""
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if _is_source_folder(name)]
        found += [pathlib.Path(folder, name).relative_to(root) for name in names if name != ".git"]  # a worktree's
    return sorted(found)
