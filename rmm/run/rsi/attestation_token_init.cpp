// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_ATTESTATION_TOKEN_INIT (B5.3.2). The platform has no attestation service: the call is not supported.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"challenge_0", 1}, {"challenge_1", 2}, {"challenge_2", 3}, {"challenge_3", 4},
                                   {"challenge_4", 5}, {"challenge_5", 6}, {"challenge_6", 7}, {"challenge_7", 8}};
constexpr call::Parameter kOut[] = {{"size", 1}};

}  // namespace

constexpr call::Command kAttestationTokenInit{.interface = port::Interface::kRsi,
                                              .name = "RSI_ATTESTATION_TOKEN_INIT",
                                              .fid = abi::v1_0::kRsiAttestationTokenInit,
                                              .in = kIn,
                                              .out = kOut,
                                              .effect = "Unimplemented: returns NOT_SUPPORTED."};

Next attestation_token_init(Context& c, const abi::SmcRegs& regs) {
  call::Call<kAttestationTokenInit> call(c.environment, c.pe, regs, c.rec_pa());
  return answer(c, call, call.done_as(abi::kSmcNotSupported));
}

}  // namespace rmm::run::rsi
