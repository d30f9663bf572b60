# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys and signatures on the curve P-384: their forms here, the arithmetic in the `openssl` command."""

import hashlib
import pathlib
import subprocess
import tempfile

# FIPS 186-4 D.1.2.4
PRIME = 2**384 - 2**128 - 2**96 + 2**32 - 1
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
B = 0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF
SIZE = 48

# DER: SEQUENCE { SEQUENCE { id-ecPublicKey, secp384r1 }, BIT STRING 04 || x || y } up to the point
SPKI_PREFIX = bytes.fromhex("3076301006072a8648ce3d020106052b81040022036200")
# DER: SEQUENCE { INTEGER 1, OCTET STRING of 48 bytes, [0] secp384r1 } around the scalar
SEC1_PREFIX, SEC1_SUFFIX = bytes.fromhex("303e0201010430"), bytes.fromhex("a00706052b81040022")


class BadKey(Exception):
    pass


def openssl(*arguments, data=b""):
    """What `openssl` prints; None if it fails."""
    try:
        done = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=False)
    except FileNotFoundError:
        raise BadKey("the command `openssl` is missing; install the package openssl") from None
    return done.stdout if done.returncode == 0 else None


def on_curve(x, y):
    return x < PRIME and y < PRIME and (y * y - (x * x * x - 3 * x + B)) % PRIME == 0


class PublicKey:
    def __init__(self, x, y):
        """Two coordinates of 48 bytes."""
        if len(x) != SIZE or len(y) != SIZE:
            raise BadKey(f"coordinates of P-384 have {SIZE} bytes, these have {len(x)} and {len(y)}")
        if not on_curve(int.from_bytes(x, "big"), int.from_bytes(y, "big")):
            raise BadKey("the point isn't on P-384")
        self.x, self.y = x, y

    @property
    def point(self):
        return b"\x04" + self.x + self.y

    @staticmethod
    def from_point(point):
        """An uncompressed point, 04 || x || y."""
        if len(point) != 1 + 2 * SIZE or point[0] != 4:
            raise BadKey(f"an uncompressed point of P-384 is 04 and {2 * SIZE} bytes")
        return PublicKey(point[1:1 + SIZE], point[1 + SIZE:])

    @staticmethod
    def from_file(path):
        """A key in PEM or DER, public or private, or an uncompressed point, binary or in hex."""
        data = pathlib.Path(path).read_bytes()
        try:
            text = bytes.fromhex(data.decode("ascii"))
        except ValueError:
            text = data
        if len(text) == 1 + 2 * SIZE:
            return PublicKey.from_point(text)
        for form in (["-pubin"], []):
            der = openssl("pkey", *form, "-in", path, "-pubout", "-outform", "DER")
            if der is not None and der.startswith(SPKI_PREFIX):
                return PublicKey.from_point(der[len(SPKI_PREFIX):])
        raise BadKey(f"{path}: no P-384 key in PEM or DER and no point")

    def verifies(self, message, signature):
        """Whether `signature`, r || s, is of `message` by ECDSA with SHA-384."""
        if not well_formed(signature):
            return False
        with tempfile.TemporaryDirectory() as folder:
            key, der = pathlib.Path(folder, "key"), pathlib.Path(folder, "signature")
            key.write_bytes(SPKI_PREFIX + self.point)
            der.write_bytes(to_der(signature))
            said = openssl("dgst", "-sha384", "-verify", key, "-keyform", "DER", "-signature", der, data=message)
        return said is not None and said.strip() == b"Verified OK"


class PrivateKey:
    """A key of the tests and of forgeries: its scalar is the hash of a public text, so it protects nothing."""

    def __init__(self, name):
        scalar = int.from_bytes(hashlib.sha384(f"a key of a test: {name}".encode()).digest(), "big") % (ORDER - 1) + 1
        self.der = SEC1_PREFIX + scalar.to_bytes(SIZE, "big") + SEC1_SUFFIX
        public = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", data=self.der)
        if public is None:
            raise BadKey("this `openssl` knows no P-384")
        self.public = PublicKey.from_point(public[len(SPKI_PREFIX):])

    def sign(self, message):
        """r || s by ECDSA with SHA-384."""
        with tempfile.TemporaryDirectory() as folder:
            key = pathlib.Path(folder, "key")
            key.write_bytes(self.der)
            return from_der(openssl("dgst", "-sha384", "-sign", key, "-keyform", "DER", data=message))


def well_formed(signature):
    r, s = (int.from_bytes(half, "big") for half in (signature[:SIZE], signature[SIZE:]))
    return len(signature) == 2 * SIZE and 0 < r < ORDER and 0 < s < ORDER


def to_der(signature):
    """r || s as DER SEQUENCE { INTEGER r, INTEGER s }, which is what openssl reads. 96 bytes fit short lengths."""

    def integer(data):
        data = data.lstrip(b"\0") or b"\0"
        data = b"\0" + data if data[0] & 0x80 else data  # DER integers are signed
        return bytes([2, len(data)]) + data

    body = integer(signature[:SIZE]) + integer(signature[SIZE:])
    return bytes([0x30, len(body)]) + body


def from_der(der):
    """The reverse of to_der()."""
    halves, at = b"", 2
    for _ in range(2):
        size = der[at + 1]
        halves += int.from_bytes(der[at + 2:at + 2 + size], "big").to_bytes(SIZE, "big")
        at += 2 + size
    return halves
