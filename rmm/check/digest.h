// SPDX-License-Identifier: GPL-2.0-or-later
// Hashes and signatures for the checks, from the library and not from the monitor.
#pragma once

#include <cstddef>
#include <span>

#include "rmm/abi/token/cose.h"
#include "rmm/core/realm.h"

namespace rmm::check {

// A digest by the realm's algorithm, zero padded.
core::Measurement realm_digest(abi::v1_0::HashAlgorithm algorithm, std::span<const std::byte> data);
abi::token::Bytes sha256(abi::token::ByteView data);
// ECDSA with SHA-384 over P-384 (RFC 9053 2.1).
bool es384_verifies(const abi::token::P384Point& key, abi::token::ByteView message, abi::token::ByteView signature);

}  // namespace rmm::check
