// SPDX-License-Identifier: GPL-2.0-or-later
// What EL3 firmware does for attestation (DEN0137 1.0-rel0 A7.2.3): it vouches for the platform and for the Realm
// Attestation Key (RAK), and keeps the private keys.
#pragma once

#include <cstddef>
#include <optional>

#include "rmm/abi/token/cose.h"

namespace rmm::port {

class Attestation {
 public:
  virtual ~Attestation() = default;
  // RAK_pub, the same for the platform's life.
  virtual abi::token::P384Point realm_attestation_key() const = 0;
  // A signature is long work, which the monitor interrupts between its rounds: `rounds() - 1` times work(), then sign()
  // or platform_token(), which do the last.
  virtual unsigned rounds() const { return 1; }
  virtual void work() {}
  // Signs a SHA-384 digest with the RAK. nullopt: it failed, nothing is signed.
  virtual std::optional<abi::token::Es384Signature> sign(const abi::token::Sha384Digest& digest) = 0;
  // The CCA platform token, a COSE_Sign1_Tagged, over this challenge: the hash of RAK_pub. nullopt: it failed.
  virtual std::optional<abi::token::Bytes> platform_token(abi::token::ByteView challenge) = 0;
  // No platform token is longer.
  virtual std::size_t max_platform_token_size() const = 0;
};

}  // namespace rmm::port
