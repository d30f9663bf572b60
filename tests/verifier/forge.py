#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes one forged token of each kind from a good one, and shows that the verifier refuses each for its own reason.

    forge.py TOKEN --iak KEY [--out FOLDER] [--quiet]

Prints each kind and why it is refused; exit code 1 if the good token or a control is refused, if a forgery is accepted
or is refused for other reasons than what was done to it. --out writes the tokens, the forger's attestation key
(forger.hex, for the kinds that need it) and manifest.json.
"""

import argparse
import json
import pathlib
import sys

import cbor
import cose
import forged_claims
import maker
from cca_token import PLATFORM_PART, REALM_PART, Expected, read_token, verify
from p384 import ORDER, SIZE, BadKey, PublicKey, to_der
from workshop import Forgery, Workshop


def all_forgeries(shop):
    yield from controls(shop)
    for source in (broken_wrappers, broken_envelopes, broken_signatures, strange_keys):
        for kind, token, reasons in source(shop):
            yield Forgery(kind, token, reasons)
    yield from swapped_parts(shop)
    yield from envelopes_well_signed(shop)
    yield from forged_claims.forgeries(shop)


def controls(shop):
    """Changes that leave a token good."""
    yield Forgery("control-good", shop.good, set())
    yield Forgery("control-rekeyed", shop.resigned(), set(), own_keys=True)
    r, s = shop.realm.signature[:SIZE], int.from_bytes(shop.realm.signature[SIZE:], "big")
    # Whoever has a signature (r, s) has (r, -s): ECDSA, not the token, allows it. It says the same of the same bytes.
    twin = cose.Sign1(shop.realm.protected, shop.realm.payload, r + (ORDER - s).to_bytes(SIZE, "big"))
    yield Forgery("control-twin-signature", maker.wrapped(shop.platform_part, twin.encoded()), set())
    backwards = cbor.Pairs(reversed(list(shop.claims_of("realm").items())))
    yield Forgery("control-claims-in-other-order", shop.resigned(realm=cbor.encode(backwards)), set(), own_keys=True)
    parts = cbor.Pairs([(REALM_PART, shop.realm_part), (PLATFORM_PART, shop.platform_part)])
    yield Forgery("control-parts-in-other-order", cbor.encode(cbor.Tagged(399, parts)), set())


def broken_wrappers(shop):
    platform, realm, good = shop.platform_part, shop.realm_part, shop.good

    def collection(*pairs):
        return cbor.encode(cbor.Tagged(399, cbor.Pairs(pairs)))

    both = ((PLATFORM_PART, platform), (REALM_PART, realm))
    body = cbor.encode(cbor.Pairs(both))
    yield "wrapper-empty", b"", {"wrapper.cbor"}
    yield "wrapper-cut", good[:-1], {"wrapper.cbor"}
    yield "wrapper-trailing-byte", good + b"\0", {"wrapper.cbor"}
    yield "wrapper-twice", good + good, {"wrapper.cbor"}
    yield "wrapper-part-twice", collection(*both, both[1]), {"wrapper.cbor"}
    yield "wrapper-tag-not-shortest", b"\xda\x00\x00\x01\x8f" + body, {"wrapper.cbor"}
    yield "wrapper-indefinite-map", b"\xd9\x01\x8f\xbf" + body[1:] + b"\xff", {"wrapper.cbor"}
    yield "wrapper-tag-907", maker.wrapped(platform, realm, tag=907), {"wrapper.tag"}
    yield "wrapper-without-tag", body, {"wrapper.tag"}
    yield "wrapper-tagged-twice", b"\xd9\x01\x8f" + good, {"wrapper.parts"}
    yield "wrapper-without-platform", collection(both[1]), {"wrapper.parts"}
    yield "wrapper-without-realm", collection(both[0]), {"wrapper.parts"}
    yield "wrapper-with-third-part", collection(*both, (44242, b"")), {"wrapper.parts"}
    yield "wrapper-an-array", cbor.encode(cbor.Tagged(399, [platform, realm])), {"wrapper.parts"}
    yield "wrapper-part-not-wrapped", collection((PLATFORM_PART, cbor.decode(platform)), both[1]), {"wrapper.parts"}
    # Later wrappers have the media type beside each part.
    yield "wrapper-part-with-type", collection((PLATFORM_PART, [263, platform]), both[1]), {"wrapper.parts"}


def replaced(shop, who, part):
    """The good token with one part replaced."""
    return maker.wrapped(part, shop.realm_part) if who == "platform" else maker.wrapped(shop.platform_part, part)


def broken_envelopes(shop):
    for who, part, message in (("platform", shop.platform_part, shop.platform), ("realm", shop.realm_part, shop.realm)):
        def items(*values, tag=18):
            return cbor.encode(cbor.Tagged(tag, list(values)))

        protected, payload, signature = message.protected, message.payload, message.signature
        envelopes = {
            "empty": (b"", "cose"),
            "without-tag": (part[1:], "cose"),
            "tag-of-cose-mac0": (items(protected, {}, payload, signature, tag=17), "cose"),
            "of-three": (items(protected, {}, payload), "cose"),
            "of-five": (items(protected, {}, payload, signature, b""), "cose"),
            "without-payload": (items(protected, {}, None, signature), "cose"),
            "trailing-byte": (part + b"\0", "cose"),
            "unprotected-algorithm": (items(b"\xa0", {1: -35}, payload, signature), "algorithm"),
            "empty-header": (items(b"", {}, payload, signature), "header"),
            "added-unprotected-header": (items(protected, {4: b"key"}, payload, signature), "header"),
        }
        for kind, (envelope, reason) in envelopes.items():
            yield f"{who}-envelope-{kind}", replaced(shop, who, envelope), {f"{who}.{reason}"}
        for kind, algorithm in (("es256", -7), ("es512", -36), ("hmac", 5), ("none", None)):
            header = cbor.encode({1: algorithm})
            yield f"{who}-algorithm-{kind}", replaced(shop, who, items(header, {}, payload, signature)), {
                f"{who}.algorithm"}


def envelopes_well_signed(shop):
    """Headers that the signature covers and that still aren't the token's."""
    payloads = {who: cbor.encode(shop.claims_of(who)) for who in ("platform", "realm")}
    for who in payloads:
        for kind, header, reason in (("es256", {1: -7}, "algorithm"), ("critical", {1: -35, 2: [99], 99: 1}, "header"),
                                     ("key-id", {1: -35, 4: b"key"}, "header")):
            parts = {other: shop.part(other, payload, header if other == who else None)
                     for other, payload in payloads.items()}
            yield Forgery(f"{who}-signed-header-{kind}", maker.wrapped(parts["platform"], parts["realm"]),
                          {f"{who}.{reason}"}, own_keys=True)


def broken_signatures(shop):
    messages = {"platform": shop.platform, "realm": shop.realm}
    for who, message in messages.items():
        good = message.signature
        other = messages["realm" if who == "platform" else "platform"].signature
        signatures = {
            "flipped-first-bit": bytes([good[0] ^ 0x80]) + good[1:],
            "flipped-last-bit": good[:-1] + bytes([good[-1] ^ 1]),
            "halves-swapped": good[SIZE:] + good[:SIZE],
            "zero": bytes(2 * SIZE),
            "r-zero": bytes(SIZE) + good[SIZE:],
            "s-the-order": good[:SIZE] + ORDER.to_bytes(SIZE, "big"),
            "of-the-other-part": other,
            "short": good[:-1],
            "long": good + b"\0",
            "in-der": to_der(good),
        }
        for kind, signature in signatures.items():
            forged = cose.Sign1(message.protected, message.payload, signature)
            yield f"{who}-signature-{kind}", replaced(shop, who, forged.encoded()), {f"{who}.signature"}
        claim = (shop.platform_claims if who == "platform" else shop.realm_claims)[2396 if who == "platform" else 44235]
        at = message.payload.index(claim)
        payload = message.payload[:at] + bytes([claim[0] ^ 1]) + message.payload[at + 1:]
        forged = cose.Sign1(message.protected, payload, message.signature)
        # The verifier expects the good token's personalization value, so the realm's change shows twice.
        reasons = {f"{who}.signature"} | ({"expected.personalization-value"} if who == "realm" else set())
        yield f"{who}-claim-changed-unsigned", replaced(shop, who, forged.encoded()), reasons


def strange_keys(shop):
    """Parts signed with keys that nobody vouches for."""
    realm_rekeyed = shop.part("realm", cbor.encode(shop.claims_of("realm")))
    yield "realm-with-own-key", replaced(shop, "realm", realm_rekeyed), {"binding"}
    yield "realm-signed-by-other-key", replaced(shop, "realm", shop.part("realm", shop.realm.payload)), {
        "realm.signature"}
    yield "platform-signed-by-other-key", replaced(shop, "platform", shop.part("platform", shop.platform.payload)), {
        "platform.signature"}
    yield "all-signed-by-other-keys", shop.resigned(), {"platform.signature"}
    by_rak = cose.sign(shop.rak, cbor.encode(shop.claims_of("platform"))).encoded()
    yield "platform-signed-by-realm-key", maker.wrapped(by_rak, realm_rekeyed), {"platform.signature"}


def swapped_parts(shop):
    platform_reasons = {"platform.profile.value", "platform.implementation-id.missing", "platform.unknown-claim"}
    realm_reasons = {"realm.profile.value", "realm.public-key.missing", "realm.unknown-claim"}
    for kind, platform, realm, reasons in (
            ("parts-swapped", shop.realm_part, shop.platform_part, platform_reasons | realm_reasons),
            ("platform-part-twice", shop.platform_part, shop.platform_part, realm_reasons),
            ("realm-part-twice", shop.realm_part, shop.realm_part, platform_reasons | {"platform.signature"})):
        if 265 not in shop.realm_claims:
            reasons = reasons - {"platform.profile.value"}
        yield Forgery(kind, maker.wrapped(platform, realm), reasons, at_least=True)


def expected_of(shop):
    """A relying party that knows everything about the good token's realm."""
    realm = shop.realm_claims
    return Expected(realm[10], realm[44235], realm[44238], dict(enumerate(realm[44239])))


def judge(shop, forgery, iak):
    """(whether the verifier says of a forgery what it should, the reasons it gives)."""
    report = verify(forgery.token, shop.iak.public if forgery.own_keys else iak, expected_of(shop))
    right = report.ids >= forgery.reasons if forgery.at_least else report.ids == forgery.reasons
    return right, report.reasons


def write(folder, shop, forgeries):
    folder.mkdir(parents=True, exist_ok=True)
    for forgery in forgeries:
        (folder / f"{forgery.kind}.cbor").write_bytes(forgery.token)
    (folder / "forger.hex").write_text(shop.iak.public.point.hex() + "\n", encoding="ascii")
    manifest = [{"kind": f.kind, "accepted": not f.reasons, "reasons": sorted(f.reasons),
                 "iak": "forger.hex" if f.own_keys else "the platform's"} for f in forgeries]
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def main(argv):
    parser = argparse.ArgumentParser(prog="forge.py", description="Forged tokens of each kind, from a good one.")
    parser.add_argument("token", help="a good token, binary or in hex")
    parser.add_argument("--iak", required=True, help="the platform's public attestation key")
    parser.add_argument("--out", type=pathlib.Path, help="folder for the forged tokens")
    parser.add_argument("--quiet", action="store_true", help="print what is wrong only")
    options = parser.parse_args(argv)
    try:
        good, iak = read_token(options.token), PublicKey.from_file(options.iak)
    except (OSError, BadKey) as problem:
        print(f"forge.py: {problem}", file=sys.stderr)
        return 2
    refused = verify(good, iak).reasons
    if refused:
        print("forge.py: the token isn't good to begin with:", *refused, sep="\n  ", file=sys.stderr)
        return 1
    shop = Workshop(good)
    forgeries = list(all_forgeries(shop))
    if options.out:
        write(options.out, shop, forgeries)
    wrong = 0
    for forgery in forgeries:
        right, reasons = judge(shop, forgery, iak)
        wrong += not right
        if not right or not options.quiet:
            print(f"{'' if right else 'WRONG: '}{forgery.kind}: {'; '.join(map(str, reasons)) or 'accepted'}")
    print(f"{len(forgeries)} tokens, {wrong} judged wrongly")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
