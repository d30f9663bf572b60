// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/vgic.h"

#include <algorithm>
#include <span>

#include "rmm/abi/arch/gic.h"
#include "rmm/run/enter.h"

namespace rmm::run {
namespace {

namespace gic = abi::gic;

// A6.1: the only bits of enter.gicv3_hcr that may be set.
constexpr std::uint64_t kHostHcr = gic::kHcrUie | gic::kHcrLrenpie | gic::kHcrNpie | gic::kHcrVgrp0Eie |
                                   gic::kHcrVgrp0Die | gic::kHcrVgrp1Eie | gic::kHcrVgrp1Die | gic::kHcrTdir;

constexpr std::uint64_t kPriorityRes0 = ((1ULL << (8 - gic::kPriorityBits)) - 1) << gic::kLrPriorityShift;
constexpr std::uint64_t kFirstSpecialIntid = 1020;
constexpr std::uint64_t kFirstLpi = 8192;
constexpr std::uint64_t kIntidEnd = 1ULL << 16;  // ICH_VTR_EL2.IDbits: 16 bits; no extended SPI or PPI range

constexpr bool intid_is_valid(std::uint64_t intid) {
  return intid < kFirstSpecialIntid || (intid >= kFirstLpi && intid < kIntidEnd);
}

constexpr bool is_used(std::uint64_t lr) { return (lr & gic::kLrStateMask) != 0; }

// D9: HW = 0, of pINTID only the EOI bit, unimplemented priority bits zero, a vINTID that exists.
constexpr bool list_register_is_valid(std::uint64_t lr) {
  return (lr & gic::kLrHw) == 0 && (lr & gic::kLrPintidMask & ~gic::kLrEoi) == 0 && (lr & kPriorityRes0) == 0 &&
         intid_is_valid(lr & gic::kLrVintidMask);
}

unsigned num_lrs(const core::Limits& limits) { return std::min<unsigned>(limits.num_lrs, gic::kNumListRegisters); }

}  // namespace

bool gicv3_entry_valid(const abi::v1_0::RecEnter& enter, const core::Limits& limits) {
  if ((enter.gicv3_hcr & ~kHostHcr) != 0) return false;
  const std::span<const std::uint64_t> lrs(enter.gicv3_lrs.data(), num_lrs(limits));
  for (std::size_t i = 0; i < lrs.size(); ++i) {
    if (!is_used(lrs[i])) continue;
    if (!list_register_is_valid(lrs[i])) return false;
    // The same vINTID in two list registers is UNPREDICTABLE (IHI 0069, 12.4.5).
    for (std::size_t j = 0; j < i; ++j)
      if (is_used(lrs[j]) && ((lrs[i] ^ lrs[j]) & gic::kLrVintidMask) == 0) return false;
  }
  return true;
}

void load_vgic(Context& c, const abi::v1_0::RecEnter& enter) {
  gic::IchState& ich = c.pe.ich();
  ich.hcr = gic::kHcrEn | (enter.gicv3_hcr & kHostHcr);
  ich.vmcr = c.rec.vmcr;
  ich.ap0r = c.rec.ap0r;
  ich.ap1r = c.rec.ap1r;
  const unsigned used = num_lrs(c.environment.limits);
  for (unsigned n = 0; n < gic::kNumListRegisters; ++n) ich.lr[n] = n < used ? enter.gicv3_lrs[n] : 0;
}

void store_vgic(Context& c) {
  gic::IchState& ich = c.pe.ich();
  // MISR is a function of the enabled interface: it is read before En goes.
  c.exit.gicv3_misr = c.pe.ich_misr();
  c.exit.gicv3_hcr = ich.hcr & (kHostHcr | gic::kHcrEoiCountMask);
  c.exit.gicv3_vmcr = ich.vmcr;
  const unsigned used = num_lrs(c.environment.limits);
  for (unsigned n = 0; n < used; ++n) c.exit.gicv3_lrs[n] = ich.lr[n];
  c.rec.vmcr = ich.vmcr;
  c.rec.ap0r = ich.ap0r;
  c.rec.ap1r = ich.ap1r;
  ich.hcr &= ~gic::kHcrEn;
}

bool maintenance_interrupt(const Context& c) { return c.pe.ich_misr() != 0; }

}  // namespace rmm::run
