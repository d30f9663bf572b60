// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/firmware/el3.h"

#include <utility>

#include "rmm/abi/v1_0/function_ids.h"
#include "sim/firmware/costs.h"

namespace sim {
namespace {

constexpr std::uint64_t kSmcccVersion1_2 = 0x10002;
constexpr std::uint64_t kPsciVersion1_1 = 0x10001;
constexpr std::uint64_t kPsciNoMigration = 2;  // MIGRATE_INFO_TYPE: no trusted OS that would need migration
constexpr std::uint64_t kSuccess = 0;

bool is_supported(std::uint64_t fid) {
  switch (static_cast<std::uint32_t>(fid)) {
    case abi::v1_0::kSmcccVersion:
    case abi::v1_0::kSmcccArchFeatures:
    case abi::v1_0::kPsciVersion:
    case abi::v1_0::kPsciFeatures:
    case abi::v1_0::kPsciMigrateInfoType: return true;
    default: return false;
  }
}

}  // namespace

El3::El3(const Dram& dram, sim::Gpt& table, rmm::port::Clock& clock, CurrentPe current_pe)
    : dram_(dram), table_(table), clock_(clock), current_pe_(std::move(current_pe)) {
  for (const auto& bank : dram_.banks()) banks_.push_back({bank.base, bank.size});
}

abi::SmcRegs El3::route(rmm::port::Pe& pe, const abi::SmcRegs& in) {
  clock_.spend_ns(costs::kSmcNs);
  if (smc_fault_)
    if (const auto answer = smc_fault_(in)) return *answer;
  if (psci_ != nullptr)
    if (const auto answer = psci_->call(pe.id().value, in)) return *answer;
  if (!abi::v1_0::is_rmi(in.fid()) || !monitor_) return own_service(in);
  clock_.spend_ns(costs::kWorldSwitchNs + costs::rmi_ns(in.fid()));
  return monitor_(pe, in);
}

// SMCCC, and PSCI as the native host asks firmware. CPU power is the machine's configuration there: every PE is on from
// the start, and the calls that change it are unknown here.
abi::SmcRegs El3::own_service(const abi::SmcRegs& in) const {
  abi::SmcRegs out = in;
  switch (in.fid()) {
    case abi::v1_0::kSmcccVersion: out.x[0] = kSmcccVersion1_2; break;
    case abi::v1_0::kPsciVersion: out.x[0] = kPsciVersion1_1; break;
    case abi::v1_0::kPsciMigrateInfoType: out.x[0] = kPsciNoMigration; break;
    case abi::v1_0::kSmcccArchFeatures:
    case abi::v1_0::kPsciFeatures: out.x[0] = is_supported(in.x[1]) ? kSuccess : abi::kSmcNotSupported; break;
    default: out.x[0] = abi::kSmcNotSupported; break;
  }
  return out;
}

bool El3::set_pas(abi::GranulePa granule, abi::Pas pas) {
  const auto is_transferable = [](abi::Pas p) { return p == abi::Pas::kNonSecure || p == abi::Pas::kRealm; };
  if (!dram_.contains(granule) || !is_transferable(pas) || !is_transferable(table_.pas(granule))) return false;
  if (pas_refusal_ && pas_refusal_(granule, pas)) return false;
  table_.set(granule, pas);
  return true;
}

}  // namespace sim
