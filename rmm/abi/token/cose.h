// SPDX-License-Identifier: GPL-2.0-or-later
// COSE_Sign1 (RFC 9052 4.2) with ES384, and the COSE_Key of a P-384 point (RFC 9053 7.1.1).
#pragma once

#include "rmm/abi/token/cbor.h"

namespace abi::token {

inline constexpr std::size_t kP384Size = 48;  // bytes of a coordinate, of a scalar and of a SHA-384 digest

struct P384Point {
  std::array<std::uint8_t, kP384Size> x{}, y{};
  bool operator==(const P384Point&) const = default;
};
using Sha384Digest = std::array<std::uint8_t, kP384Size>;
using Es384Signature = std::array<std::uint8_t, 2 * kP384Size>;  // r || s

inline constexpr std::uint64_t kSign1Tag = 18;

// {alg: ES384}, the only header.
inline Bytes protected_header() {
  constexpr std::int64_t kAlgorithm = 1, kEs384 = -35;
  return CborWriter().map(1).integer(kAlgorithm).integer(kEs384).take();
}

// What is hashed and signed: Sig_structure without external data (RFC 9052 4.4).
inline Bytes signed_bytes(ByteView payload) {
  return CborWriter().array(4).text("Signature1").bytes(protected_header()).bytes({}).bytes(payload).take();
}

// COSE_Sign1_Tagged.
inline Bytes sign1(ByteView payload, const Es384Signature& signature) {
  CborWriter out;
  out.tag(kSign1Tag).array(4).bytes(protected_header()).map(0).bytes(payload).bytes(signature);
  return out.take();
}

// COSE_Key: key type EC2, curve P-384, x, y.
inline Bytes cose_key(const P384Point& key) {
  constexpr std::int64_t kKeyType = 1, kEc2 = 2, kCurve = -1, kP384 = 2, kX = -2, kY = -3;
  CborWriter out;
  out.map(4).integer(kKeyType).integer(kEc2).integer(kCurve).integer(kP384);
  out.integer(kX).bytes(key.x).integer(kY).bytes(key.y);
  return out.take();
}

}  // namespace abi::token
