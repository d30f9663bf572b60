// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/list_registers.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "rmm/abi/arch/gic.h"

namespace rmm::check {

std::string forbidden_in_list_registers(const abi::v1_0::RecEnter& enter, unsigned count) {
  namespace gic = abi::gic;
  constexpr std::uint64_t kUsed = 3ULL << 62;
  constexpr std::uint64_t kHw = 1ULL << 61;
  constexpr std::uint64_t kPriorityRes0 = 7ULL << 48;       // 5 priority bits of 8
  constexpr std::uint64_t kPintidButEoi = 0x1dffULL << 32;  // bits 44:32 without 41
  if (const std::uint64_t bits = enter.gicv3_hcr & ~gic::kHcrRecEnterMask; bits != 0)
    return fmt::format("the bits {:#x} of gicv3_hcr are not the host's", bits);
  std::map<std::uint64_t, std::size_t> users;
  for (std::size_t n = 0; n < std::min<std::size_t>(count, enter.gicv3_lrs.size()); ++n) {
    const std::uint64_t lr = enter.gicv3_lrs[n];
    if ((lr & kUsed) == 0) continue;
    if (const std::uint64_t bits = lr & (kHw | kPriorityRes0 | kPintidButEoi); bits != 0)
      return fmt::format("gicv3_lrs[{}] is {:#x}, whose bits {:#x} must be zero", n, lr, bits);
    const std::uint64_t intid = lr & 0xffffffff;
    if (intid >= 1020 && (intid < 8192 || intid > 0xffff))
      return fmt::format("gicv3_lrs[{}] has vINTID {}, which doesn't exist", n, intid);
    if (const auto [user, alone] = users.emplace(intid, n); !alone)
      return fmt::format("gicv3_lrs[{}] and gicv3_lrs[{}] have the same vINTID {}", user->second, n, intid);
  }
  return {};
}

}  // namespace rmm::check
