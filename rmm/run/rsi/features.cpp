// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_FEATURES (B5.3.3). Version 1.0 has no features to report: every index reads as zero.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"index", 1}};
constexpr call::Parameter kOut[] = {{"value", 1}};

}  // namespace

constexpr call::Command kFeatures{.interface = port::Interface::kRsi,
                                  .name = "RSI_FEATURES",
                                  .fid = abi::v1_0::kRsiFeatures,
                                  .in = kIn,
                                  .out = kOut,
                                  .effect = "Returns zero."};

Next features(Context& c, const abi::SmcRegs& regs) {
  call::Call<kFeatures> call(c.environment, c.pe, regs, c.rec_pa());
  return answer(c, call, call.done());
}

}  // namespace rmm::run::rsi
