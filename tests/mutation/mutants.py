# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants of the monitor, and the copy of its sources in which all of them sleep.

clang says where statements, writes and conditions are; the copy is the text itself with `mutant::...` around them, so
that one build holds every mutant and a number chooses one at run time. Nothing is written into the tree.
"""

import concurrent.futures
import dataclasses
import hashlib
import json
import pathlib
import re
import subprocess

from survivors import Failed

ROOT = pathlib.Path(__file__).resolve().parents[2]
MUTATED = ("rmm/core", "rmm/run", "rmm/v1_0")
MUTANTS_OF_A_FILE = 256  # a file's numbers do not depend on the others', so that little is compiled again
READ = ("rmm/abi", "rmm/port", "rmm/call", *MUTATED)  # what their syntax depends on
DROPPED, ALTERED = "dropped", "altered"
KINDS = ("condition", "pair", "state", "rtt", "refcount", "measurement", "statement")

# Arguments by which a call says what is written: they are altered, beside the right sides of assignments.
WRITERS = {
    "set_state": (2,), "set_realm_state": (2,), "set_rec_state": (2,), "store": (1,), "add": (1,), "set_pas": (1,),
    "write64": (1,), "write_entry": (3,), "write_child": (2,), "set_entry_ripas": (3,), "map_data": (4,),
    "map_unprotected": (3,), "rtt_fold": (3,), "extend_rim_data": (1, 2), "extend_rim_ripas": (1,), "extend_rem": (1,),
    "set_x": (0, 1), "set_pc": (0,), "set_pstate": (0,), "set_sysreg": (1,), "set_operand": (1, 2), "reset": (0,),
    "invalidate": (0, 1), "invalidate_all": (0,), "output": (0,),
}  # fmt: skip
# What a mutant of a value makes sense for (mutant.h knows how to alter them).
ALTERABLE = re.compile(
    r"^(const )?(bool|int|unsigned int|unsigned|unsigned char|unsigned short|unsigned long|long|std::u?int\d+_t|std::size_t|"
    r"(rmm::)?(core::)?(RttEntry|Measurement|GranuleState|RealmState|RecState|RttState)|"
    r"(rmm::)?(abi::)?(v1_0::)?(Pa|Ipa|Va|GranulePa|Vmid|Mpidr|Pas|IpaRange|Ripas|RsiResponse|RmiResponse|HashAlgorithm)|"
    r"abi::Address<abi::(Pa|Ipa|Va)Tag>|(rmm::)?(core::|abi::v1_0::|abi::)\w+)( ?&)?$")
UNALTERABLE = re.compile(r"Rec\b|RecE\w+|Realm\b|Context|RttWalk|RealmParams|RecParams|Layout|Exception|Stage2|RsiHostCall|LastExit|"
                         r"AttestationState|PsciRequest|RipasRequest|RunControls|SmcRegs|IchState|GranulePas|Outcome|Command")

REFCOUNT = re.compile(r"refcount|references\(|num_recs|rec_index")
MEASUREMENT = re.compile(r"extend_r[ie]m|measurements\b|\bhash\(|\brem = ")
RTT = re.compile(r"write64|write_entry|write_child|write_descriptor|set_entry_ripas|map_data|map_unprotected")
STATE = re.compile(r"set_(realm_|rec_)?state\(|\.store\(|[.>]state = |record\.state|vmids\[|set_pas|\.erase\(|\.object = |"
                   r"\brec\.\w|\brealm[.-]|attributes\.|last\.\w+ = |last_exit|\.psci = |host_call|ripas\b.* = |ripas\.|"
                   r"attestation|state\.\w+ = |release_vmid|wipe\(|target\.\w+|\.emplace\(|awaits_entry|ich\.")


@dataclasses.dataclass
class Mutant:
    number: int
    kind: str
    change: str  # what is done, in words
    file: str
    line: int
    function: str
    text: str
    occurrence: int = 1

    @property
    def key(self):
        same = f" #{self.occurrence}" if self.occurrence > 1 else ""
        return f"{self.file} | {self.function} | {self.change} | {self.text}{same}"


class Source:
    """One file of the tree: its text, and what is inserted into the copy."""

    def __init__(self, path):
        self.path = path
        self.data = (ROOT / path).read_bytes()
        self.insertions = []  # (offset, rank, extent, order, text)

    def text(self, begin, end):
        return " ".join(self.data[begin:end].decode().split())

    def line(self, offset):
        return self.data.count(b"\n", 0, offset) + 1

    def around(self, begin, end, before, after):
        """Inserts at both ends of a range; ranges nest, and the outer one's texts stay outside."""
        order = len(self.insertions)
        self.insertions.append((begin, 1, -(end - begin), order, before))
        self.insertions.append((end, 0, end - begin, -order, after))

    def insert(self, offset, text):
        self.insertions.append((offset, 0, 0, len(self.insertions), text))

    def instrumented(self):
        out, at = [], 0
        for offset, _, _, _, text in sorted(self.insertions):
            out += [self.data[at:offset].decode(), text]
            at = offset
        return "".join(out) + self.data[at:].decode()


def place(node):
    """Begin and end offset of a node, or None where a macro is involved or it is not written in the text."""
    begin, end = node.get("range", {}).get("begin", {}), node.get("range", {}).get("end", {})
    if "offset" not in begin or "offset" not in end:
        return None
    return begin["offset"], end["offset"] + end["tokLen"]


def children(node):
    return [c for c in node.get("inner", []) if isinstance(c, dict)]


def desugared(node):
    kind = node.get("type", {})
    return kind.get("desugaredQualType", kind.get("qualType", ""))


def is_alterable(node):
    names = {node.get("type", {}).get("qualType", ""), desugared(node)}
    return any(ALTERABLE.match(n) for n in names) and not any(UNALTERABLE.search(n) for n in names)


def unwrapped(node):
    """The expression without what the text does not show."""
    while node.get("kind") in ("ImplicitCastExpr", "ExprWithCleanups", "MaterializeTemporaryExpr", "CXXBindTemporaryExpr",
                               "ConstantExpr") and len(children(node)) == 1:
        node = children(node)[0]
    return node


def innermost(statement):
    """The statement behind the labels of a case."""
    while statement.get("kind") in ("CaseStmt", "DefaultStmt"):
        statement = children(statement)[-1]
    return statement


def callee_name(node):
    node = unwrapped(node)
    if node.get("kind") not in ("CallExpr", "CXXMemberCallExpr") or not children(node):
        return None
    callee = unwrapped(children(node)[0])
    return callee.get("name") or callee.get("referencedDecl", {}).get("name")


def call_arguments(node):
    return children(unwrapped(node))[1:]


LOOPS = ("ForStmt", "WhileStmt", "CXXForRangeStmt", "DoStmt")
FUNCTIONS = ("FunctionDecl", "CXXMethodDecl", "CXXConstructorDecl", "CXXDestructorDecl", "CXXConversionDecl")
NO_STATEMENTS = ("NullStmt", "DeclStmt", "CompoundStmt", "CaseStmt", "DefaultStmt")


class Generator:
    def __init__(self):
        self.mutants = []
        self.numbers = {}  # the next one of each file
        self.sources = {}
        self.seen = set()
        self.assertions = []  # of the monitor itself: what stands there never runs
        self.conditions = {}  # (file, function): {id: (statement range, body text, list of statements)}
        self.breaks_at_end = []  # of a switch

    def source(self, path):
        if path not in self.sources:
            self.sources[path] = Source(path)
        return self.sources[path]

    def add(self, kind, change, source, begin, end, function):
        text = source.text(begin, end).rstrip(";")
        same = sum(1 for m in self.mutants
                   if (m.file, m.function, m.change, m.text) == (source.path, function, change, text))
        number = self.numbers[source.path]
        self.numbers[source.path] += 1
        if number % MUTANTS_OF_A_FILE == 0:
            raise Failed(f"{source.path}: more than {MUTANTS_OF_A_FILE - 1} mutants in one file")
        self.mutants.append(Mutant(number, kind, change, source.path, source.line(begin), function, text, same + 1))
        return number

    # Declarations.

    def read(self, documents):
        for document in documents:
            self.file = None
            self.declarations(document, [])

    def locate(self, node):
        """Follows the file: clang names it only where it changes. Returns that of the node's begin."""
        begin_file = None
        for where in (node.get("loc"), node.get("range", {}).get("begin"), node.get("range", {}).get("end")):
            if not where:
                continue
            for spot in [where.get("spellingLoc"), where.get("expansionLoc"), where]:
                if spot and "file" in spot:
                    self.file = spot["file"].removeprefix("./")
            if where is node.get("range", {}).get("begin"):
                begin_file = self.file
        return begin_file or self.file

    def declarations(self, node, names):
        """Goes through a subtree in the order of the dump, and through the bodies of the functions to be mutated."""
        path = self.locate(node)
        kind = node.get("kind")
        if node.get("isImplicit"):
            names = names + ["(implicit)"]
        name = node.get("name")
        if kind == "NamespaceDecl" or kind in ("CXXRecordDecl", "ClassTemplateDecl", "ClassTemplateSpecializationDecl"):
            if kind == "CXXRecordDecl" and name:
                names = names + [name]
        elif kind in FUNCTIONS and not any(n.startswith("\0") for n in names):
            names = names + [name or ""]
        if kind in FUNCTIONS and path and path.startswith(tuple(d + "/" for d in MUTATED)) and "(implicit)" not in names:
            body = [c for c in children(node) if c.get("kind") == "CompoundStmt"]
            where = place(node)
            if body and where and (path, place(body[0])) not in self.seen and place(body[0]):
                self.seen.add((path, place(body[0])))
                self.function = "::".join(n for n in names if n and n != "operator()")
                self.path_in_use = path
                self.returns_value = not node.get("type", {}).get("qualType", "").startswith("void")
                self.body(body[0])
        for child in children(node):
            self.declarations(child, names)

    # Statements.

    def body(self, compound):
        source = self.source(self.path_in_use)
        statements = children(compound)
        self.enter_body(statements, self.returns_value)
        self.statements(source, compound)

    def enter_body(self, statements, returns_value):
        """What may not go: a function that returns a value must not run over its end."""
        self.last = statements[-1] if statements else None
        self.ends_well = not returns_value or (self.last is not None and self.last.get("kind") == "ReturnStmt")
        self.returns_value = returns_value

    def statements(self, source, compound):
        for statement in children(compound):
            self.statement(source, statement, only=False)

    def end_of(self, source, statement):
        """The offset behind a statement, its semicolon included."""
        end = place(statement)[1]
        rest = re.match(rb"\s*;", source.data[end:])
        if statement.get("kind") == "DeclStmt" or not rest:
            return end
        return end + rest.end()

    def is_assertion(self, source, statement):
        begin, end = place(statement)
        return bool(re.search(rb"std::abort\(\)|\bbug\(|outside_dram\(|\brequire\(|^fmt::print\(stderr", source.data[begin:end]))

    def statement(self, source, statement, only):
        """`only`: the one statement of a branch, which is gone when the branch is."""
        kind = statement.get("kind")
        if place(statement) is None:
            return
        if kind == "CompoundStmt":
            inner = children(statement)
            for each in inner:
                self.statement(source, each, only=only and len(inner) == 1)
            return
        if kind in ("CaseStmt", "DefaultStmt"):
            self.statement(source, children(statement)[-1], only=False)
            return
        if kind == "IfStmt":
            if not statement.get("hasElse") and self.is_assertion(source, statement):
                self.assertions.append(f"{source.path} | {self.function} | {source.text(*place(statement))}")
                if "set_pas(" in source.text(*place(children(statement)[0])):  # it acts and asserts
                    self.drop(source, statement)
                return
            parts = children(statement)
            branches = parts[-2:] if statement.get("hasElse") else parts[-1:]
            fails = self.failing_condition(source, statement)
            if not fails and not only:
                self.drop(source, statement)
            if fails:
                return
            for part in parts[: -len(branches)]:
                self.writes_inside(source, part)
            for branch in branches:
                self.statement(source, branch, only=not statement.get("hasElse"))
            return
        if kind in LOOPS:
            if not only:
                self.drop(source, statement)
            body = children(statement)[0 if kind == "DoStmt" else -1]
            self.statement(source, body, only=True)
            return
        if kind == "SwitchStmt":
            if not only and self.ends_well:
                self.drop(source, statement)
            cases = children(children(statement)[-1])
            self.breaks_at_end = [c for c in (innermost(case) for case in cases[-1:]) if c.get("kind") == "BreakStmt"]
            if self.breaks_at_end and len(cases) > 1 and cases[-1].get("kind") == "DefaultStmt":
                self.breaks_at_end.append(innermost(cases[-2]))  # it comes to the same
            self.statements(source, children(statement)[-1])
            return
        if kind == "DeclStmt":
            self.declaration(source, statement)
            return
        if kind == "NullStmt":
            return
        if kind == "ReturnStmt":
            value = children(statement)
            if not only and statement is not self.last and self.ends_well:
                self.drop(source, statement)
            for v in value:
                self.writes_inside(source, v)
            return
        if kind == "BreakStmt" and any(statement is b for b in self.breaks_at_end):
            return
        if self.is_assertion(source, statement):
            self.assertions.append(f"{source.path} | {self.function} | {source.text(*place(statement))}")
            return
        if not only:
            self.drop(source, statement)
        self.alter(source, statement)
        self.writes_inside(source, statement)

    def kind_of(self, source, begin, end):
        text = source.text(begin, end)
        if source.path == "rmm/core/measurement.cpp" or MEASUREMENT.search(text):
            return "measurement"
        if REFCOUNT.search(text):
            return "refcount"
        if RTT.search(text) or (re.search(r"memory\.write\(", text) and source.path.startswith("rmm/core")):
            return "rtt"
        if STATE.search(text):
            return "state"
        return "statement"

    def drop(self, source, statement):
        if statement is self.last and self.returns_value:
            return
        begin, end = place(statement)[0], self.end_of(source, statement)
        if (source.path, begin, end, DROPPED) in self.seen:
            return
        self.seen.add((source.path, begin, end, DROPPED))
        # A branch, a loop: the condition that something happens at all.
        simple = statement.get("kind") not in ("IfStmt", "SwitchStmt", *LOOPS, "ReturnStmt", "BreakStmt", "ContinueStmt")
        number = self.add(self.kind_of(source, begin, end) if simple else "statement", DROPPED, source, begin, end,
                          self.function)
        source.around(begin, end, f"{{ if (!mutant::on({number})) ", " }")

    def declaration(self, source, statement):
        for variable in children(statement):
            if variable.get("kind") != "VarDecl":
                continue
            name, kind = variable.get("name"), variable.get("type", {}).get("qualType", "")
            begin, end = place(statement)
            if "LockGuard" in kind and name:
                self.drop_guard(source, statement, variable)
            for value in children(variable):
                self.writes_inside(source, value)

    def drop_guard(self, source, statement, variable):
        begin, end = place(statement)
        match = re.match(rb"const port::LockGuard (\w+)\(", source.data[begin:end])
        if not match or (source.path, begin, end, DROPPED) in self.seen:
            return
        self.seen.add((source.path, begin, end, DROPPED))
        number = self.add("statement", DROPPED, source, begin, end, self.function)
        source.insert(begin + len(b"const "), "mutant::Guard<")
        source.insert(begin + len(b"const port::LockGuard"), ">")
        source.insert(begin + match.end(), f"{number}, ")

    # Writes.

    def altered_value(self, source, node, what):
        where = place(node)
        if where is None or (source.path, *where, ALTERED) in self.seen:
            return
        self.seen.add((source.path, *where, ALTERED))
        begin, end = where
        number = self.add(self.kind_of(source, *what), f"{ALTERED}: {source.text(begin, end)}", source, *what, self.function)
        source.around(begin, end, f"mutant::alter({number}, ", ")")

    def altered_right_side(self, source, node, what):
        begin, end = place(node)
        if source.data[begin:begin + 1] != b"{":
            self.altered_value(source, node, what)
        elif re.match(rb"\{[^{},]+\}$", source.data[begin:end]):  # one value in braces
            self.altered_value(source, {"range": {"begin": {"offset": begin + 1}, "end": {"offset": end - 2, "tokLen": 1}}}, what)

    def alter(self, source, statement):
        """The value that an assignment or a call writes."""
        node = unwrapped(statement)
        what = (place(statement)[0], self.end_of(source, statement))
        kind = node.get("kind")
        if kind in ("BinaryOperator", "CompoundAssignOperator") and node.get("opcode", "").endswith("="):
            left, right = children(node)[:2]
            if is_alterable(left):
                self.altered_right_side(source, right, what)
        elif kind == "CXXOperatorCallExpr":
            parts = children(node)
            if len(parts) == 3 and place(parts[1]) and place(parts[2]):
                between = source.data[place(parts[1])[1]:place(parts[2])[0]].strip()
                if between == b"=" and is_alterable(parts[1]):
                    self.altered_right_side(source, parts[2], what)
        elif kind == "UnaryOperator" and node.get("opcode") in ("++", "--"):
            if (source.path, *what, ALTERED) not in self.seen:
                self.seen.add((source.path, *what, ALTERED))
                number = self.add(self.kind_of(source, *what), f"{ALTERED}: twice", source, *what, self.function)
                text = source.text(*what)
                source.around(*what, "{ ", f" if (mutant::on({number})) {text} }}")
        elif callee_name(node) in WRITERS:
            arguments = call_arguments(node)
            for index in WRITERS[callee_name(node)]:
                if index < len(arguments) and is_alterable(arguments[index]) and place(arguments[index]):
                    if source.data[place(arguments[index])[0]:][:1] != b"{":
                        self.altered_value(source, arguments[index], what)

    EVENTS = re.compile(r"port::(\w*Event|Command\w+|Granule\w+|Rtt\w+|Ripas\w+|Rec\w+|Trap\w+|Step)\b|Outcome|call::Command|"
                        r"Parameter|Policy|Row|WantedGranule|initializer_list|Gpf|Environment")

    def writes_inside(self, source, node):
        """Fields that an expression gives to a new value of an object, failing conditions, and bodies of lambdas."""
        if not isinstance(node, dict) or not node.get("kind"):
            return
        if node["kind"] == "LambdaExpr":
            bodies = [c for c in children(node) if c.get("kind") == "CompoundStmt"]
            if bodies and place(bodies[-1]) and (source.path, place(bodies[-1])) not in self.seen:
                self.seen.add((source.path, place(bodies[-1])))
                saved = self.last, self.ends_well, self.returns_value
                inner = children(bodies[-1])
                self.enter_body(inner, any(c.get("kind") == "ReturnStmt" for c in inner))
                self.statements(source, bodies[-1])
                self.last, self.ends_well, self.returns_value = saved
            return
        if node["kind"] == "InitListExpr" and not self.EVENTS.search(desugared(node)):
            for part in children(node):
                where = place(part)
                if part.get("kind") == "CXXDefaultInitExpr" or where is None or not is_alterable(part):
                    continue
                before = source.data[max(0, where[0] - 60):where[0]]
                if re.search(rb"\.\w+ = $", before) and unwrapped(part).get("kind") != "InitListExpr":
                    self.altered_value(source, part, place(node))
        if callee_name(node) == "fails" and place(node):
            self.condition(source, node)
        for child in children(node):
            self.writes_inside(source, child)

    # Failure conditions.

    def condition(self, source, node):
        begin, end = place(node)
        match = re.match(rb'\w+\.fails<"(\w+)">\(', source.data[begin:end])
        if not match or (source.path, begin, "condition") in self.seen:
            return None
        self.seen.add((source.path, begin, "condition"))
        number = self.add("condition", "off", source, begin, end, self.function)
        source.around(begin + match.end(), end - 1, f"mutant::condition({number}, ", ")")
        return match.group(1).decode()

    def failing_condition(self, source, statement):
        """True for `if (c.fails<"id">(...)) return ...;`, whose condition becomes a mutant."""
        parts = children(statement)
        if callee_name(parts[0]) != "fails" or statement.get("hasElse"):
            return False
        name = self.condition(source, unwrapped(parts[0]))
        if name:
            begin, end = place(statement)[0], self.end_of(source, statement)
            inner = place(unwrapped(parts[0]))
            argument = inner[0] + source.data[inner[0]:inner[1]].index(b"(") + 1
            self.conditions.setdefault(source.path, {})[name] = {
                "argument": (argument, inner[1] - 1), "end": end, "function": self.function,
                "body": source.text(place(parts[-1])[0], end), "call": source.data[inner[0]:inner[0] + 8].split(b".")[0].decode()}
        return True


def impossible_pairs():
    """(commands, firsts, thens) from the reviewed list of pairs that cannot hold together."""
    text = (ROOT / "tests/rmm/conditions_pairs.cpp").read_text()
    text = text[text.index("impossible_pairs()"):]
    literal = r'((?:"[^"]*"\s*)+)'
    rows = re.findall(r"\{" + literal + "," + r"\s*" + literal + "," + r"\s*" + literal + ",", text)
    join = lambda s: "".join(re.findall(r'"([^"]*)"', s)).split()
    if not rows:
        raise Failed("tests/rmm/conditions_pairs.cpp: no list of impossible pairs found")
    return [tuple(join(part) for part in row) for row in rows]


def add_pairs(generator):
    """Each observable mandated pair swapped: the first condition is judged behind the second."""
    impossible = impossible_pairs()
    for path in sorted(generator.conditions):
        source = generator.source(path)
        text = source.data.decode()
        table = re.search(r"kBefore\[\] = \{(.*?)\};\n", text, re.S)
        if not table:
            continue
        command = re.search(r'\.name = "(\w+)"', text).group(1)
        known = generator.conditions[path]
        for firsts, thens in re.findall(r'\{\s*"([^"]*)",\s*"([^"]*)"\s*\}', table.group(1)):
            for first in firsts.split():
                for then in thens.split():
                    if any((not c or command in c) and first in f and then in t for c, f, t in impossible):
                        continue
                    if first not in known or then not in known:
                        raise Failed(f"{path}: {command}: {first} before {then}: no such conditions in the handler")
                    a, b = known[first], known[then]
                    generator.function = a["function"]
                    number = generator.add("pair", f"swapped: {first} before {then}", source, a["argument"][0], a["argument"][1],
                                           a["function"])
                    source.around(*a["argument"], f"mutant::postpone({number}, ", ")")
                    source.insertions.append(
                        (b["end"], 0, 10**6, number,
                         f' if (mutant::postponed({number}) && {a["call"]}.fails<"{first}">(true)) {a["body"]}'))


def syntax_trees(path):
    """What clang 14 or newer makes of one file, as far as it is declared in namespace rmm."""
    flags = ["-std=c++20", "-I.", "-fsyntax-only", "-w", "-Xclang", "-ast-dump=json", "-Xclang", "-ast-dump-filter=rmm::"]
    run = subprocess.run(["clang++", *flags, path], cwd=ROOT, capture_output=True, text=True)
    if run.returncode != 0:
        raise Failed(f"clang++ does not compile {path}:\n{run.stderr}")
    documents, at, decoder = [], 0, json.JSONDecoder()
    while at < len(run.stdout):
        if run.stdout[at].isspace():
            at += 1
            continue
        document, at = decoder.raw_decode(run.stdout, at)
        if document.get("kind") == "NamespaceDecl":
            documents.append(document)
    return documents


def cached_syntax_trees(path, cache):
    """As syntax_trees(), kept in the folder `cache` until a header or the file changes."""
    if cache is None:
        return syntax_trees(path)
    headers = sorted(p for folder in READ for p in (ROOT / folder).rglob("*.h"))
    content = hashlib.sha256(b"".join(p.read_bytes() for p in [ROOT / path, *headers])).hexdigest()[:16]
    file = cache / f"{path.replace('/', '+')}-{content}.json"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob(f"{path.replace('/', '+')}-*"):
            old.unlink()
        documents = [d for d in syntax_trees(path) if is_mutated(d)]
        part = file.with_suffix(".part")
        part.write_text(json.dumps(documents))
        part.rename(file)
    return json.loads(file.read_text())


def is_mutated(document):
    file = (document.get("loc") or {}).get("file", "").removeprefix("./")
    return file.startswith(tuple(folder + "/" for folder in MUTATED))


def generate(cache=None, progress=lambda text: None, jobs=2, only=None):
    """All mutants, or those of the files `only`, and the sources with them. What clang says is kept in the folder
    `cache`."""
    files = sorted(str(p.relative_to(ROOT)) for d in MUTATED for p in (ROOT / d).rglob("*.cpp"))
    generator = Generator()
    headers = sorted(str(p.relative_to(ROOT)) for d in MUTATED for p in (ROOT / d).rglob("*.h"))
    for n, name in enumerate(headers + files):
        generator.numbers[name] = MUTANTS_OF_A_FILE * n + 1
    if only is not None:
        files = [name for name in files if name in only]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            for n, documents in enumerate(pool.map(lambda path: cached_syntax_trees(path, cache), files), 1):
                progress(f"reading sources: {n} of {len(files)}")
                generator.read(documents)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    add_pairs(generator)
    if len({m.key for m in generator.mutants}) < len(generator.mutants):
        raise Failed("two mutants have the same key")
    return generator


def write_if_changed(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def write_copy(generator, target):
    """A copy of rmm under `target` with the mutants in it, and what the runner has to know of them."""
    wanted = {"mutation_numbers.h"}
    for path in sorted((ROOT / "rmm").rglob("*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        name = str(path.relative_to(ROOT))
        wanted.add(name)
        text = path.read_text()
        if name in generator.sources and generator.sources[name].insertions:
            text = f'#include "tests/mutation/mutant.h"\n{generator.sources[name].instrumented()}'
        if name == "rmm/call/call.h":
            # A swapped pair goes back to a condition that was passed.
            old = "if (index < reached_) out_of_order(index);"
            if text.count(old) != 1:
                raise Failed(f"{name}: the test of the conditions' order is not where it was: {old}")
            text = '#include "tests/mutation/mutant.h"\n' + text.replace(
                old, "if (index < reached_ && !mutant::swaps()) out_of_order(index);")
        write_if_changed(target / name, text)
    pairs = ", ".join(str(m.number) for m in generator.mutants if m.kind == "pair")
    end = MUTANTS_OF_A_FILE * (len(generator.numbers) + 1)
    write_if_changed(target / "mutation_numbers.h",
                     f"#pragma once\nnamespace mutant {{\ninline constexpr unsigned kEnd = {end};\n"
                     f"inline constexpr unsigned kPairs[] = {{{pairs or 0}}};\n}}\n")
    for path in sorted(target.rglob("*")):
        if path.is_file() and str(path.relative_to(target)) not in wanted:
            path.unlink()
