// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_VERSION (B5.3.10).
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"req", 1}};
constexpr call::Parameter kOut[] = {{"lower", 1}, {"higher", 2}};
constexpr call::Condition kConditions[] = {
    {"_version_lower", kErrorInput, "only a revision below the requested one is supported", "req"},
    {"_version_higher", kErrorInput, "only a revision above the requested one is supported", "req"},
};
constexpr std::uint64_t kVersionMask = 0x7fffffff;  // B5.4.6: major 30:16, minor 15:0
constexpr std::uint64_t kSupported = abi::v1_0::kInterfaceVersion10;

}  // namespace

constexpr call::Command kVersion{.interface = port::Interface::kRsi,
                                 .name = "RSI_VERSION",
                                 .fid = abi::v1_0::kRsiVersion,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .effect = "Returns the supported revisions: 1.0 alone."};

Next version(Context& c, const abi::SmcRegs& regs) {
  call::Call<kVersion> call(c.environment, c.pe, regs, c.rec_pa());
  const std::uint64_t wanted = call.in<"req">() & kVersionMask;
  // One revision is supported: it is the lower and the higher one in each of the three cases.
  call.output<"lower">(kSupported);
  call.output<"higher">(kSupported);
  if (call.fails<"_version_lower">(wanted > kSupported)) return answer(c, call, call.failed());
  if (call.fails<"_version_higher">(wanted < kSupported)) return answer(c, call, call.failed());
  return answer(c, call, call.done());
}

}  // namespace rmm::run::rsi
