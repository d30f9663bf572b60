// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/list_registers.h"

#include <algorithm>
#include <set>

#include "rmm/abi/arch/gic.h"

namespace rmm::check {

bool list_registers_are_allowed(const abi::v1_0::RecEnter& enter, unsigned count) {
  namespace gic = abi::gic;
  constexpr std::uint64_t kUsed = 3ULL << 62;
  constexpr std::uint64_t kHw = 1ULL << 61;
  constexpr std::uint64_t kPriorityRes0 = 7ULL << 48;       // 5 priority bits of 8
  constexpr std::uint64_t kPintidButEoi = 0x1dffULL << 32;  // bits 44:32 without 41
  if ((enter.gicv3_hcr & ~gic::kHcrRecEnterMask) != 0) return false;
  std::set<std::uint64_t> intids;
  for (std::size_t n = 0; n < std::min<std::size_t>(count, enter.gicv3_lrs.size()); ++n) {
    const std::uint64_t lr = enter.gicv3_lrs[n];
    if ((lr & kUsed) == 0) continue;
    const std::uint64_t intid = lr & 0xffffffff;
    const bool exists = intid < 1020 || (intid >= 8192 && intid <= 0xffff);
    if ((lr & (kHw | kPriorityRes0 | kPintidButEoi)) != 0 || !exists || !intids.insert(intid).second) return false;
  }
  return true;
}

}  // namespace rmm::check
