// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/v2_0/dispatcher.h"

#include "rmm/call/unknown.h"

namespace rmm::v2_0 {
namespace {

constexpr const Row* kRows[] = {
    &kVersion, &kFeatures, &kGranuleRangeDelegate, &kGranuleRangeUndelegate, &kRttDataMap, &kRealmTerminate,
};

}  // namespace

std::span<const Row* const> Dispatcher::rows() { return kRows; }

abi::SmcRegs Dispatcher::rmi(port::Pe& pe, const abi::SmcRegs& regs) {
  const call::Environment environment{platform_, state_, limits_, switches_};
  for (const Row* row : kRows)
    if (row->command->fid == regs.fid()) return row->run(environment, pe, regs);
  return call::refuse_unknown(environment, pe, regs);
}

}  // namespace rmm::v2_0
