# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of a trace (sim/trace/SCHEMA.md), each put together from its `call` and `return`."""

import json
from dataclasses import dataclass, field

TRACE_VERSION = 1


class NotATrace(Exception):
    pass


@dataclass
class Command:
    line: int  # of the call
    interface: str
    name: str
    args: dict  # name -> int
    rec: int
    status: str = ""
    x0: int = 0
    outputs: dict = field(default_factory=dict)
    inner: list = field(default_factory=list)  # other events between call and return, of the same actor

    @property
    def succeeded(self):
        return self.x0 == 0


def integers(values):
    return {name: int(text, 0) for name, text in values.items()}


def events_of(lines):
    """Yields (line number, event) of a trace without its header."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except json.JSONDecodeError as problem:
            raise NotATrace(f"line {number}: {problem}") from problem
        if number == 1:
            if event.get("ccasim_trace") != TRACE_VERSION:
                raise NotATrace(f"line 1 is no header of a trace of version {TRACE_VERSION}; record one with "
                                "`ccasim run --trace`")
            continue
        yield number, event


class OpenCommands:
    """Commands that have begun and not ended. An actor is one thread of control, so its RMI commands never overlap; a
    REC's RSI or PSCI command may end in another RMI_REC_ENTER than it began in, or never."""

    def __init__(self):
        self.of_actor = {}  # actor -> stack of RMI commands
        self.of_rec = {}

    def begin(self, event, line):
        command = Command(line, event["interface"], event["name"], integers(event["args"]), int(event["rec"], 0))
        if command.interface == "rmi":
            self.of_actor.setdefault(event["a"], []).append(command)
        else:
            self.of_rec[command.rec] = command

    def innermost(self, actor):
        """The command of the monitor that the actor is in, or None."""
        stack = self.of_actor.get(actor)
        return stack[-1] if stack else None

    def end(self, event):
        """The command that a `return` ends, or None."""
        outer = self.innermost(event["a"])
        if event["interface"] == "rmi":
            found = self.of_actor[event["a"]].pop() if outer else None
        else:
            found = self.of_rec.pop(outer.args["rec"], None) if outer and outer.name == "RMI_REC_ENTER" else None
        return found if found and found.name == event["name"] else None


def commands_of(lines):
    """Yields each command at its return."""
    commands = OpenCommands()
    for number, event in events_of(lines):
        if event["e"] == "call":
            commands.begin(event, number)
        elif event["e"] == "return":
            command = commands.end(event)
            if command is None:
                raise NotATrace(f"line {number}: {event['name']} returns without having been called")
            command.status, command.x0 = event["status"], int(event["x0"], 0)
            command.outputs = integers(event["outputs"])
            yield command
        elif command := commands.innermost(event["a"]):
            command.inner.append(event)
