// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/v1_0/table.h"

#include "rmm/call/unknown.h"

namespace rmm::v1_0 {
namespace {

constexpr const Row* kRows[] = {
    &kVersion,       &kGranuleDelegate, &kGranuleUndelegate, &kDataCreate,   &kDataCreateUnknown,   &kDataDestroy,
    &kRealmActivate, &kRealmCreate,     &kRealmDestroy,      &kRecCreate,    &kRecDestroy,          &kRecEnter,
    &kRttCreate,     &kRttDestroy,      &kRttMapUnprotected, &kRttReadEntry, &kRttUnmapUnprotected, &kPsciComplete,
    &kFeatures,      &kRttFold,         &kRecAuxCount,       &kRttInitRipas, &kRttSetRipas,
};

// Index by function id: RMI ids are dense from RMI_VERSION on.
constexpr std::uint32_t kFirst = abi::v1_0::kRmiVersion;
constexpr std::size_t kCount = abi::v1_0::kRmiRttSetRipas - kFirst + 1;

std::array<const Row*, kCount> make_index() {
  std::array<const Row*, kCount> index{};
  for (const Row* row : kRows) index[row->command->fid - kFirst] = row;
  return index;
}

}  // namespace

std::span<const Row* const> rmi_rows() { return kRows; }

abi::SmcRegs dispatch_rmi(const call::Environment& environment, port::Pe& pe, const abi::SmcRegs& regs) {
  static const std::array<const Row*, kCount> kIndex = make_index();
  const std::uint32_t slot = regs.fid() - kFirst;
  if (slot < kCount && kIndex[slot] != nullptr) return kIndex[slot]->run(environment, pe, regs);
  return call::refuse_unknown(environment, pe, regs);
}

}  // namespace rmm::v1_0
