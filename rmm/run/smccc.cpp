// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/smccc.h"

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/types.h"

namespace rmm::run::smccc {
namespace {

constexpr call::Parameter kArchFeaturesIn[] = {{"arch_func_id", 1}};

}  // namespace

constexpr call::Command kVersion{.interface = port::Interface::kPsci,
                                 .name = "SMCCC_VERSION",
                                 .fid = abi::v1_0::kSmcccVersion,
                                 .effect = "Returns version 1.2 (D7)."};
constexpr call::Command kArchFeatures{.interface = port::Interface::kPsci,
                                      .name = "SMCCC_ARCH_FEATURES",
                                      .fid = abi::v1_0::kSmcccArchFeatures,
                                      .in = kArchFeaturesIn,
                                      .effect = "Returns 0 for SMCCC_VERSION and itself, else NOT_SUPPORTED."};

Next version(Context& c, const abi::SmcRegs& regs) {
  call::Call<kVersion> call(c.environment, c.pe, regs, c.rec_pa());
  return answer(c, call, call.done_as(abi::v1_0::kSmcccVersion12));
}

Next arch_features(Context& c, const abi::SmcRegs& regs) {
  call::Call<kArchFeatures> call(c.environment, c.pe, regs, c.rec_pa());
  const std::uint64_t id = call.in<"arch_func_id">();
  const bool known = id == abi::v1_0::kSmcccVersion || id == abi::v1_0::kSmcccArchFeatures;
  return answer(c, call, call.done_as(known ? 0 : abi::kSmcNotSupported));
}

}  // namespace rmm::run::smccc
