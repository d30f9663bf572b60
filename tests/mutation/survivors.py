# SPDX-License-Identifier: GPL-2.0-or-later
"""The reviewed table of mutants that are no bugs: survivors.txt.

A row is the mutant's key on a line of its own, then its reason, indented. A key is "file | function | change | text": no
line numbers, so that it stays true as long as the statement does. Lines that begin with # are comments.
"""


class Failed(Exception):
    """What ends scripts/mutate, in words for its user."""


def read(path):
    """{key: reason}"""
    rows, key = {}, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] != " ":
            if line.count(" | ") < 3 or line in rows:
                raise Failed(f"{path}:{number}: a key has the form 'file | function | change | text', and one row")
            key = line
            rows[key] = ""
        elif key is None:
            raise Failed(f"{path}:{number}: a reason without a key")
        else:
            rows[key] = f"{rows[key]} {line.strip()}".strip()
    for key, reason in rows.items():
        if len(reason) < 10:
            raise Failed(f"{path}: no reason is given for: {key}")
    return rows
