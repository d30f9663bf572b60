# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes a good token to pieces and puts it together again with something wrong."""

import hashlib
from dataclasses import dataclass

import cbor
import claims
import cose
import maker
from cca_token import PLATFORM_PART, REALM_PART
from p384 import PrivateKey

KEY_CLAIM, KEY_HASH_CLAIM, CHALLENGE_CLAIM = 44237, 44240, 10


@dataclass
class Forgery:
    """One forged token. `reasons` are the ids of all that is wrong with it: empty for a control, which is accepted and
    shows that the forgeries beside it are refused for what was done to them alone."""

    kind: str
    token: bytes
    reasons: set
    own_keys: bool = False  # verify it with the forger's attestation key in place of the platform's
    at_least: bool = False  # more follows from what was done: which reasons depends on the good token


def labels(who):
    return {claim.name: claim for claim in (claims.PLATFORM if who == "platform" else claims.REALM)}


class Workshop:
    """A good token in pieces, and the forger's keys.

    Nobody forges a signature. So that a wrong claim shows at all, the forger signs both parts with keys of their own
    and the verifier is told to trust them: it's the role of a platform that makes wrong tokens."""

    def __init__(self, good):
        parts = cbor.decode(good).value
        self.good = good
        self.platform_part, self.realm_part = parts[PLATFORM_PART], parts[REALM_PART]
        self.platform, self.realm = cose.parse(self.platform_part), cose.parse(self.realm_part)
        self.platform_claims, self.realm_claims = cbor.decode(self.platform.payload), cbor.decode(self.realm.payload)
        self.iak, self.rak = PrivateKey("the forger's IAK"), PrivateKey("the forger's RAK")
        self.realm_claims_rekeyed = {**self.realm_claims, KEY_CLAIM: maker.cose_key(self.rak.public)}
        self.signed = {}  # (who, payload, header) -> encoded part: most forgeries share one of their parts

    def part(self, who, payload, header=None):
        """A part over an encoded payload, signed by the forger."""
        index = (who, payload, repr(header))
        if index not in self.signed:
            key = self.iak if who == "platform" else self.rak
            self.signed[index] = cose.sign(key, payload, header).encoded()
        return self.signed[index]

    def claims_of(self, who, realm=None):
        """The good token's claims for the forger's keys. The platform's are bound to `realm`, if given."""
        if who == "realm":
            return dict(self.realm_claims_rekeyed)
        realm = realm or self.realm_claims_rekeyed
        return {**self.platform_claims, CHALLENGE_CLAIM: self.challenge_for(realm)}

    def challenge_for(self, realm):
        """The platform's challenge that goes with a realm's claims, or with the good ones where these have no key."""
        key, name = realm.get(KEY_CLAIM), realm.get(KEY_HASH_CLAIM)
        if not isinstance(key, bytes) or not isinstance(name, str) or name not in claims.HASH_SIZES:
            return self.challenge_for(self.realm_claims_rekeyed)
        return hashlib.new(name.replace("-", ""), key).digest()

    def resigned(self, platform=None, realm=None):
        """A token with these claims (dict, Pairs or encoded), the good ones where None."""
        realm = self.claims_of("realm") if realm is None else realm
        if platform is None:
            platform = self.claims_of("platform", realm if isinstance(realm, dict) else None)
        encoded = [value if isinstance(value, bytes) else cbor.encode(value) for value in (platform, realm)]
        return maker.wrapped(self.part("platform", encoded[0]), self.part("realm", encoded[1]))

    def with_claims(self, who, changed):
        return self.resigned(**{who: changed})
