# SPDX-License-Identifier: GPL-2.0-or-later
"""Forgeries that are well signed and have wrong claims."""

import cbor
import maker
from p384 import B, ORDER, PRIME, SIZE
from workshop import KEY_CLAIM, KEY_HASH_CLAIM, Forgery, labels

BOTH = ("platform", "realm")


def forgeries(shop):
    for source in (missing_claims, wrong_types, wrong_lengths, wrong_values, wrong_components, wrong_keys, wrong_maps,
                   other_sessions):
        for kind, token, reasons in source(shop):
            yield Forgery(kind, token, reasons, own_keys=True)


def changed(shop, who, name, value):
    """The token with one claim set."""
    return shop.with_claims(who, {**shop.claims_of(who), labels(who)[name].label: value})


def missing_claims(shop):
    for who in BOTH:
        for name, claim in labels(who).items():
            if claim.mandatory:
                rest = shop.claims_of(who)
                del rest[claim.label]
                yield f"{who}-{name}-missing", shop.with_claims(who, rest), {f"{who}.{name}.missing"}


def wrong_types(shop):
    for who in BOTH:
        for name, claim in labels(who).items():
            good = shop.claims_of(who).get(claim.label, "")
            wrong = "text" if not isinstance(good, str) else b"bytes"
            yield f"{who}-{name}-of-wrong-type", changed(shop, who, name, wrong), {f"{who}.{name}.type"}
            yield f"{who}-{name}-null", changed(shop, who, name, None), {f"{who}.{name}.type"}


def wrong_lengths(shop):
    sized = (("platform", "challenge"), ("platform", "implementation-id"), ("platform", "instance-id"),
             ("realm", "challenge"), ("realm", "personalization-value"), ("realm", "initial-measurement"))
    for who, name in sized:
        good = shop.claims_of(who)[labels(who)[name].label]
        for what, value in (("short", good[:-1]), ("long", good + b"\0"), ("empty", b"")):
            yield f"{who}-{name}-{what}", changed(shop, who, name, value), {f"{who}.{name}.length"}
    rems = shop.realm_claims[44239]
    reasons = {"realm.extensible-measurements.length"}
    for what, value in (("three", rems[:3]), ("five", rems + rems[:1]), ("one-short", rems[:3] + [rems[3][:-1]]),
                        ("one-of-sha-384", rems[:3] + [bytes(48)])):
        yield f"realm-extensible-measurements-{what}", changed(shop, "realm", "extensible-measurements", value), reasons
    yield ("realm-measurement-of-sha-384", changed(shop, "realm", "initial-measurement", bytes(48)),
           {"realm.initial-measurement.length"})
    other = {"sha-256": "sha-512", "sha-512": "sha-256"}[shop.realm_claims[44236]]
    yield ("realm-hash-of-other-size", changed(shop, "realm", "hash-algo-id", other),
           {"realm.initial-measurement.length", "realm.extensible-measurements.length"})


def wrong_values(shop):
    def value(who, name, wrong, kind):
        return f"{who}-{name}-{kind}", changed(shop, who, name, wrong), {f"{who}.{name}.value"}

    profiles = {"platform": {"old": "http://arm.com/CCA-SSD/1.0.0", "of-2-0": "tag:arm.com,2024:cca_platform#2.0.0",
                             "of-the-realm": "tag:arm.com,2023:realm#1.0.0"},
                "realm": {"empty": "", "of-2-0": "tag:arm.com,2024:realm#2.0.0",
                          "of-the-platform": shop.platform_claims[265]}}
    for who, wrong in profiles.items():
        for kind, text in wrong.items():
            yield f"{who}-profile-{kind}", changed(shop, who, "profile", text), {f"{who}.profile.value"}
    yield value("realm", "hash-algo-id", "sha-384", "sha-384")
    yield value("realm", "hash-algo-id", "SHA-256", "in-capitals")
    yield value("realm", "public-key-hash-algo-id", "sha-1", "sha-1")
    yield value("platform", "hash-algo-id", "md5", "md5")
    yield value("platform", "instance-id", b"\x02" + shop.platform_claims[256][1:], "of-other-kind")
    for kind, state in (("beyond-unknown", 0x0100), ("between", 0x3100), ("beyond", 0x6100), ("negative", -1)):
        yield value("platform", "lifecycle", state, kind)
    for kind, state in (("debug", 0x4000), ("decommissioned", 0x6000), ("unknown", 0)):
        yield f"platform-{kind}", changed(shop, "platform", "lifecycle", state), {"expected.lifecycle"}


def wrong_components(shop):
    good = shop.platform_claims[2399]
    reasons = {kind: {f"platform.sw-components.{kind}"} for kind in ("type", "length", "value")}

    def components(kind, value, reason):
        return f"platform-components-{kind}", changed(shop, "platform", "sw-components", value), reasons[reason]

    first, rest = good[0], good[1:]
    yield components("none", [], "length")
    yield components("one-no-map", [b"component"] + rest, "type")
    yield components("without-measurement", [{k: v for k, v in first.items() if k != 2}] + rest, "value")
    yield components("without-signer", [{k: v for k, v in first.items() if k != 5}] + rest, "value")
    yield components("with-unknown-field", [{**first, 3: "reserved"}] + rest, "value")
    yield components("measurement-short", [{**first, 2: first[2][:-1]}] + rest, "length")
    yield components("signer-short", [{**first, 5: first[5][:-1]}] + rest, "length")
    yield components("version-a-number", [{**first, 4: 1}] + rest, "type")
    yield components("type-a-number", [{**first, 1: 1}] + rest, "type")
    yield components("algorithm-unknown", [{**first, 6: "sha-1"}] + rest, "value")
    other = "sha-512" if len(first[2]) == 32 else "sha-256"
    yield components("algorithm-of-other-size", [{**first, 6: other}] + rest, "length")


def small_point():
    """A point of the curve whose x fits 48 bytes a second time, as x plus the field's prime."""
    x = 1
    while True:
        square = (x**3 - 3 * x + B) % PRIME
        y = pow(square, (PRIME + 1) // 4, PRIME)  # a root, if there is one: the prime is 3 modulo 4
        if y * y % PRIME == square:
            return x, y
        x += 1


def wrong_keys(shop):
    public = shop.rak.public
    x, y = public.x, public.y
    beside = (int.from_bytes(y, "big") ^ 1).to_bytes(SIZE, "big")
    small_x, its_y = small_point()
    keys = {
        "raw-point": public.point,
        "no-map": cbor.encode([1, 2]),
        "cut": maker.cose_key(public)[:-1],
        "off-the-curve": cbor.encode({1: 2, -1: 2, -2: x, -3: beside}),
        "beyond-the-field": cbor.encode({1: 2, -1: 2, -2: (small_x + PRIME).to_bytes(SIZE, "big"),
                                         -3: its_y.to_bytes(SIZE, "big")}),
        "with-leading-zero": cbor.encode({1: 2, -1: 2, -2: b"\0" + x, -3: y}),
        "at-infinity": cbor.encode({1: 2, -1: 2, -2: bytes(SIZE), -3: bytes(SIZE)}),
        "compressed": cbor.encode({1: 2, -1: 2, -2: x, -3: True}),
        "short": cbor.encode({1: 2, -1: 2, -2: x[1:], -3: y}),
        "without-y": cbor.encode({1: 2, -1: 2, -2: x}),
        "of-curve-p-256": cbor.encode({1: 2, -1: 1, -2: x, -3: y}),
        "of-type-okp": cbor.encode({1: 1, -1: 2, -2: x, -3: y}),
        "for-es256": maker.cose_key(public, {3: -7}),
        "with-private-part": maker.cose_key(public, {-4: (ORDER - 1).to_bytes(SIZE, "big")}),
        "twice-x": cbor.encode(cbor.Pairs([(1, 2), (-1, 2), (-2, x), (-2, x), (-3, y)])),
    }
    for kind, key in keys.items():
        yield f"realm-key-{kind}", changed(shop, "realm", "public-key", key), {"realm.public-key.value"}

    # The same key in other bytes: the platform's challenge is of the bytes, so that this isn't the key it vouches for.
    other_bytes = {**shop.claims_of("realm"), KEY_CLAIM: maker.cose_key(public, {3: -35})}
    yield "key-in-other-bytes", shop.resigned(shop.claims_of("platform"), other_bytes), {"binding"}
    other_name = "sha-384" if shop.realm_claims[KEY_HASH_CLAIM] != "sha-384" else "sha-256"
    other_hash = {**shop.claims_of("realm"), KEY_HASH_CLAIM: other_name}
    yield "key-hash-of-other-kind", shop.resigned(shop.claims_of("platform"), other_hash), {"binding"}
    yield "platform-challenge-zero", changed(shop, "platform", "challenge", bytes(32)), {"binding"}
    of_the_point = shop.challenge_for({KEY_CLAIM: public.point, KEY_HASH_CLAIM: shop.realm_claims[KEY_HASH_CLAIM]})
    yield "platform-challenge-of-the-point", changed(shop, "platform", "challenge", of_the_point), {"binding"}
    yield "platform-challenge-of-the-realm", changed(shop, "platform", "challenge", shop.realm_claims[10]), {"binding"}


def wrong_maps(shop):
    for who in BOTH:
        good = shop.claims_of(who)
        encoded = cbor.encode(good)
        reasons = {f"{who}.payload"}
        first = next(iter(good))
        size_of_head = 1  # a map of less than 24 claims
        body = encoded[size_of_head:]
        key = cbor.encode(first)
        longer_key = b"\x19" + first.to_bytes(2, "big") if first < 256 else b"\x1a" + first.to_bytes(4, "big")
        maps = {
            "claim-twice": cbor.encode(cbor.Pairs([*good.items(), (10, bytes(64))])),
            "same-claim-twice": cbor.encode(cbor.Pairs([*good.items(), (10, good[10])])),
            "key-not-shortest": encoded[:1] + longer_key + body[len(key):],
            "map-of-indefinite-length": b"\xbf" + body + b"\xff",
            "map-length-not-shortest": b"\xb8" + bytes([len(good)]) + body,
            "trailing-byte": encoded + b"\0",
            "cut": encoded[:-1],
            "no-map": cbor.encode([good]),
            "empty": b"",
            "text-not-utf-8": cbor.encode({**good, 265: cbor.RawItem(b"\x62\xc3\x28")}),
            "float": cbor.encode({**good, 2395: cbor.RawItem(b"\xf9\x3c\x00")}),
            "nested-too-deep": cbor.encode({**good, 10: cbor.RawItem(b"\x81" * 200 + b"\0")}),
            "size-beyond-the-end": cbor.encode({**good, 10: cbor.RawItem(b"\x5b" + b"\xff" * 8)}),
        }
        for kind, payload in maps.items():
            yield f"{who}-{kind}", shop.with_claims(who, payload), reasons
        for kind, label in (("number", 44243), ("text", "extra"), ("negative", -1)):
            yield (f"{who}-unknown-claim-{kind}", shop.with_claims(who, {**good, label: bytes(32)}),
                   {f"{who}.unknown-claim"})
        if who == "realm":
            yield f"{who}-empty-map", shop.with_claims(who, {}), {
                f"{who}.{name}.missing" for name, claim in labels(who).items() if claim.mandatory}


def other_sessions(shop):
    """What is right in itself and isn't what the relying party asked for."""
    for name, label in (("challenge", 10), ("personalization-value", 44235), ("initial-measurement", 44238)):
        good = shop.realm_claims[label]
        other = good[:-1] + bytes([good[-1] ^ 1])
        yield f"realm-{name}-of-another", changed(shop, "realm", name, other), {f"expected.{name}"}
    rems = shop.realm_claims[44239]
    yield ("realm-extensible-measurements-reversed-bit",
           changed(shop, "realm", "extensible-measurements", [bytes([rems[0][0] ^ 1]) + rems[0][1:]] + rems[1:]),
           {"expected.extensible-measurements"})
