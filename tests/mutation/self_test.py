# SPDX-License-Identifier: GPL-2.0-or-later
"""Self-test of the mutants' generator and of scripts/mutate.

    self_test.py self-test    small sources, with clang; results that are made up
    self_test.py table        every row of survivors.txt names a mutant that today's sources have

Exit code 4: there is no clang, nothing was tested.
"""

import importlib.machinery
import importlib.util
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
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
            with self.assertRaises(survivors.Failed):
                survivors.read(path)


def load_script():
    path = str(mutants.ROOT / "scripts/mutate")
    loader = importlib.machinery.SourceFileLoader("mutate", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutate", loader))
    loader.exec_module(module)
    return module


class ScriptTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.script = load_script()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.directory = pathlib.Path(self.folder.name)

    def build(self):
        build = self.script.Build(self.directory, progress=None)
        self.addCleanup(build.in_use.close)
        build.identity = "now"
        return build

    def test_results_of_an_interrupted_run(self):
        def result(build, mutant, verdict, scene=""):
            return json.dumps({"build": build, "judge": "unit", "mutant": mutant, "verdict": verdict, "scene": scene})
        build = self.build()
        whole = [result("before", "a", "killed", "one"), result("before", "b", "survived"),
                 result("before", "c", "crashed", "two"), result("now", "c", "killed", "three")]
        build.results_file.write_text("\n".join(whole) + "\n" + result("now", "d", "killed", "four")[:40])
        known, scenes = build.known_results()
        self.assertEqual([("unit", "c")], list(known))  # another build's verdict is none of this build
        self.assertEqual({("unit", "a"): "one", ("unit", "c"): "three"}, scenes)
        lines = build.results_file.read_text().splitlines()
        self.assertEqual(["a", "b", "c"], [json.loads(line)["mutant"] for line in lines])

    def test_one_at_a_time(self):
        self.build()
        with self.assertRaisesRegex(survivors.Failed, "another scripts/mutate works in"):
            self.script.Build(self.directory, progress=None)

    def test_nothing_outlives_an_interruption(self):
        processes = self.script.Processes()
        sleeping = processes.start(["sleep", "600"])
        waiting = threading.Thread(target=processes.ended, args=[sleeping])  # as while something is built
        waiting.start()
        time.sleep(0.1)
        processes.stop()
        waiting.join(10)
        self.assertEqual(-signal.SIGTERM, sleeping.poll())

    def report(self, verdicts, rows):
        """`verdicts`: {mutant's name: (unit, model, invariants)}."""
        chosen = [mutants.Mutant(n, "state", "dropped", "f", n, "g", name) for n, name in enumerate(verdicts)]
        results = {(j, m.number): {"verdict": v, "scenes": 1, "scene": "", "finding": ""}
                   for m in chosen for j, v in zip(self.script.JUDGES, verdicts[m.text])}
        return self.script.Report(chosen, self.script.JUDGES, results, rows, True, 1.0)

    def test_who_has_noticed(self):
        report = self.report({"a": ("killed", "crashed", "timeout"), "b": ("crashed", "timeout", "survived"),
                              "c": ("timeout", "killed", "unreached"), "d": ("survived", "crashed", "timeout"),
                              "e": ("unreached", "survived", "killed"), "f": ("survived", "survived", "survived")},
                             {"f | g | dropped | f": "a reason"})
        self.assertEqual([["a", "b", "c"], ["c"], ["e"]], [[m.text for m in report.by[j]] for j in self.script.JUDGES])
        self.assertEqual((4, 5), report.score())
        self.assertEqual(["d"], [m.text for m in report.open])  # a crash is nothing that a judge says
        self.assertEqual(1, len(report.stopped))  # b
        self.assertEqual([], report.wrong_rows)

    def test_rows_out_of_date(self):
        rows = {"f | g | dropped | a": "it is noticed", "f | g | dropped | b": "it is gone"}
        report = self.report({"a": ("killed", "survived", "survived")}, rows)
        self.assertEqual(2, len(report.wrong_rows))
        self.assertEqual([], report.equivalent)

    def test_wrong_options(self):
        for wrong in (["--sample", "0"], ["--jobs", "many"], ["--kind", "bug"], ["--judge", "me"], ["--json", "/no/such/x"]):
            run = subprocess.run([mutants.ROOT / "scripts/mutate", *wrong], capture_output=True, text=True)
            self.assertEqual(2, run.returncode, run.stderr)
            self.assertTrue(run.stderr.splitlines()[-1].startswith("scripts/mutate: "), run.stderr)
            self.assertNotIn("Traceback", run.stderr)


def check_table():
    rows = survivors.read(mutants.ROOT / "tests/mutation/survivors.txt")
    files = {key.split(" | ")[0] for key in rows}
    known = {m.key for m in mutants.generate(only=files).mutants}
    stale = [key for key in rows if key not in known]
    for key in stale:
        print(f"tests/mutation/survivors.txt: there is no such mutant: {key}")
    print(f"{len(known)} mutants of {len(files)} files, {len(rows)} rows, {len(stale)} of them stale")
    return 1 if stale or not known else 0


if __name__ == "__main__":
    if shutil.which("clang++") is None:
        sys.exit(4)
    if sys.argv[1:] == ["table"]:
        sys.exit(check_table())
    if sys.argv[1:] == ["self-test"]:
        unittest.main(argv=sys.argv[:1])
    sys.exit(__doc__)
