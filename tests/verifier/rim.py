#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Computes the Realm Initial Measurement of every realm of a trace (`ccasim run --trace TRACE`) from its commands.

    rim.py TRACE [--realm KEY=VALUE,...] [--rec N:KEY=VALUE,...] [--image IPA=FILE]... [--expect HEX] [--log]

It is compared with --expect, and with what the realm itself read by RSI_MEASUREMENT_READ. What the host wrote to memory
and the trace doesn't show comes from `measure` events (README.md), or else from the options. Exit code: 0 computed and
equal, 1 not equal, 2 not computable. The calculator itself is measurement.py.
"""

import argparse
import sys

from measured_realm import Given, image, numbered_rec, numbers, realms_of
from measurement import CannotMeasure, rim, rim_steps


def arguments(argv):
    parser = argparse.ArgumentParser(prog="rim.py", description="Realm Initial Measurements of a ccasim trace.")
    parser.add_argument("trace", help="file of `ccasim run --trace`")
    parser.add_argument("--realm", type=numbers, default={}, metavar="KEY=VALUE,...",
                        help="parameters that no `measure` event shows: flags s2sz sve_vl num_bps num_wps pmu_num_ctrs "
                             "hash_algo (all 0 if left out)")
    parser.add_argument("--rec", type=numbered_rec, action="append", default=[], metavar="N:KEY=VALUE,...",
                        help="parameters of the Nth REC created, from 0: flags pc x0 ... x7 (0 if left out)")
    parser.add_argument("--image", type=image, action="append", default=[], metavar="IPA=FILE",
                        help="what the host put at IPA; the rest of its last granule is zero")
    parser.add_argument("--rd", type=lambda text: int(text, 0), help="only realms with this RD")
    parser.add_argument("--expect", type=bytes.fromhex, metavar="HEX", help="the RIM that has to come out")
    parser.add_argument("--log", action="store_true", help="the value after each event")
    return parser.parse_args(argv)


def report(realm, value, expected):
    """Prints the measurement of a realm and whoever disagrees; returns whether all agree."""
    print(f"realm {realm.rd:#x}: RIM {value.hex()}")
    claims = [("the realm", claim[:len(value)]) for claim in realm.read_by_realm]
    claims += [("--expect", expected)] if expected is not None else []
    for who, claim in claims:
        print(f"  {'agrees' if claim == value else 'DISAGREES'}: {who}, {claim.hex()}")
    return all(claim == value for _, claim in claims)


def main(argv):
    options = arguments(argv)
    given = Given(options.realm, dict(options.rec), options.image)
    agreed = True
    try:
        with open(options.trace, encoding="utf-8") as lines:
            realms = [realm for realm in realms_of(lines) if options.rd in (None, realm.rd)]
        if not realms:
            raise CannotMeasure("the trace shows no such realm being created; are the file and --rd the right ones?")
        for realm in realms:
            params, events = realm.params(given), realm.events(given)
            if options.log:
                for what, value in rim_steps(params, events):
                    print(f"  {value.hex()}  {what}")
            agreed &= report(realm, rim(params, events), options.expect)
    except (CannotMeasure, OSError) as problem:
        print(f"rim.py: {problem}", file=sys.stderr)
        return 2
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
