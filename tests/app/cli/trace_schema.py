#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges a trace by the table of sim/trace/SCHEMA.md, and by what the calls in it must have in common.

    trace_schema.py TRACE
"""

import collections
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCHEMA = ROOT / "sim" / "trace" / "SCHEMA.md"
STRUCTURES = ROOT / "rmm" / "abi" / "v1_0" / "structures.h"

ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+) \|$")
NESTED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
REC_EXIT_FIELDS = "and every non-zero RmiRecExit field"
# After these the realm or the calling REC does not go on, so that they have no return.
NO_RETURN = {"PSCI_SYSTEM_OFF", "PSCI_SYSTEM_RESET", "PSCI_CPU_OFF"}
ADDRESSES = {"pa", "rd", "rec", "ipa", "va", "base", "top", "entry", "descriptor", "esr", "far", "hpfar", "pc", "fid",
             "x0", "flags", "before", "after", "offset", "value"}
NUMBERS = {"t", "a", "actor", "pe", "cpu", "vmid", "vm", "vcpu", "level", "stage", "fd", "result", "ret", "size",
           "intid"}
MOST_SHOWN = 20


def without_nested(text):
    while NESTED.search(text):
        text = NESTED.sub("", text)
    return text


def kinds(markdown):
    """The table: kind -> its fields, of which the last may be REC_EXIT_FIELDS."""
    rows = [ROW.match(line) for line in markdown.splitlines()]
    return {row[1]: [field.strip() for field in without_nested(row[2]).split(",")]
            for row in rows if row and row[1] != "e"}


def rec_exit_fields(header):
    return set(re.findall(r'field(?:<[^>]*>)?\("(\w+)"', header)) - {"exit_reason"}


class Judge:
    def __init__(self, table, exit_fields):
        self.table, self.exit_fields = table, exit_fields
        self.problems = []
        self.count = collections.Counter()
        self.calls, self.successes = collections.Counter(), collections.Counter()
        self.time = 0
        self.number = 0
        self.rmi_of_actor = {}
        self.command_of_rec = {}
        self.running = set()  # RECs between rec_enter and rec_exit
        self.named = {65534}  # actors

    def problem(self, text):
        self.problems.append(f"line {self.number}: {text}")

    def header(self, line):
        self.number = 1
        if json.loads(line) != {"ccasim_trace": 1, "rmm": "1.0-rel0", "time": "virtual ns"}:
            self.problem("the header is not the documented one")

    def event(self, number, line):
        self.number = number
        event = json.loads(line)
        kind = event.get("e")
        self.count[kind] += 1
        if kind not in self.table:
            return self.problem(f"the schema has no kind {kind}")
        self.fields(kind, event)
        if event["t"] < self.time:
            self.problem(f"time goes back from {self.time} to {event['t']}")
        self.time = event["t"]
        handler = getattr(self, f"on_{kind}", None)
        if handler:
            handler(event)
        if event["a"] not in self.named:
            self.problem(f"actor {event['a']} has no name yet")
        return None

    def fields(self, kind, event):
        documented = [f for f in self.table[kind] if f != REC_EXIT_FIELDS]
        extra = set(event) - {"t", "a", "e", *documented}
        if REC_EXIT_FIELDS in self.table[kind]:
            extra -= self.exit_fields
        missing = [f for f in ("t", "a", *documented) if f not in event]
        if extra or missing:
            self.problem(f"{kind}: unknown fields {sorted(extra)}, missing fields {missing}")
        for name, value in event.items():
            if name in ADDRESSES and not (isinstance(value, str) and re.fullmatch(r"0x[0-9a-f]+", value)):
                self.problem(f"{kind}.{name} is no hexadecimal string: {value!r}")
            if name in NUMBERS and (not isinstance(value, int) or isinstance(value, bool)):
                self.problem(f"{kind}.{name} is no number: {value!r}")
        for name in ("args", "outputs"):
            for key, value in event.get(name, {}).items():
                if not re.fullmatch(r"0x[0-9a-f]+", value):
                    self.problem(f"{kind}.{name}.{key} is no hexadecimal string: {value!r}")

        for key, value in event.get("values", {}).items():
            if not re.fullmatch(r"0x[0-9a-f]+|-?[0-9]+|[A-Z][A-Z_0-9]*|not delegable", value):
                self.problem(f"{kind}.values.{key} is neither a number nor a state: {value!r}")

    def on_actor(self, event):
        self.named.add(event["actor"])

    def open_commands(self, event):
        if event["interface"] == "rmi":
            return self.rmi_of_actor, event["a"]
        return self.command_of_rec, event["rec"]

    def on_call(self, event):
        self.calls[event["name"]] += 1
        commands, who = self.open_commands(event)
        if who in commands and commands[who]["name"] not in NO_RETURN:
            self.problem(f"{event['name']} begins before {commands[who]['name']} of {who} has returned")
        if event["interface"] != "rmi" and event["rec"] not in self.running:
            self.problem(f"{event['name']} of a REC that does not run")
        commands[who] = event

    def on_return(self, event):
        if event["status"].endswith("SUCCESS"):
            self.successes[event["name"]] += 1
            if event["failed"]:
                self.problem(f"{event['name']} succeeded and {event['failed']} failed")
        if bool(event["failed"]) != bool(event["values"]):
            self.problem(f"{event['name']}: condition '{event['failed']}' with the values {event['values']}")
        commands, who = self.open_commands(event)
        call = commands.pop(who, None)
        if call is None:
            self.problem(f"{event['name']} of {who} returns and was not called")
        elif (call["name"], call["fid"]) != (event["name"], event["fid"]):
            self.problem(f"{event['name']} returns where {call['name']} was called")

    def on_rec_enter(self, event):
        if event["rec"] in self.running:
            self.problem(f"REC {event['rec']} is entered and runs already")
        self.running.add(event["rec"])
        open_command = self.rmi_of_actor.get(event["a"], {}).get("name")
        if open_command != "RMI_REC_ENTER":
            self.problem(f"a REC is entered under {open_command}")

    def on_rec_exit(self, event):
        if event["rec"] not in self.running:
            self.problem(f"REC {event['rec']} exits and was not entered")
        self.running.discard(event["rec"])

    def end(self, cut_short):
        """After the last line. `cut_short`: a limit ended the run, so that something may have been under way."""
        left = [call["name"] for call in self.rmi_of_actor.values()]
        left += [call["name"] for call in self.command_of_rec.values() if call["name"] not in NO_RETURN]
        if left and not cut_short:
            self.problem(f"no return of {left}")
        under_way = sum(call["name"] == "RMI_REC_ENTER" for call in self.rmi_of_actor.values())
        entered = self.count["rec_enter"]
        if not self.successes["RMI_REC_ENTER"] <= entered <= self.successes["RMI_REC_ENTER"] + under_way:
            self.problem(f"{self.successes['RMI_REC_ENTER']} successful REC_ENTER calls, {entered} entered RECs")
        if self.count["rec_exit"] != entered - len(self.running):
            self.problem(f"{entered} entered RECs, {self.count['rec_exit']} exits, {len(self.running)} running")


def judge(lines, cut_short=False):
    """A Judge that has heard all lines; its `problems` say what is wrong."""
    found = Judge(kinds(SCHEMA.read_text()), rec_exit_fields(STRUCTURES.read_text()))
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            found.header(line) if number == 1 else found.event(number, line)
        except (ValueError, KeyError, AttributeError) as error:
            found.number = number
            found.problem(f"{type(error).__name__}: {error}")
        if len(found.problems) >= MOST_SHOWN:
            break
    if number == 0:
        found.problem("the trace is empty")
    found.end(cut_short)
    return found


def main(argv):
    if len(argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    with open(argv[0], encoding="utf-8") as trace:
        found = judge(trace, cut_short=True)
    for problem in found.problems:
        print(problem, file=sys.stderr)
    for kind, count in sorted(found.count.items()):
        print(f"{kind:<14}{count:>10}")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
