# SPDX-License-Identifier: GPL-2.0-or-later
"""The token of a real run (guest/attest) against the verifier, claim by claim, and every forgery made of it.

Needs the program that the environment variable CCASIM names, and its guests beside it (run_all.py).
"""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import claims
import forge
from cca_token import Expected, verify
from measured_realm import Given, realms_of
from measurement import digest, rim
from p384 import PublicKey

CCASIM = os.environ.get("CCASIM")
ROOT = pathlib.Path(__file__).resolve().parents[2]
IAK = ROOT / "sim/firmware/test_iak_public.pem"
RAM = 0x80000000
TOKEN = re.compile(r"^token: ([0-9a-f]+)\r?$", re.MULTILINE)


def guest_challenge():
    """As guest/attest has it: eight doublewords, each one more than the one before."""
    return b"".join((0x0807060504030200 + i).to_bytes(8, "little") for i in range(8))


@unittest.skipUnless(CCASIM, "no program ccasim given")
class Attestation(unittest.TestCase):
    def setUp(self):
        self.guest = pathlib.Path(CCASIM).parent / "guest" / "attest.bin"
        if not self.guest.exists():
            self.skipTest(f"{self.guest} isn't built: a cross compiler for AArch64 is missing")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.iak = PublicKey.from_file(IAK)

    def token_of(self, vcpus=1, host=None, **vm):
        """Runs the guest to its end. Returns its token; the trace is in the folder."""
        config = self.folder / "config.json"
        vm = {"name": "attest", "memory": "64MiB", "boot": "raw", "binary": str(self.guest), "vcpus": vcpus, **vm}
        config.write_text(json.dumps({"host": host or {}, "vms": [vm]}), encoding="utf-8")
        done = subprocess.run([CCASIM, "run", config, "--check", "--trace", self.folder / "trace.jsonl"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        token, = TOKEN.findall(done.stdout)
        return bytes.fromhex(token)

    def expected(self, vcpus=1, ipa_bits=33, hash_algo=0, rpv=b""):
        """What a relying party can work out without the monitor: RIM from the trace, REM 1 from what the guest says."""
        given = Given(realm={"s2sz": ipa_bits, "num_bps": 1, "num_wps": 1, "hash_algo": hash_algo},
                      recs={0: {"flags": 1, "pc": RAM}, **{i: {"flags": 0} for i in range(1, vcpus)}},
                      images=[(RAM, self.guest.read_bytes())])
        with open(self.folder / "trace.jsonl", encoding="utf-8") as lines:
            realm, = realms_of(lines)
        extended = digest(hash_algo, bytes(64) + b"test".ljust(64, b"\0"))
        return Expected(guest_challenge(), rpv.ljust(64, b"\0"), rim(realm.params(given), realm.events(given)),
                        {0: extended, **{i: bytes(len(extended)) for i in (1, 2, 3)}})

    def test_a_token_is_accepted_claim_by_claim(self):
        for vcpus, vm, bits in ((1, {}, 33), (4, {}, 33), (1, {"ipa_bits": 40}, 40)):
            with self.subTest(vcpus=vcpus, vm=vm):
                report = verify(self.token_of(vcpus, **vm), self.iak, self.expected(vcpus, bits))
                self.assertEqual([], [str(reason) for reason in report.reasons])
                self.assertEqual(set(report.realm), {claim.name for claim in claims.REALM})
                self.assertEqual(set(report.platform), {claim.name for claim in claims.PLATFORM})

    def test_the_token_of_a_realm_that_the_vmm_configured(self):
        host = {"life_cycle": "explicit"}
        for name, hash_algo, text, rpv in (("sha-256", 0, "", b""), ("sha-512", 1, "whose realm", b"whose realm"),
                                           ("sha-512", 1, "0x" + "a5" * 64, b"\xa5" * 64)):
            with self.subTest(hash=name, rpv=text):
                token = self.token_of(2, host, hash_algorithm=name, personalization_value=text)
                report = verify(token, self.iak, self.expected(2, 33, hash_algo, rpv))
                self.assertEqual([], [str(reason) for reason in report.reasons])
                # The other hash and the other value are noticed.
                for wrong in (self.expected(2, 33, 1 - hash_algo, rpv), self.expected(2, 33, hash_algo, b"another")):
                    self.assertNotEqual(verify(token, self.iak, wrong).ids, set())

    def test_each_wrong_expectation_is_noticed(self):
        token = self.token_of()
        for change, reason in (({"challenge": b"1"}, "expected.challenge"), ({"rpv": b"1"}, "expected.personalization-value"),
                               ({"rim": bytes(32)}, "expected.initial-measurement"),
                               ({"rems": {0: bytes(32)}}, "expected.extensible-measurements")):
            wanted = self.expected()
            for name, value in change.items():
                setattr(wanted, name, value)
            self.assertEqual(verify(token, self.iak, wanted).ids, {reason})

    def test_the_same_run_has_the_same_token(self):
        self.assertEqual(self.token_of(), self.token_of())

    def test_every_forgery_of_it_is_judged_rightly(self):
        good = self.folder / "token"
        good.write_bytes(self.token_of())
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = forge.main([str(good), "--iak", str(IAK), "--quiet"])
        self.assertEqual(code, 0, said.getvalue())
        self.assertRegex(said.getvalue(), r"^\d{3} tokens, 0 judged wrongly")
