// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_ATTESTATION_TOKEN_CONTINUE (B5.3.1). The platform has no attestation service: the call is not supported.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"addr", 1}, {"offset", 2}, {"size", 3}};
constexpr call::Parameter kOut[] = {{"len", 1}};
constexpr call::Condition kConditions[] = {
    {"addr_align", kErrorInput, "addr is not aligned to a granule"},
    {"addr_bound", kErrorInput, "addr is not a Protected IPA"},
    {"offset_bound", kErrorInput, "the offset is outside the granule"},
    {"size_overflow", kErrorInput, "offset + size overflows"},
    {"size_bound", kErrorInput, "the buffer ends outside the granule"},
    {"state", kErrorState, "no token operation is in progress"},
    {"unknown", kErrorUnknown, "the token could not be made"},
};

}  // namespace

constexpr call::Command kAttestationTokenContinue{.interface = port::Interface::kRsi,
                                                  .name = "RSI_ATTESTATION_TOKEN_CONTINUE",
                                                  .fid = abi::v1_0::kRsiAttestationTokenContinue,
                                                  .in = kIn,
                                                  .out = kOut,
                                                  .conditions = kConditions,
                                                  .effect = "Unimplemented: returns NOT_SUPPORTED."};

Next attestation_token_continue(Context& c, const abi::SmcRegs& regs) {
  call::Call<kAttestationTokenContinue> call(c.environment, c.pe, regs, c.rec_pa());
  return answer(c, call, call.done_as(abi::kSmcNotSupported));
}

}  // namespace rmm::run::rsi
