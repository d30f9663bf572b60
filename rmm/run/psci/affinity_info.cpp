// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI_AFFINITY_INFO (B6.3.1).
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/psci/psci.h"

namespace rmm::run::psci {
namespace {

constexpr call::Parameter kIn[] = {{"target_affinity", 1}, {"lowest_affinity_level", 2}};
constexpr std::uint64_t kInvalidParameters = raw(abi::v1_0::PsciStatus::kInvalidParameters);
constexpr call::Condition kConditions[] = {
    {"target_bound", kInvalidParameters, "the lowest affinity level is not 0", "lowest_affinity_level"},
    {"target_match", kInvalidParameters, "no REC of the realm has this MPIDR", "target_affinity"},
};
constexpr std::uint64_t kLevelMask = 0xffffffff;  // X2[31:0]; the rest is ignored (D3)

}  // namespace

constexpr call::Command kAffinityInfo{
    .interface = port::Interface::kPsci,
    .name = "PSCI_AFFINITY_INFO",
    .fid = abi::v1_0::kPsciAffinityInfo,
    .fid32 = abi::v1_0::kPsciAffinityInfo32,
    .in = kIn,
    .conditions = kConditions,
    .effect = "Returns 0 (on) or 1 (off); REC exit unless the caller asks of itself."};

Next affinity_info(Context& c, const abi::SmcRegs& regs) {
  call::Call<kAffinityInfo> call(c.environment, c.pe, regs, c.rec_pa());
  const core::Rec* target = find_rec(c, call.in<"target_affinity">());
  const std::uint64_t level = call.in<"lowest_affinity_level">() & kLevelMask;
  if (call.fails<"target_bound">(level != 0)) return answer(c, call, call.failed());
  if (call.fails<"target_match">(target == nullptr)) return answer(c, call, call.failed());
  if (target == &c.rec) return answer(c, call, call.done());
  return exit_pending(c, call, {call.in<"target_affinity">(), 0, 0});
}

}  // namespace rmm::run::psci
