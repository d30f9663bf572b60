// SPDX-License-Identifier: GPL-2.0-or-later
// ECDSA on P-384 with SHA-384 (COSE's ES384), deterministic (RFC 6979): the same token is signed alike in every run.
#pragma once

#include <string_view>

#include "rmm/abi/token/cose.h"

namespace sim {

class Es384Key {
 public:
  // From the private scalar, 96 hexadecimal digits.
  explicit Es384Key(std::string_view scalar);
  ~Es384Key();
  Es384Key(const Es384Key&) = delete;
  Es384Key& operator=(const Es384Key&) = delete;

  const abi::token::P384Point& public_key() const { return public_; }
  abi::token::Es384Signature sign(const abi::token::Sha384Digest& digest) const;

 private:
  void* private_;  // libgcrypt's expression of the private key
  abi::token::P384Point public_;
};

abi::token::Sha384Digest sha384(abi::token::ByteView data);
std::array<std::uint8_t, 32> sha256(abi::token::ByteView data);

}  // namespace sim
