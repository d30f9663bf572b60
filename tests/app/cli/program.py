# SPDX-License-Identifier: GPL-2.0-or-later
"""The program under test, and what it is given: configurations, kernels that are none, guests of a few words."""

import contextlib
import json
import os
import pathlib
import resource
import struct
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONFIGS = ROOT / "configs"
LONGEST_RUN = 300  # seconds; a hang fails the test, a slow build does not


def program():
    path = os.environ.get("CCASIM_BINARY")
    if not path:
        raise unittest.SkipTest("CCASIM_BINARY does not name the program ccasim")
    return pathlib.Path(path).resolve()


def sanitized():
    """A build with AddressSanitizer reserves terabytes of address space."""
    return b"__asan_init" in program().read_bytes()


def cache():
    if os.environ.get("CCASIM_CACHE"):
        return pathlib.Path(os.environ["CCASIM_CACHE"])
    if os.environ.get("XDG_CACHE_HOME"):
        return pathlib.Path(os.environ["XDG_CACHE_HOME"]) / "ccasim"
    return pathlib.Path(os.environ.get("HOME", ".")) / ".cache" / "ccasim"


def linux_kernel():
    """Debian's kernel image; the calling test is skipped if the cache does not have it."""
    image, initramfs = cache() / "kernel" / "Image", cache() / "initramfs.cpio.gz"
    if not image.is_file() or not initramfs.is_file():
        raise unittest.SkipTest(f"no Linux kernel in {cache()}: run scripts/fetch-kernel")
    return image


class Run:
    """One finished run: exit code and outputs."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out[-2000:]}\n--- stderr\n{self.err[-4000:]}"


def run(*arguments, address_space=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=None):
    def limit():
        if address_space is not None:
            resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))

    done = subprocess.run([program(), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                          timeout=LONGEST_RUN, cwd=cwd, preexec_fn=limit, check=False)
    return Run(done.returncode, (done.stdout or b"").decode(errors="replace"),
               (done.stderr or b"").decode(errors="replace"))


def words(*instructions):
    """A raw guest of these instructions."""
    return struct.pack(f"<{len(instructions)}I", *instructions)


WFI, BACK, SPIN = 0xd503207f, 0x17ffffff, 0x14000000  # BACK: to the word before
# RSI_VERSION(1.0), then waiting for ever.
ASKS_AND_WAITS = words(0xd2803200, 0xf2b88000, 0xd2a00021, 0xd4000003, WFI, BACK)
WAITS = words(WFI, BACK)
SPINS = words(SPIN)
# VBAR_EL1 = 0x80000000, then a load from 0x09000000, where a realm has no PL011. Each vector waits for ever.
LOADS_PROTECTED_PL011 = words(0xd2b00002, 0xd518c002, 0xd5033fdf, 0xd2a12000, 0xb9400001).ljust(0x200, b"\0") + (
    WAITS.ljust(0x80, b"\0") * 12)
# PSCI SYSTEM_OFF.
POWERS_OFF = words(0xd2800100, 0xf2b08000, 0xd4000003)


def image(page_size_flag=1, image_size=0x10000, size=0x10000, magic=b"ARM\x64"):
    """An arm64 Image's header and nothing behind it. `page_size_flag`: 1 is 4 KiB, 2 is 16 KiB, 3 is 64 KiB."""
    header = struct.pack("<IIQQQQQQ", SPIN, 0, 0, image_size, page_size_flag << 1, 0, 0, 0) + magic + bytes(4)
    return header.ljust(size, b"\0")


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    maxDiff = None

    def setUp(self):
        program()
        folder = tempfile.TemporaryDirectory(prefix="ccasim-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, content=b""):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def config(self, machine=None, **vm):
        """A configuration of one VM."""
        return self.file("config.json", json.dumps({"machine": machine or {}, "vms": [vm]}))

    def raw(self, code, **vm):
        """A configuration whose guest is the bytes `code`, or one of our own guests by name."""
        if isinstance(code, str):
            guest = {"binary": f"@guest/{code}.bin"}
        else:
            guest = {"binary": str(self.file("guest.bin", code))}
        return self.config(**{"name": "g", "memory": "64MiB", "boot": "raw", **guest, **vm})

    def assert_refused(self, done, code, *said):
        """The run ended with `code` and one line on standard error that says all of `said`."""
        self.assertEqual(done.code, code, done)
        lines = done.err.splitlines()
        self.assertEqual(len(lines), 1, done)
        self.assertTrue(lines[0].startswith("ccasim: "), done)
        self.assertNotIn("internal error", lines[0])
        for text in said:
            self.assertIn(text, lines[0])

    @contextlib.contextmanager
    def nothing_new(self):
        """Nothing appears in the test's folder meanwhile."""
        before = sorted(self.folder.rglob("*"))
        yield
        self.assertEqual(sorted(self.folder.rglob("*")), before)
