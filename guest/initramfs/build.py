#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the initramfs of the Linux guest: our init and a static busybox; on request kernel modules; nothing else.

The archive is a function of its inputs: fixed order, owners, times and inode numbers, and a gzip header without name
and time. Device nodes are only bytes of the archive, so that no root is needed.
"""

import argparse
import gzip
import hashlib
import lzma
import pathlib
import re
import stat
import sys

INIT = pathlib.Path(__file__).resolve().parent / "init"
# The applets init calls before it may install all of them for the shell.
APPLETS = ["base64", "cat", "cttyhack", "cut", "dmesg", "grep", "hostname", "insmod", "mkdir", "mount", "poweroff",
           "seq", "setsid", "sh", "sha256sum", "sleep", "taskset", "tr"]
# The module behind /sys/kernel/config/tsm in a realm; others are there because it needs them.
TOKEN_MODULE = "arm-cca-guest"
DEPENDS = re.compile(rb"(?:^|\0)depends=([^\0]*)\0")


class Archive:
    """A cpio archive in the "newc" format, as Documentation/driver-api/early-userspace/buffer-format.rst has it."""

    def __init__(self):
        self._bytes = bytearray()
        self._inode = 0

    def add(self, name, mode, data=b"", device=(0, 0)):
        """Appends one entry. `name` is relative to the root; `mode` includes the file type."""
        self._inode += 1
        self._entry(name, self._inode, mode, 2 if stat.S_ISDIR(mode) else 1, data, device)

    def finished(self):
        self._entry("TRAILER!!!", 0, 0, 1, b"", (0, 0))
        self._pad(512)
        return bytes(self._bytes)

    def _entry(self, name, inode, mode, links, data, device):
        encoded = name.encode() + b"\0"
        fields = [inode, mode, 0, 0, links, 0, len(data), 0, 0, device[0], device[1], len(encoded), 0]
        self._bytes += b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        self._pad(4)
        self._bytes += data
        self._pad(4)

    def _pad(self, alignment):
        self._bytes += b"\0" * (-len(self._bytes) % alignment)


class NoModules(Exception):
    pass


def read_modules(folder):
    """{name: contents} of the modules of a folder, decompressed."""
    modules = {}
    for path in sorted(folder.iterdir()):
        name, _, kind = path.name.partition(".ko")
        if kind not in ("", ".xz"):
            raise NoModules(f"{path}: only modules that are not compressed, or by xz, can be read")
        modules[name] = lzma.decompress(path.read_bytes()) if kind else path.read_bytes()
    return modules


def with_dependencies(modules, wanted):
    """The modules to load, in this order, so that `wanted` can be. One that is no file is part of the kernel."""
    # The kernel takes - and _ in names for the same.
    files = {name.replace("-", "_"): name for name in modules}
    order = []

    def add(name):
        file = files.get(name.replace("-", "_"))
        if file is None or file in order:
            return
        depends = DEPENDS.search(modules[file])
        for needed in depends[1].decode().split(",") if depends else []:
            add(needed)
        order.append(file)

    add(wanted)
    if not order:
        raise NoModules(f"there is no module {wanted}")
    return order


def initramfs(busybox, init, modules=None):
    """The uncompressed archive, given the contents of the two programs and of modules by name."""
    archive = Archive()
    for directory in ["bin", "dev", "proc", "sys"]:
        archive.add(directory, stat.S_IFDIR | 0o755)
    # The kernel opens /dev/console for init before init can mount devtmpfs.
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add("bin/busybox", stat.S_IFREG | 0o755, busybox)
    for applet in APPLETS:
        archive.add("bin/" + applet, stat.S_IFLNK | 0o777, b"busybox")
    archive.add("check.sha256", stat.S_IFREG | 0o644, hashlib.sha256(init).hexdigest().encode() + b"  /init\n")
    if modules:
        order = with_dependencies(modules, TOKEN_MODULE)
        archive.add("modules", stat.S_IFDIR | 0o755)
        for name in order:
            archive.add(f"modules/{name}.ko", stat.S_IFREG | 0o644, modules[name])
        archive.add("modules/order", stat.S_IFREG | 0o644, "".join(f"{name}\n" for name in order).encode())
    archive.add("init", stat.S_IFREG | 0o755, init)
    return archive.finished()


def main():
    parser = argparse.ArgumentParser(description="Build the initramfs of the Linux guest.")
    parser.add_argument("--busybox", type=pathlib.Path, required=True, help="a statically linked AArch64 busybox")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="the .cpio.gz to write")
    parser.add_argument("--modules", type=pathlib.Path, metavar="FOLDER", help="kernel modules to ask for a token with")
    options = parser.parse_args()
    try:
        modules = read_modules(options.modules) if options.modules else None
        content = initramfs(options.busybox.read_bytes(), INIT.read_bytes(), modules)
        # Written beside and renamed, so that an interrupted build never leaves half an archive.
        unfinished = options.output.with_name(options.output.name + ".part")
        unfinished.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
        unfinished.replace(options.output)
    except (OSError, lzma.LZMAError, NoModules) as error:
        sys.exit(f"build.py: {error}")


if __name__ == "__main__":
    main()
