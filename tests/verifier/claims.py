# SPDX-License-Identifier: GPL-2.0-or-later
"""The claims of both parts of a CCA attestation token: DEN0137 1.0-rel0 A7.2.3.1 (realm) and A7.2.3.2 (platform).

A check returns None, or (kind, text) where kind is "type", "length" or "value".
"""

from dataclasses import dataclass
from typing import Callable

import cbor
from p384 import BadKey, PublicKey

HASH_SIZES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}  # names of IANA's Named Information Hash Algorithm Registry
REALM_HASHES = ("sha-256", "sha-512")  # B4.4.7: those that a realm can have
REM_COUNT = 4


@dataclass(frozen=True)
class Claim:
    label: int
    name: str
    section: str
    check: Callable
    mandatory: bool = True


def is_bytes(*sizes):
    def check(value):
        if not isinstance(value, bytes):
            return "type", "not a byte string"
        if sizes and len(value) not in sizes:
            return "length", f"{len(value)} bytes, not {' or '.join(map(str, sizes))}"
        return None
    return check


def is_text(*allowed):
    def check(value):
        if not isinstance(value, str):
            return "type", "not text"
        if allowed and value not in allowed:
            return "value", f"'{value}', not {' or '.join(repr(text) for text in allowed)}"
        return None
    return check


is_hash = is_bytes(*HASH_SIZES.values())


def is_measurements(value):
    if not isinstance(value, list):
        return "type", "not an array"
    if len(value) != REM_COUNT:
        return "length", f"{len(value)} measurements, not {REM_COUNT}"
    return next((problem for problem in map(is_hash, value) if problem), None)


def cose_key(value):
    """The P-384 key in a byte string with a COSE_Key (A7.2.3.1.7, RFC 9053 7.1.1); BadKey says what is wrong."""
    try:
        key = cbor.decode(value)
    except cbor.CborError as problem:
        raise BadKey(f"no CBOR: {problem}") from problem
    if not isinstance(key, dict):
        raise BadKey("no COSE_Key: not a map")
    for label, wanted, meaning in ((1, 2, "key type EC2"), (-1, 2, "curve P-384")):
        if key.get(label) != wanted:
            raise BadKey(f"{meaning} ({label}: {wanted}) wanted, found {key.get(label)!r}")
    if key.get(3, -35) != -35:
        raise BadKey(f"the key is for algorithm {key[3]!r}, not ES384")
    if -4 in key:
        raise BadKey("it holds the private key")
    x, y = key.get(-2), key.get(-3)
    if not isinstance(x, bytes) or not isinstance(y, bytes):
        raise BadKey("a coordinate is missing or no byte string")
    return PublicKey(x, y)


def is_public_key(value):
    if not isinstance(value, bytes):
        return "type", "not a byte string"
    try:
        cose_key(value)
    except BadKey as problem:
        return "value", str(problem)
    return None


def is_instance_id(value):
    problem = is_bytes(33)(value)
    if problem is None and value[0] != 1:
        return "value", f"the first byte is {value[0]:#04x}, not 0x01"
    return problem


LIFECYCLES = {0x00: "unknown", 0x10: "assembly and test", 0x20: "CCA platform RoT provisioning", 0x30: "secured",
              0x40: "non CCA platform RoT debug", 0x50: "recoverable CCA platform RoT debug", 0x60: "decommissioned"}
SECURED = 0x30


def is_lifecycle(value):
    if isinstance(value, bool) or not isinstance(value, int):
        return "type", "not an integer"
    if value < 0 or value >> 8 not in LIFECYCLES:
        return "value", f"{value:#x} is no lifecycle state"
    return None


COMPONENT_FIELDS = {1: ("component type", is_text(), False), 2: ("measurement value", is_hash, True),
                    4: ("version", is_text(), False), 5: ("signer id", is_hash, True),
                    6: ("hash algorithm", is_text(*HASH_SIZES), False)}


def component_problem(component):
    if not isinstance(component, dict):
        return "type", "not a map"
    for label in component:
        if label not in COMPONENT_FIELDS:
            return "value", f"{label!r} is no field of a software component"
    for label, (name, check, mandatory) in COMPONENT_FIELDS.items():
        if label not in component:
            if mandatory:
                return "value", f"{name} is missing"
        elif problem := check(component[label]):
            return problem[0], f"{name}: {problem[1]}"
    return None


def is_components(value):
    if not isinstance(value, list):
        return "type", "not an array"
    if not value:
        return "length", "no component"
    for index, component in enumerate(value):
        if problem := component_problem(component):
            return problem[0], f"component {index}: {problem[1]}"
    return None


REALM = (
    Claim(10, "challenge", "A7.2.3.1.1", is_bytes(64)),
    Claim(265, "profile", "A7.2.3.1.2", is_text("tag:arm.com,2023:realm#1.0.0"), mandatory=False),
    Claim(44235, "personalization-value", "A7.2.3.1.3", is_bytes(64)),
    Claim(44238, "initial-measurement", "A7.2.3.1.4", is_hash),
    Claim(44239, "extensible-measurements", "A7.2.3.1.5", is_measurements),
    Claim(44236, "hash-algo-id", "A7.2.3.1.6", is_text(*REALM_HASHES)),
    Claim(44237, "public-key", "A7.2.3.1.7", is_public_key),
    Claim(44240, "public-key-hash-algo-id", "A7.2.3.1.8", is_text(*HASH_SIZES)),
)

PLATFORM = (
    Claim(265, "profile", "A7.2.3.2.1", is_text("tag:arm.com,2023:cca_platform#1.0.0")),
    Claim(10, "challenge", "A7.2.3.2.2", is_hash),
    Claim(2396, "implementation-id", "A7.2.3.2.3", is_bytes(32)),
    Claim(256, "instance-id", "A7.2.3.2.4", is_instance_id),
    Claim(2401, "config", "A7.2.3.2.5", is_bytes()),
    Claim(2395, "lifecycle", "A7.2.3.2.6", is_lifecycle),
    Claim(2399, "sw-components", "A7.2.3.2.7", is_components),
    Claim(2400, "verification-service", "A7.2.3.2.8", is_text(), mandatory=False),
    Claim(2402, "hash-algo-id", "A7.2.3.2.9", is_text(*HASH_SIZES)),
)


def realm_sizes(claims):
    """What claims say of each other: measurements are as long as the realm's hash. Yields (claim, kind, text)."""
    size = HASH_SIZES[claims["hash-algo-id"]]
    if len(claims["initial-measurement"]) != size:
        yield "initial-measurement", "length", f"{claims['hash-algo-id']} has {size} bytes"
    if any(len(value) != size for value in claims["extensible-measurements"]):
        yield "extensible-measurements", "length", f"{claims['hash-algo-id']} has {size} bytes"


def platform_sizes(claims):
    """The same for the platform: a component's own algorithm counts before the platform's (A7.2.3.2.9)."""
    for index, component in enumerate(claims["sw-components"]):
        name = component.get(6, claims["hash-algo-id"])
        if len(component[2]) != HASH_SIZES[name]:
            yield "sw-components", "length", f"component {index}: {name} has {HASH_SIZES[name]} bytes"
