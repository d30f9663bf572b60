// SPDX-License-Identifier: GPL-2.0-or-later
// I26: a token, as the realm gets it hunk by hunk, says what the realm was when RSI_ATTESTATION_TOKEN_INIT was called,
// with the challenge given there; the platform's part is bound to the realm's by the hash of the Realm Attestation Key
// (RAK), and the RAK's signature verifies. The same claims give the same token.
#pragma once

#include <map>
#include <string>

#include "rmm/abi/token/cose.h"
#include "rmm/check/findings.h"
#include "rmm/check/progress.h"
#include "rmm/port/platform.h"

namespace rmm::check {

class TokenCheck {
 public:
  TokenCheck(port::Platform& platform, Findings& findings) : platform_(platform), findings_(findings) {}

  // A call of the realm that `run` runs has ended.
  void call_ended(const RunProgress& run, const port::CommandEnd& event);
  // The REC is gone.
  void rec_ended(abi::Pa rec) { operations_.erase(rec.value); }
  void forget() { operations_.clear(); }

 private:
  struct Operation {
    abi::token::Bytes challenge;
    core::Realm realm;  // as it was
    abi::token::Bytes token;
  };
  void expect_token(abi::Pa rec, const Operation& operation);

  port::Platform& platform_;
  Findings& findings_;
  std::map<std::uint64_t, Operation> operations_;         // by REC
  std::map<abi::token::Bytes, abi::token::Bytes> known_;  // hash of claims: hash of the token
};

}  // namespace rmm::check
