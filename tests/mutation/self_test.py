# SPDX-License-Identifier: GPL-2.0-or-later
"""Self-test of the mutants' generator.

    self_test.py self-test    small sources, with clang
    self_test.py table        every row of survivors.txt names a mutant that today's sources have

Exit code 4: there is no clang, nothing was tested.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import mutants  # noqa: E402
import survivors  # noqa: E402

SOURCE = """\
#include <cstdint>
namespace rmm::core {
struct Granule { std::uint64_t state = 0; std::uint16_t refcount = 0; };
struct Call { template <int> bool fails(bool b) { return b; } };
void set_state(const Call&, Granule& g, std::uint64_t to) { g.state = to; }
int f(Granule& g, int n) {
  if (n < 0) return 1;
  ++g.refcount;
  set_state({}, g, 5);
  for (int i = 0; i < n; ++i) g.state += 2;
  if (n > 9) g.state = 1; else g.state = 2;
  switch (n) {
    case 1: g.state = 7; break;
    default: break;
  }
  return 0;
}
}
"""


class GeneratorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = mutants.ROOT
        mutants.ROOT = pathlib.Path(cls.folder.name)
        (mutants.ROOT / "rmm/core").mkdir(parents=True)
        (mutants.ROOT / "tests/rmm").mkdir(parents=True)
        (mutants.ROOT / "rmm/core/a.cpp").write_text(SOURCE)
        (mutants.ROOT / "tests/rmm/conditions_pairs.cpp").write_text('impossible_pairs() {{"A", "b", "c", "d"}}')
        cls.generator = mutants.generate()

    @classmethod
    def tearDownClass(cls):
        mutants.ROOT = cls.root
        cls.folder.cleanup()

    def changes(self, text):
        return sorted((m.kind, m.change) for m in self.generator.mutants if m.text == text)

    def test_statements(self):
        self.assertEqual([("statement", "dropped")], self.changes("if (n < 0) return 1"))
        self.assertEqual([("statement", "dropped")], self.changes("for (int i = 0; i < n; ++i) g.state += 2"))
        self.assertEqual([], self.changes("return 0"))  # a function that returns a value ends by it
        self.assertEqual([("statement", "dropped")], self.changes("switch (n) { case 1: g.state = 7; break; default: break; }"))

    def test_writes(self):
        self.assertEqual([("refcount", "altered: twice"), ("refcount", "dropped")], self.changes("++g.refcount"))
        self.assertEqual([("state", "altered: 5"), ("state", "dropped")], self.changes("set_state({}, g, 5)"))
        self.assertEqual([("state", "altered: 7"), ("state", "dropped")], self.changes("g.state = 7"))

    def test_branches(self):
        self.assertIn(("state", "dropped"), self.changes("g.state = 1"))
        self.assertEqual([], self.changes("break"))  # both come to the end of the switch

    def test_keys_are_unique(self):
        keys = [m.key for m in self.generator.mutants]
        self.assertEqual(len(keys), len(set(keys)))

    def test_copy_compiles(self):
        text = self.generator.sources["rmm/core/a.cpp"].instrumented()
        stub = "namespace mutant { bool on(unsigned); template <class T> T alter(unsigned, T); }\n"
        run = subprocess.run(["clang++", "-std=c++20", "-fsyntax-only", "-x", "c++", "-"], input=stub + text, text=True,
                             capture_output=True)
        self.assertEqual(0, run.returncode, run.stderr)

    def test_table(self):
        path = pathlib.Path(self.folder.name) / "t.txt"
        path.write_text("# comment\na | b | c | d\n    a reason of\n    two lines\n")
        self.assertEqual({"a | b | c | d": "a reason of two lines"}, survivors.read(path))
        for wrong in ("a | b | c | d\n", "no key\n    a long reason\n", "    a reason without a key\n"):
            path.write_text(wrong)
            with self.assertRaises(SystemExit):
                survivors.read(path)


def check_table():
    known = {m.key for m in mutants.generate().mutants}
    rows = survivors.read(mutants.ROOT / "tests/mutation/survivors.txt")
    stale = [key for key in rows if key not in known]
    for key in stale:
        print(f"tests/mutation/survivors.txt: there is no such mutant: {key}")
    print(f"{len(known)} mutants, {len(rows)} rows, {len(stale)} of them stale")
    return 1 if stale or not known else 0


if __name__ == "__main__":
    if shutil.which("clang++") is None:
        sys.exit(4)
    if sys.argv[1:] == ["table"]:
        sys.exit(check_table())
    if sys.argv[1:] == ["self-test"]:
        unittest.main(argv=sys.argv[:1])
    sys.exit(__doc__)
