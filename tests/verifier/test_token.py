# SPDX-License-Identifier: GPL-2.0-or-later
"""The verifier of tokens and what it stands on: good tokens of maker.py are accepted, every forgery is refused."""

import contextlib
import io
import json
import pathlib
import subprocess
import tempfile
import unittest

import cbor
import cca_token
import forge
import maker
from p384 import ORDER, SIZE, BadKey, PrivateKey, PublicKey, from_der, openssl, to_der
from workshop import Workshop

IAK, RAK = PrivateKey("the platform"), PrivateKey("the realm")


class Cbor(unittest.TestCase):
    def test_examples_of_rfc_8949(self):
        for text, value in (("00", 0), ("17", 23), ("1818", 24), ("1903e8", 1000), ("1a000f4240", 1000000),
                            ("1b000000e8d4a51000", 1000000000000), ("20", -1), ("3863", -100), ("3903e7", -1000),
                            ("f4", False), ("f5", True), ("f6", None), ("40", b""), ("4401020304", b"\1\2\3\4"),
                            ("6449455446", "IETF"), ("62c3bc", "\u00fc"), ("80", []), ("83010203", [1, 2, 3]),
                            ("8301820203820405", [1, [2, 3], [4, 5]]), ("a0", {}), ("a201020304", {1: 2, 3: 4}),
                            ("c11a514b67b0", cbor.Tagged(1, 1363896240))):
            self.assertEqual(cbor.decode(bytes.fromhex(text)), value, text)
            self.assertEqual(cbor.encode(value).hex(), text)

    def test_what_is_malformed_or_said_in_two_ways_is_refused(self):
        for text, named in (("", "wanted"), ("1817", "shortest"), ("190017", "shortest"), ("1a0000ffff", "shortest"),
                            ("1b00000000ffffffff", "shortest"), ("5801ff", "shortest"), ("5f41ff", "indefinite"),
                            ("9fff", "indefinite"), ("bfff", "indefinite"), ("ff", "indefinite"), ("1c", "reserved"),
                            ("f93c00", "floating"), ("f818", "simple"), ("f7", "simple"), ("42ff", "wanted"),
                            ("a201020103", "second time"), ("a1f500", "key"), ("a14000", "key"), ("62c328", "UTF-8"),
                            ("0000", "after the item"), ("81" * 20 + "00", "deeper"), ("5bffffffffffffffff", "wanted")):
            with self.assertRaisesRegex(cbor.CborError, named, msg=text):
                cbor.decode(bytes.fromhex(text))


class P384(unittest.TestCase):
    def test_der_has_the_shortest_signed_integers(self):
        for r, s in ((1, 1), (0x7F, 0x80), (ORDER - 1, ORDER - 1), (1 << 376, (1 << 376) - 1)):
            raw = r.to_bytes(SIZE, "big") + s.to_bytes(SIZE, "big")
            der = to_der(raw)
            self.assertEqual(from_der(der), raw)
            parsed = openssl("asn1parse", "-inform", "DER", data=der).decode()
            numbers = [int(line.rsplit(":", 1)[1], 16) for line in parsed.splitlines() if "INTEGER" in line]
            self.assertEqual(numbers, [r, s])

    def test_signatures(self):
        signature = IAK.sign(b"message")
        self.assertTrue(IAK.public.verifies(b"message", signature))
        self.assertFalse(IAK.public.verifies(b"massage", signature))
        self.assertFalse(RAK.public.verifies(b"message", signature))

    def test_a_signature_of_another_tool(self):
        """The example of RFC 6979 A.2.6: P-384, SHA-384, message "sample"."""
        point = bytes.fromhex("04EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
                              "DEF8F0EA9055866064A254515480BC13"
                              "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1"
                              "288B231C3AE0D4FE7344FD2533264720")
        signature = bytes.fromhex("94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
                                  "81A648152E44ACF96E36DD1E80FABE46"
                                  "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F"
                                  "A329C145786E679E7B82C71A38628AC8")
        self.assertTrue(PublicKey.from_point(point).verifies(b"sample", signature))

    def test_points_that_are_none(self):
        good = IAK.public.point
        for point in (b"", good[:-1], b"\x02" + good[1:], good[:-1] + bytes([good[-1] ^ 1]), b"\x04" + bytes(96)):
            with self.assertRaises(BadKey):
                PublicKey.from_point(point)

    def test_forms_of_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "key")
            point = IAK.public.point
            pem = openssl("pkey", "-inform", "DER", "-pubout", data=IAK.der)
            der = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", data=IAK.der)
            for data in (point, point.hex().encode(), pem, der):
                file.write_bytes(data)
                self.assertEqual(PublicKey.from_file(file).point, point)
            file.write_bytes(b"no key")
            with self.assertRaises(BadKey):
                PublicKey.from_file(file)


class GoodTokens(unittest.TestCase):
    def check(self, token):
        report = cca_token.verify(token, IAK.public)
        self.assertEqual(report.reasons, [])
        return report

    def test_every_claim_is_reported(self):
        report = self.check(maker.token(IAK, RAK))
        self.assertEqual((len(report.platform), len(report.realm)), (9, 8))

    def test_sha_512(self):
        self.assertEqual(len(self.check(maker.token(IAK, RAK, "sha-512")).realm["initial-measurement"]), 64)

    def test_without_what_is_optional(self):
        report = self.check(maker.token(IAK, RAK, optional=False))
        self.assertEqual((len(report.platform), len(report.realm)), (8, 7))

    def test_what_the_relying_party_expects(self):
        token = maker.token(IAK, RAK)
        realm = maker.realm_claims(RAK.public)
        expected = cca_token.Expected(realm[10], realm[44235], realm[44238], {1: realm[44239][1]})
        self.assertTrue(cca_token.verify(token, IAK.public, expected).accepted)
        for field, value, claim in (("challenge", b"nonce", "challenge"), ("rpv", b"", "personalization-value"),
                                    ("rim", bytes(32), "initial-measurement"), ("rim", b"", "initial-measurement"),
                                    ("rems", {0: b"\1" * 32}, "extensible-measurements")):
            report = cca_token.verify(token, IAK.public, cca_token.Expected(**{field: value}))
            self.assertEqual(report.ids, {f"expected.{claim}"}, field)

    def test_short_expectations_are_padded(self):
        """A7.2.2: a challenge of less than 64 bytes is zero-padded; a personalization value the same."""
        realm = {**maker.realm_claims(RAK.public), 10: b"nonce".ljust(64, b"\0"), 44235: bytes(64)}
        token = maker.signed(IAK, RAK, maker.platform_claims(realm), realm)
        self.assertTrue(cca_token.verify(token, IAK.public, cca_token.Expected(b"nonce", b"")).accepted)


class Forgeries(unittest.TestCase):
    def check_all(self, token):
        shop = Workshop(token)
        kinds = set()
        for forgery in forge.all_forgeries(shop):
            with self.subTest(forgery.kind):
                self.assertNotIn(forgery.kind, kinds)
                kinds.add(forgery.kind)
                right, reasons = forge.judge(shop, forgery, IAK.public)
                self.assertTrue(right, f"wanted {forgery.reasons}, found {list(map(str, reasons))}")
        return kinds

    def test_each_kind_of_a_sha_256_token(self):
        self.assertGreater(len(self.check_all(maker.token(IAK, RAK))), 200)

    def test_each_kind_of_a_sha_512_token_without_optional_claims(self):
        self.check_all(maker.token(IAK, RAK, "sha-512", optional=False))

    def test_a_token_cut_anywhere(self):
        token = maker.token(IAK, RAK)
        for size in range(len(token)):
            self.assertEqual(cca_token.verify(token[:size], IAK.public).ids, {"wrapper.cbor"})

    def test_a_bit_turned_over_anywhere(self):
        token = maker.token(IAK, RAK)
        for at in range(0, len(token), 17):  # two runs of openssl for each
            forged = token[:at] + bytes([token[at] ^ 1 << at % 8]) + token[at + 1:]
            self.assertFalse(cca_token.verify(forged, IAK.public).accepted, f"byte {at}")

    def test_a_token_of_another_platform(self):
        self.assertEqual(cca_token.verify(maker.token(IAK, RAK), RAK.public).ids, {"platform.signature"})

    def test_parts_of_two_tokens(self):
        """A realm token beside the platform token of another key: spliced where the challenge doesn't bind."""
        mine, theirs = (cbor.decode(maker.token(IAK, key)).value for key in (RAK, PrivateKey("another realm")))
        spliced = maker.wrapped(mine[cca_token.PLATFORM_PART], theirs[cca_token.REALM_PART])
        self.assertEqual(cca_token.verify(spliced, IAK.public).ids, {"binding"})


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.token, self.iak = self.folder / "token", self.folder / "iak"
        self.token.write_text(maker.token(IAK, RAK).hex() + "\n", encoding="ascii")
        self.iak.write_bytes(openssl("pkey", "-inform", "DER", "-pubout", data=IAK.der))

    def run_it(self, program, *options):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = program.main([str(self.token), "--iak", str(self.iak), *map(str, options)])
        return code, out.getvalue()

    def test_verifier(self):
        code, text = self.run_it(cca_token)
        self.assertEqual((code, text.splitlines()[-1]), (0, "accepted"))
        code, text = self.run_it(cca_token, "--challenge", "00", "--quiet")
        self.assertEqual((code, text.split(":")[:2]), (1, ["refused", " expected.challenge"]))
        self.iak.write_bytes(b"")
        self.assertEqual(self.run_it(cca_token)[0], 2)

    def test_forger_writes_what_the_verifier_refuses(self):
        code, text = self.run_it(forge, "--quiet", "--out", self.folder / "forged")
        self.assertEqual((code, text.endswith(", 0 judged wrongly\n")), (0, True), text)
        manifest = json.loads((self.folder / "forged/manifest.json").read_text(encoding="utf-8"))
        self.assertEqual(len(manifest), len(list((self.folder / "forged").glob("*.cbor"))))
        one = next(entry for entry in manifest if entry["kind"] == "platform-lifecycle-between")
        program = pathlib.Path(cca_token.__file__)
        done = subprocess.run([str(program), self.folder / "forged" / f"{one['kind']}.cbor", "--iak",
                               self.folder / "forged" / one["iak"], "--quiet"], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout.count(b"platform.lifecycle.value")), (1, 1), done.stderr)

    def test_forger_wants_a_good_token(self):
        self.token.write_bytes(b"")
        self.assertEqual(self.run_it(forge)[0], 1)
