#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The token that Debian's kernel gets for its user space in a realm (configfs-tsm) against the verifier: claim by claim,
the RIM worked out from the images, every forgery made of it.

    linux_token.py CCASIM

Boots configs/linux-token.json. Exit code 4: skipped, the cache of scripts/fetch-kernel lacks what it needs.
"""

import base64
import contextlib
import io
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import claims
import forge
from cca_token import Expected, verify
from measured_realm import Given, realms_of
from measurement import digest, rim
from p384 import PublicKey

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = ROOT / "configs/linux-token.json"
IAK = ROOT / "sim/firmware/test_iak_public.pem"
SKIPPED, STOPPED_AT_LIMIT = 4, 7

RAM, BLOCK = 0x80000000, 0x200000
TOKEN = re.compile(r"^ccasim: token of arm_cca_guest begins\r?\n([A-Za-z0-9+/=\s]+)^ccasim: token ends\r?$", re.MULTILINE)
CHALLENGE = bytes(range(64))  # of the configuration's kernel command line


def cache():
    """Where scripts/fetch-kernel puts its files."""
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path(os.environ.get("HOME", ".")) / ".cache"
    return pathlib.Path(os.environ.get("CCASIM_CACHE") or pathlib.Path(home) / "ccasim")


KERNEL, INITRD = cache() / "kernel/Image", cache() / "initramfs-token.cpio.gz"


def block_above(address):
    return -(-address // BLOCK) * BLOCK


class LinuxToken(unittest.TestCase):
    ccasim = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.iak = PublicKey.from_file(IAK)
        cls.console = cls.run_it("run", "--check", "--json", cls.folder / "summary", code=0)
        cls.token = base64.b64decode("".join(TOKEN.search(cls.console)[1].split()))

    @classmethod
    def run_it(cls, word, *options, code):
        done = subprocess.run([cls.ccasim, word, CONFIG, "--batch", "--quiet", *map(str, options)],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True, errors="replace")
        if done.returncode != code:
            raise AssertionError(f"exit code {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def rim_of_images(self, initrd=None):
        """The RIM by the trace of the realm's creation and the images where the boot protocol has them."""
        trace, dtb = self.folder / "trace.jsonl", self.folder / "dtb"
        self.run_it("run", "--dump-dtb", dtb, code=0)
        self.run_it("run", "--max-instructions", 1000, "--trace", trace, code=STOPPED_AT_LIMIT)
        kernel, initrd, tree = KERNEL.read_bytes(), initrd or INITRD.read_bytes(), dtb.read_bytes()
        # Documentation/arch/arm64/booting.rst: text_offset and image_size of the header.
        text_offset, image_size = struct.unpack_from("<QQ", kernel, 8)
        # The VMM's layout (host/vmm/layout.h): the first block of RAM stays free, each image begins a block.
        at_kernel = RAM + BLOCK + text_offset
        at_initrd = block_above(at_kernel + image_size)
        at_tree = block_above(at_initrd + len(initrd))
        given = Given(realm={"s2sz": 33, "num_bps": 1, "num_wps": 1},
                      recs={0: {"flags": 1, "pc": at_kernel, "x0": at_tree}},
                      images=[(at_kernel, kernel), (at_initrd, initrd), (at_tree, tree)])
        with open(trace, encoding="utf-8") as lines:
            realm, = realms_of(lines)
        events = realm.events(given)
        self.assertGreater(len(events), len(kernel) // 4096)
        return rim(realm.params(given), events)

    def expected(self):
        rems = {n: bytes(32) for n in range(4)}  # Linux extends none
        return Expected(CHALLENGE, bytes(64), self.rim_of_images(), rems)

    def test_it_is_accepted_claim_by_claim(self):
        expected = self.expected()
        report = verify(self.token, self.iak, expected)
        self.assertEqual([], [str(reason) for reason in report.reasons])
        self.assertEqual(set(report.realm), {claim.name for claim in claims.REALM})
        mandatory = {claim.name for claim in claims.PLATFORM if claim.mandatory}
        self.assertEqual(set(report.platform), mandatory | {"verification-service"})
        self.assertEqual(report.realm["challenge"], CHALLENGE)
        self.assertEqual(report.realm["personalization-value"], bytes(64))
        self.assertEqual(report.realm["hash-algo-id"], "sha-256")
        self.assertEqual(report.realm["initial-measurement"], expected.rim)
        self.assertEqual(report.realm["extensible-measurements"], [bytes(32)] * 4)
        # What binds the realm's key to the platform's token.
        self.assertEqual(report.platform["challenge"], digest(0, report.realm["public-key"]))

    def test_each_wrong_expectation_is_noticed(self):
        changed = bytearray(INITRD.read_bytes())
        changed[-1] ^= 1
        for change, reason in (({"challenge": CHALLENGE[::-1]}, "expected.challenge"),
                               ({"rpv": b"1"}, "expected.personalization-value"),
                               ({"rim": self.rim_of_images(bytes(changed))}, "expected.initial-measurement"),
                               ({"rems": {3: b"1" * 32}}, "expected.extensible-measurements")):
            with self.subTest(reason):
                self.assertEqual(verify(self.token, self.iak, Expected(**change)).ids, {reason})

    def test_every_forgery_of_it_is_judged_rightly(self):
        good = self.folder / "token"
        good.write_bytes(self.token)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = forge.main([str(good), "--iak", str(IAK), "--quiet"])
        self.assertEqual(code, 0, said.getvalue())
        self.assertRegex(said.getvalue(), r"^\d{3} tokens, 0 judged wrongly")


def main(argv):
    if len(argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    if not KERNEL.is_file() or not INITRD.is_file():
        print(f"skipped: no {KERNEL} and {INITRD}; run scripts/fetch-kernel")
        return SKIPPED
    LinuxToken.ccasim = str(pathlib.Path(argv[0]).resolve())
    found = unittest.defaultTestLoader.loadTestsFromTestCase(LinuxToken)
    result = unittest.TextTestRunner(verbosity=1).run(found)
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
