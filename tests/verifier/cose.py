# SPDX-License-Identifier: GPL-2.0-or-later
"""COSE_Sign1 (RFC 9052) with ES384, as both parts of a CCA attestation token are signed."""

from dataclasses import dataclass

import cbor

SIGN1_TAG = 18
ALGORITHM = 1  # label of the protected header
ES384 = -35
SIGNATURE_SIZE = 96


class CoseError(Exception):
    """`kind` is a word for machines, the text is for people."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


@dataclass
class Sign1:
    protected: bytes
    payload: bytes
    signature: bytes

    def signed_bytes(self):
        """Sig_structure of RFC 9052 4.4, without external data."""
        return cbor.encode(["Signature1", self.protected, b"", self.payload])

    def encoded(self):
        return cbor.encode(cbor.Tagged(SIGN1_TAG, [self.protected, {}, self.payload, self.signature]))


def sign(key, payload, header=None):
    """A COSE_Sign1 over `payload`, signed whatever algorithm the header names."""
    message = Sign1(cbor.encode({ALGORITHM: ES384} if header is None else header), payload, b"")
    message.signature = key.sign(message.signed_bytes())
    return message


def parse(data):
    """The COSE_Sign1 that `data` holds. Its header is exactly {1: -35}: an algorithm that nobody expects and a header
    outside the signature are ways to have a token read otherwise than it was meant."""
    try:
        outer = cbor.decode(data)
    except cbor.CborError as problem:
        raise CoseError("cose", f"no CBOR: {problem}") from problem
    if not isinstance(outer, cbor.Tagged) or outer.tag != SIGN1_TAG:
        raise CoseError("cose", f"tag {SIGN1_TAG}, COSE_Sign1, is missing")
    parts = outer.value
    if not isinstance(parts, list) or len(parts) != 4:
        raise CoseError("cose", "a COSE_Sign1 is an array of four")
    protected, unprotected, payload, signature = parts
    if not isinstance(protected, bytes) or not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise CoseError("cose", "protected header, payload and signature are byte strings")
    check_header(protected, unprotected)
    if len(signature) != SIGNATURE_SIZE:
        raise CoseError("signature", f"an ES384 signature has {SIGNATURE_SIZE} bytes, this has {len(signature)}")
    return Sign1(protected, payload, signature)


def check_header(protected, unprotected):
    try:
        header = cbor.decode(protected)
    except cbor.CborError as problem:
        raise CoseError("header", f"protected header: {problem}") from problem
    if not isinstance(header, dict):
        raise CoseError("header", "the protected header is no map")
    if header.get(ALGORITHM) != ES384:
        raise CoseError("algorithm", f"the algorithm is {header.get(ALGORITHM)!r}, not ES384 ({ES384})")
    if len(header) != 1:
        raise CoseError("header", f"parameters beside the algorithm: {sorted(map(str, set(header) - {ALGORITHM}))}")
    if unprotected != {}:
        raise CoseError("header", "the unprotected header isn't an empty map")
