// SPDX-License-Identifier: GPL-2.0-or-later
// Attestation by EL3 firmware and the secure element behind it: the keys, and the platform's part of a token (DEN0137
// 1.0-rel0 A7.2.3.2). The keys are test keys (test_keys.h), the platform's claims are those of no real platform.
#pragma once

#include <functional>

#include "rmm/port/attestation.h"
#include "rmm/port/clock.h"
#include "sim/firmware/es384.h"

namespace sim {

class Attestation : public rmm::port::Attestation {
 public:
  // True: firmware fails to sign, for tests of who asked.
  using Fault = std::function<bool()>;

  // Signing costs virtual time.
  explicit Attestation(rmm::port::Clock& clock);

  void set_fault(Fault fault) { fault_ = std::move(fault); }
  // What a verifier needs (IAK_pub).
  const abi::token::P384Point& initial_attestation_key() const { return iak_.public_key(); }

  // rmm::port::Attestation
  unsigned rounds() const override;
  void work() override;
  abi::token::P384Point realm_attestation_key() const override { return rak_.public_key(); }
  std::optional<abi::token::Es384Signature> sign(const abi::token::Sha384Digest& digest) override;
  std::optional<abi::token::Bytes> platform_token(abi::token::ByteView challenge) override;
  std::size_t max_platform_token_size() const override { return 1024; }

 private:
  bool spend_and_fail();
  abi::token::Bytes claims(abi::token::ByteView challenge) const;

  rmm::port::Clock& clock_;
  Es384Key iak_, rak_;
  Fault fault_;
};

}  // namespace sim
