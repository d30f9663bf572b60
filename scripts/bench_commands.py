# SPDX-License-Identifier: GPL-2.0-or-later
"""RMI commands beside another monitor's figures: a part of scripts/bench.

The figures of build/ccasim_bench (its JSON) against those of TF-RMM v0.6.0: its x86 host build, release, one thread,
on an idle machine that is not this one. They are compared as they are; how the two machines compare is shown by the one
piece of work that both did: SHA-256 of 4 KiB. The reference's, in plain C by another library, is what a measured
DATA_CREATE costs beyond an unmeasured one. Here it is timed in the same run, in plain C and with the CPU's instructions.
"""

import json
import statistics
import subprocess

# Nanoseconds.
REFERENCE = {
    "VERSION": 69,
    "GRANULE_DELEGATE + UNDELEGATE": 1900,
    "RTT_CREATE(L3) + RTT_DESTROY": 3320,
    "DATA_CREATE_UNKNOWN": 570,
    "RTT_READ_ENTRY": 560,
    "DATA_DESTROY": 2220,
    "DATA_CREATE, unmeasured": 1740,
    "DATA_CREATE, measured": 11600,
    "REC_CREATE + REC_DESTROY": 40000,
    "REC_ENTER, back by FIQ": 16400,
}
REFERENCE_SHA256 = REFERENCE["DATA_CREATE, measured"] - REFERENCE["DATA_CREATE, unmeasured"]
GUEST_ENTRY = "REC_ENTER, back by MMIO"
ENGINE = "engine start and stop"
PLAIN_C = "SHA-256 of 4 KiB, plain C"
WANTED_SPEEDUP = 3


def measure(program, batches):
    """The figures of `program`; raises CalledProcessError where a command fails."""
    command = [program, str(batches)]
    return json.loads(subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout)


def medians(figures, part):
    return {figure["name"]: figure["median_ns"] for figure in figures[part]}


def ratios(figures):
    """Command -> time on the fake platform over the reference. KeyError: a command was not measured."""
    ours = medians(figures, "fake_platform")
    return {name: ours[name] / reference for name, reference in REFERENCE.items()}


def rows(figures):
    """(name, value, unit, limit) for each promise and each figure without one."""
    over = ratios(figures)
    entry = medians(figures, "machine")[GUEST_ENTRY]
    yield "RMI command over TF-RMM, fake platform: slowest", max(over.values()), "x", 1
    # Most of them: more than half are at most this.
    yield ("RMI command over TF-RMM, fake platform: median", statistics.median_high(over.values()), "x",
           round(1 / WANTED_SPEEDUP, 3))
    yield "REC entry and exit, real guest", entry / 1000, "us", None
    yield "REC entry and exit over engine start and stop", entry / medians(figures, "engine")[ENGINE], "x", None


def shown(figure):
    return f"{figure['median_ns']:.0f} ({figure['tenth_ns']:.0f}..{figure['ninetieth_ns']:.0f})"


def table(figures):
    """Lines: every figure with its spread, beside the reference."""
    fake = {figure["name"]: figure for figure in figures["fake_platform"]}
    machine = {figure["name"]: figure for figure in figures["machine"]}
    over = ratios(figures)
    yield f"    RMI commands in ns, median of {figures['batches']} batches (10th..90th percentile)"
    yield f"    {'':<30}{'TF-RMM':>8}{'fake platform':>28}{'faster':>8}{'machine':>28}"
    for name, reference in REFERENCE.items():
        ours = fake[name]
        real = shown(machine[name]) if name in machine else ""
        yield f"    {name:<30}{reference:>8}{shown(ours):>28}{1 / over[name]:>7.1f}x{real:>28}"
    for figure in [machine[GUEST_ENTRY], *figures["engine"]]:
        yield f"    {figure['name']:<46}{'':>28}{shown(figure):>28}"
    for figure in figures["calibration"]:
        yield f"    {'calibration: ' + figure['name']:<38}{shown(figure):>28}"
    plain = medians(figures, "calibration")[PLAIN_C]
    yield (f"    the reference's machine took {REFERENCE_SHA256} ns for it in plain C; this one, now, "
           f"{plain / REFERENCE_SHA256:.2f} times as long")
