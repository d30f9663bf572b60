#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the arrows of the house: which room may include which.

    arrows.py tree        reads every include of the tree, lists violations, fails if there is one
    arrows.py self-test   shows that violations are found
"""

import re
import sys
import unittest

import tree

HARDWARE = ["sim/mem", "sim/mmu", "sim/cpu", "sim/gic", "sim/timer", "sim/dev"]
PORTS = ["rmm/port", "host/port"]  # a hardware class that implements a port includes it
MACHINE = HARDWARE + ["sim/firmware", "sim/sched", "sim/trace"]
HOST = ["rmm/abi", "rmm/port/sync.h", "host/port", "host/kvm", "host/vmm"]
MONITOR = ["rmm/abi", "rmm/port", "rmm/core", "rmm/call"]
EVERYTHING = ["rmm", "host", "sim", "guest"]
TEST_LISTS = ["tests/rmm/condition_ids.h", "tests/rmm/easily_skipped.h", "tests/rmm/named_cases.h"]

# Room -> the rooms and single headers it may include beside its own. The longest matching room counts, so that every
# source file outside these rooms is an error.
ARROWS = {
    "rmm/abi": [],
    "rmm/port": ["rmm/abi"],
    "rmm/core": ["rmm/abi", "rmm/port"],
    "rmm/call": ["rmm/abi", "rmm/port", "rmm/core"],
    "rmm/run": MONITOR,
    "rmm/v1_0": MONITOR + ["rmm/run"],
    "rmm/v2_0": MONITOR + ["rmm/run"],
    "rmm/spec": ["rmm/abi"],
    "rmm/check": ["rmm"],
    "host/port": ["rmm/abi", "rmm/port/sync.h", "host/kvm/uapi.h"],
    "host/kvm": ["rmm/abi", "rmm/port/sync.h", "host/port"],
    "host/vmm": ["rmm/abi", "rmm/port/sync.h", "host/port", "host/kvm/uapi.h"],
    **{room: ["rmm/abi"] + PORTS + HARDWARE for room in HARDWARE},
    **{room: ["rmm/abi"] + PORTS + MACHINE for room in ["sim/firmware", "sim/sched", "sim/trace"]},
    "sim/bare": ["rmm", "sim/firmware/attestation.h", "sim/sched/fiber.h", "sim/sched/stack_pool.h",
                 "sim/trace/fanout.h"],
    "sim/script": ["rmm", "sim/bare", "sim/trace/operand_text.h"],
    "sim/app": EVERYTHING,
    "guest": ["rmm/abi"],
    "tests/rmm": ["rmm", "sim/bare"],
    "tests/bare": ["rmm", "sim/bare", "sim/script", "tests/fuzz/rmi"],
    "tests/fuzz/rmi": ["rmm", "sim/bare", "sim/script"],
    "tests/fuzz/rmi_main.cpp": ["rmm", "sim/bare", "sim/script", "sim/app/output_file.h", "tests/fuzz/rmi"],
    "tests/fuzz/rmi_fuzzer.cpp": ["rmm", "sim/bare", "tests/fuzz/rmi"],
    "tests/mutation": ["rmm", "tests/rmm", "tests/fuzz/rmi"],
    "tests/spec": ["rmm/abi", "rmm/spec"],
    "tests/host_kvm": HOST,
    "tests/host_vmm": HOST,
    "tests/sim": ["rmm/abi"] + PORTS + MACHINE,
    "tests/app": EVERYTHING + TEST_LISTS
                 + ["tests/rmm/fake_platform.h", "tests/rmm/invariants_watched_bench.h", "tests/sim/cpu_a64.h",
                    "tests/sim/cpu_machine.h"],
    "tests/fuzz": EVERYTHING + ["tests/host_vmm/image_builders.h"],
    "tests/bench": EVERYTHING + ["tests/rmm/fake_platform.h"],
}

# Headers of the monitor as a whole, which rooms above it use and no room of it does.
FACADE = re.compile(r"rmm/[a-z_0-9]+\.(h|cpp)$")

# Libraries that only one room may know, and who else may: the benchmark of the bare engine.
LIBRARY_GUESTS = {"tests/bench/bare_engine.cpp": "unicorn/"}
LIBRARIES = {"unicorn/": "sim/cpu/unicorn", "boost/context": "sim/sched", "capstone/": "sim"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def inside(path, room):
    return path == room or path.startswith(room + "/")


def room_of(path):
    """The room whose rules hold for `path`, or None."""
    rooms = [room for room in ARROWS if inside(path, room)]
    return max(rooms, key=len, default=None)


def own_header_problem(path, included):
    """What is wrong with `path` including "included", or None."""
    if "/" not in included:
        return "includes are written from the root"
    if FACADE.match(path):
        return None if inside(included, "rmm") else "the monitor includes nothing outside rmm"
    room = room_of(path)
    if room is None:
        return "no room of the house holds this file; see ARROWS in tests/arrows/arrows.py"
    if any(inside(included, allowed) for allowed in [room] + ARROWS[room]):
        return None
    return f"{room} must not know it"


def library_problem(path, included):
    """What is wrong with `path` including <included>, or None."""
    for library, room in LIBRARIES.items():
        if LIBRARY_GUESTS.get(path) == library:
            continue
        if included.startswith(library) and not inside(path, room) and not inside(path, "tests/" + room):
            return f"only {room} may know it"
    return None


def violations(path, text):
    """Describes each forbidden include of the file `path` (relative to the root) with the content `text`."""
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        own, library = match.groups()
        problem = own_header_problem(path, own) if own else library_problem(path, library)
        if problem:
            yield f"{path}:{number}: {own or library}: {problem}"


def check_tree():
    sources = [path for path in tree.files() if path.suffix in {".h", ".cpp", ".S"}]
    found = []
    for path in sources:
        found += violations(path.as_posix(), (tree.ROOT / path).read_text())
    for violation in found:
        print(violation)
    print(f"{len(sources)} files, {len(found)} violations")
    return 1 if found or not sources else 0


class ArrowsTest(unittest.TestCase):
    def refused(self, path, include):
        self.assertEqual(1, len(list(violations(path, f"\n#include {include}\n"))), f"{path} includes {include}")

    def allowed(self, path, include):
        self.assertEqual([], list(violations(path, f"#include {include}\n")))

    def test_the_monitor_looks_down_only(self):
        self.allowed("rmm/v1_0/rtt_create.cpp", '"rmm/core/rtt.h"')
        self.allowed("rmm/run/loop.cpp", '"rmm/call/call.h"')
        self.refused("rmm/core/rtt.cpp", '"rmm/call/call.h"')
        self.refused("rmm/call/call.h", '"rmm/run/loop.h"')
        self.refused("rmm/core/rtt.cpp", '"sim/mmu/walk.h"')
        self.refused("rmm/run/loop.cpp", '"host/kvm/uapi.h"')

    def test_the_model_shares_wire_facts_only(self):
        self.allowed("rmm/spec/state.h", '"rmm/abi/addr.h"')
        for room in ["rmm/core", "rmm/run", "rmm/call", "rmm/v1_0", "rmm/port", "rmm/check"]:
            self.refused("rmm/spec/state.h", f'"{room}/realm.h"')
            self.refused("tests/spec/realm_test.cpp", f'"{room}/realm.h"')

    def test_the_whole_monitor_is_no_room_of_its_parts(self):
        self.allowed("rmm/monitor.cpp", '"rmm/v1_0/commands.h"')
        self.allowed("sim/app/machine.cpp", '"rmm/monitor.h"')
        self.refused("rmm/run/loop.cpp", '"rmm/monitor.h"')
        self.refused("rmm/monitor.h", '"sim/mem/dram.h"')

    def test_the_host_sees_the_monitor_by_registers_and_memory_only(self):
        self.allowed("host/kvm/mmu.cpp", '"rmm/port/sync.h"')
        self.refused("host/kvm/mmu.cpp", '"rmm/port/pe.h"')
        self.refused("host/vmm/vmm.cpp", '"rmm/core/realm.h"')
        self.refused("host/vmm/vmm.cpp", '"host/kvm/mmu.h"')
        self.refused("host/kvm/mmu.cpp", '"host/vmm/vmm.h"')

    def test_hardware_knows_neither_monitor_nor_firmware(self):
        self.allowed("sim/mmu/walk.cpp", '"sim/mem/dram.h"')
        self.refused("sim/mmu/walk.cpp", '"rmm/core/rtt.h"')
        self.refused("sim/mem/gpt.cpp", '"sim/firmware/el3.h"')
        self.refused("sim/sched/scheduler.h", '"sim/app/machine.h"')

    def test_a_library_has_one_room(self):
        self.allowed("sim/cpu/unicorn/engine.cpp", "<unicorn/unicorn.h>")
        self.refused("sim/cpu/vcpu.cpp", "<unicorn/unicorn.h>")
        self.allowed("tests/bench/bare_engine.cpp", "<unicorn/unicorn.h>")
        self.refused("tests/bench/machine_world.cpp", "<unicorn/unicorn.h>")
        self.refused("rmm/core/lock.cpp", "<boost/context/fiber.hpp>")

    def test_no_file_escapes(self):
        self.refused("elsewhere/a.cpp", '"rmm/abi/addr.h"')
        self.refused("rmm/core/rtt.cpp", '"granule.h"')
        self.refused("rmm/corelike/x.cpp", '"rmm/abi/addr.h"')


if __name__ == "__main__":
    if sys.argv[1:] == ["tree"]:
        sys.exit(check_tree())
    if sys.argv[1:] == ["self-test"]:
        unittest.main(argv=sys.argv[:1])
    sys.exit(__doc__)
