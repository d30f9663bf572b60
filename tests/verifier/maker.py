# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes CCA attestation tokens with keys of the tests: what the verifier's own tests verify."""

import hashlib

import cbor
import cose
from cca_token import COLLECTION_TAG, PLATFORM_PART, REALM_PART


def cose_key(public, extra=None):
    return cbor.encode({1: 2, -1: 2, -2: public.x, -3: public.y, **(extra or {})})


def pattern(start, size):
    return bytes((start + i) % 256 for i in range(size))


def realm_claims(public, algorithm="sha-256"):
    size = {"sha-256": 32, "sha-512": 64}[algorithm]
    return {
        10: pattern(0x10, 64),
        265: "tag:arm.com,2023:realm#1.0.0",
        44235: pattern(0x20, 64),
        44238: pattern(0x30, size),
        44239: [bytes(size), pattern(0x40, size), bytes(size), pattern(0x50, size)],
        44236: algorithm,
        44237: cose_key(public),
        44240: "sha-256",
    }


def platform_claims(realm):
    """The platform's claims, bound to a realm's."""
    return {
        265: "tag:arm.com,2023:cca_platform#1.0.0",
        10: bound_challenge(realm),
        2396: pattern(0x60, 32),
        256: b"\x01" + pattern(0x70, 32),
        2401: bytes.fromhex("cfcfcfcf"),
        2395: 0x3000,
        2399: [{1: "BL", 2: pattern(0x80, 32), 4: "1.0.0", 5: pattern(0x90, 32), 6: "sha-256"},
               {2: pattern(0xA0, 64), 5: pattern(0xB0, 48), 6: "sha-512"},
               {2: pattern(0xC0, 32), 5: pattern(0xD0, 32)}],
        2400: "https://verifier.example",
        2402: "sha-256",
    }


def bound_challenge(realm):
    return hashlib.new(realm[44240].replace("-", ""), realm[44237]).digest()


def wrapped(platform, realm, tag=COLLECTION_TAG):
    """Two encoded parts as a token."""
    return cbor.encode(cbor.Tagged(tag, {PLATFORM_PART: platform, REALM_PART: realm}))


def signed(iak, rak, platform, realm):
    """Two maps of claims as a token."""
    return wrapped(cose.sign(iak, cbor.encode(platform)).encoded(), cose.sign(rak, cbor.encode(realm)).encoded())


def token(iak, rak, algorithm="sha-256", optional=True):
    """A good token, with or without the claims that are optional."""
    realm = realm_claims(rak.public, algorithm)
    platform = platform_claims(realm)
    if not optional:
        del realm[265], platform[2400]
    return signed(iak, rak, platform, realm)
