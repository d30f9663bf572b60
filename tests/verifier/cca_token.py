#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Verifies a CCA attestation token (DEN0137 1.0-rel0 A7.2.3): structure, signatures, each claim, and what binds them.

    cca_token.py TOKEN --iak KEY [--challenge HEX] [--rpv HEX] [--rim HEX] [--rem N=HEX]... [--any-lifecycle] [--quiet]

TOKEN is binary or in hex. KEY is the platform's public attestation key, in PEM or DER or as a point 04 || x || y.
Prints each claim; exit code 0: accepted, 1: refused, each reason on a line, 2: a file can't be read.
"""

import argparse
import hashlib
import pathlib
import sys
from dataclasses import dataclass, field

import cbor
import claims
import cose
from p384 import BadKey, PublicKey

COLLECTION_TAG = 399
PLATFORM_PART, REALM_PART = 44234, 44241


@dataclass(frozen=True)
class Reason:
    """Why a token is refused: an id that doesn't change, and a text."""

    id: str
    text: str

    def __str__(self):
        return f"{self.id}: {self.text}"


@dataclass
class Expected:
    """What the relying party knows; None: not compared."""

    challenge: bytes = None
    rpv: bytes = None
    rim: bytes = None
    rems: dict = field(default_factory=dict)  # 0 to 3 -> bytes
    secured: bool = True


@dataclass
class Report:
    reasons: list = field(default_factory=list)
    platform: dict = field(default_factory=dict)  # name of claim -> value, of those that are right
    realm: dict = field(default_factory=dict)

    @property
    def accepted(self):
        return not self.reasons

    @property
    def ids(self):
        return {reason.id for reason in self.reasons}

    def refuse(self, reason_id, text):
        self.reasons.append(Reason(reason_id, text))


def verify(token, iak, expected=None):
    """Judges a token (bytes) by the platform's public key; finds all reasons, not only the first."""
    report = Report()
    parts = unwrapped(token, report)
    if parts is None:
        return report
    platform = part(parts[PLATFORM_PART], "platform", claims.PLATFORM, claims.platform_sizes, report.platform, report)
    realm = part(parts[REALM_PART], "realm", claims.REALM, claims.realm_sizes, report.realm, report)
    if platform and not iak.verifies(platform.signed_bytes(), platform.signature):
        report.refuse("platform.signature", "it isn't of the platform's attestation key")
    if realm and "public-key" in report.realm:
        if not claims.cose_key(report.realm["public-key"]).verifies(realm.signed_bytes(), realm.signature):
            report.refuse("realm.signature", "it isn't of the key in claim 44237")
    check_binding(report)
    appraise(report, expected or Expected())
    return report


def unwrapped(token, report):
    """The two parts by their labels, or None (A7.2.3)."""
    try:
        outer = cbor.decode(token)
    except cbor.CborError as problem:
        report.refuse("wrapper.cbor", str(problem))
        return None
    if not isinstance(outer, cbor.Tagged) or outer.tag != COLLECTION_TAG:
        report.refuse("wrapper.tag", f"tag {COLLECTION_TAG} wanted, found {getattr(outer, 'tag', 'none')}")
        return None
    parts = outer.value
    if not isinstance(parts, dict) or set(parts) != {PLATFORM_PART, REALM_PART}:
        report.refuse("wrapper.parts", f"a map with exactly the keys {PLATFORM_PART} and {REALM_PART} is wanted")
        return None
    if not all(isinstance(value, bytes) for value in parts.values()):
        report.refuse("wrapper.parts", "both parts are byte strings")
        return None
    return parts


def part(data, who, wanted, sizes, good, report):
    """Checks one part but for its signature; `good` receives the claims that are right. Returns the COSE_Sign1."""
    try:
        message = cose.parse(data)
    except cose.CoseError as problem:
        report.refuse(f"{who}.{problem.kind}", str(problem))
        return None
    try:
        found = cbor.decode(message.payload)
    except cbor.CborError as problem:
        report.refuse(f"{who}.payload", str(problem))
        return message
    if not isinstance(found, dict):
        report.refuse(f"{who}.payload", "the claims are no map")
        return message
    for claim in wanted:
        if claim.label not in found:
            if claim.mandatory:
                report.refuse(f"{who}.{claim.name}.missing", f"claim {claim.label} is demanded by {claim.section}")
        elif problem := claim.check(found[claim.label]):
            kind, text = problem
            report.refuse(f"{who}.{claim.name}.{kind}", f"claim {claim.label} ({claim.section}): {text}")
        else:
            good[claim.name] = found[claim.label]
    for label in set(found) - {claim.label for claim in wanted}:
        report.refuse(f"{who}.unknown-claim", f"{label!r} is no claim of 1.0-rel0")
    if all(claim.name in good for claim in wanted if claim.mandatory):
        for name, kind, text in list(sizes(good)):
            report.refuse(f"{who}.{name}.{kind}", text)
            good.pop(name, None)
    return message


def check_binding(report):
    """The platform's challenge is the hash of the realm's key, of the very bytes in claim 44237 (A7.2.3.2.2)."""
    needed = [report.platform.get("challenge"), report.realm.get("public-key"),
              report.realm.get("public-key-hash-algo-id")]
    if None in needed:  # refused already, for a part or a claim that is missing or wrong
        return
    challenge, key, algorithm = needed
    if hashlib.new(algorithm.replace("-", ""), key).digest() != challenge:
        report.refuse("binding", f"the platform's challenge isn't the {algorithm} of the realm's public key")


def appraise(report, expected):
    """Compares with what the relying party knows. A claim that is already refused isn't compared."""
    realm = report.realm
    comparisons = [("challenge", realm.get("challenge"), expected.challenge, 64),
                   ("personalization-value", realm.get("personalization-value"), expected.rpv, 64),
                   ("initial-measurement", realm.get("initial-measurement"), expected.rim, 0)]
    rems = realm.get("extensible-measurements")
    comparisons += [("extensible-measurements", rems and rems[n], wanted, 0) for n, wanted in expected.rems.items()]
    for name, found, wanted, size in comparisons:
        if found is not None and wanted is not None and found != wanted.ljust(size, b"\0"):
            report.refuse(f"expected.{name}", f"{found.hex()} found, {wanted.hex()} expected")
    lifecycle = report.platform.get("lifecycle")
    if expected.secured and lifecycle is not None and lifecycle >> 8 != claims.SECURED:
        report.refuse("expected.lifecycle", f"the platform is in state '{claims.LIFECYCLES[lifecycle >> 8]}'")


def read_token(path):
    """A token from a file, binary or in hex (white space is free)."""
    data = pathlib.Path(path).read_bytes()
    try:
        return bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return data


def shown(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return "".join(f"\n      {shown(item)}" for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{claims.COMPONENT_FIELDS[label][0]} {shown(item)}" for label, item in value.items())
    return str(value)


def print_claims(report):
    for who, wanted, found in (("platform", claims.PLATFORM, report.platform), ("realm", claims.REALM, report.realm)):
        print(f"{who} token")
        for claim in wanted:
            if claim.name in found:
                print(f"  {claim.label:5} {claim.name}: {shown(found[claim.name])}")


def measurement(text):
    index, _, value = text.partition("=")
    if index not in ("0", "1", "2", "3"):
        raise argparse.ArgumentTypeError(f"not N=HEX with N from 0 to 3: {text}")
    return int(index), bytes.fromhex(value)


def main(argv):
    parser = argparse.ArgumentParser(prog="cca_token.py", description="Verifies a CCA attestation token.")
    parser.add_argument("token", help="the token, binary or in hex")
    parser.add_argument("--iak", required=True, help="the platform's public attestation key")
    parser.add_argument("--challenge", type=bytes.fromhex, help="zeros are appended up to 64 bytes")
    parser.add_argument("--rpv", type=bytes.fromhex, help="zeros are appended up to 64 bytes")
    parser.add_argument("--rim", type=bytes.fromhex)
    parser.add_argument("--rem", type=measurement, action="append", default=[], metavar="N=HEX")
    parser.add_argument("--any-lifecycle", action="store_true", help="accept a platform that isn't secured")
    parser.add_argument("--quiet", action="store_true", help="print reasons only")
    options = parser.parse_args(argv)
    try:
        token, iak = read_token(options.token), PublicKey.from_file(options.iak)
    except (OSError, BadKey) as problem:
        print(f"cca_token.py: {problem}", file=sys.stderr)
        return 2
    report = verify(token, iak, Expected(options.challenge, options.rpv, options.rim, dict(options.rem),
                                         not options.any_lifecycle))
    if not options.quiet:
        print_claims(report)
    for reason in report.reasons:
        print(f"refused: {reason}")
    if report.accepted:
        print("accepted")
    return 0 if report.accepted else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
