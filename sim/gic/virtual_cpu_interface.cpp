// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/gic/virtual_cpu_interface.h"

#include <algorithm>
#include <bit>

#include "sim/gic/icc_registers.h"

namespace sim {
namespace {

namespace gic = abi::gic;

constexpr unsigned kIdlePriority = 0xff;
constexpr unsigned kPriorityShift = 8 - gic::kPriorityBits;  // implemented priority bits are the upper ones
constexpr unsigned kPriorityMask = (0xffU << kPriorityShift) & 0xffU;
constexpr unsigned kMinBpr0 = 7 - gic::kPriorityBits;  // preemption bits equal priority bits (ICH_VTR_EL2.PREbits)
constexpr unsigned kMinBpr1 = kMinBpr0 + 1;
constexpr std::uint64_t kBprMask = 7;
constexpr std::uint64_t kFirstSpecialIntid = 1020;
constexpr std::uint64_t kLastSpecialIntid = 1023;
constexpr std::uint64_t kFirstLpi = 8192;
constexpr std::uint64_t kIntidMask = 0xffffff;

// ICV_CTLR_EL1
constexpr std::uint64_t kCtlrCbpr = 1U << 0;
constexpr std::uint64_t kCtlrEoiMode = 1U << 1;
constexpr unsigned kCtlrPriBitsShift = 8;
constexpr std::uint64_t kCtlrA3v = 1U << 15;

constexpr std::uint64_t kSreAll = 7;  // SRE, DFB, DIB: system registers only, RAO/WI

bool is_pending(std::uint64_t lr) { return (lr & gic::kLrStateMask) == gic::kLrPending; }
bool is_special(std::uint64_t intid) { return intid >= kFirstSpecialIntid && intid <= kLastSpecialIntid; }
unsigned lr_priority(std::uint64_t lr) {
  return static_cast<unsigned>((lr & gic::kLrPriorityMask) >> gic::kLrPriorityShift) & kPriorityMask;
}
bool counts_eoi(std::uint64_t lr) {  // an EOI maintenance interrupt is due for this list register
  return (lr & (gic::kLrStateMask | gic::kLrHw | gic::kLrEoi)) == gic::kLrEoi;
}

struct AccessRule {
  abi::SysReg reg;
  bool readable, writable;
  std::uint64_t trap;  // ICH_HCR_EL2 bits that trap it
};

// IHI 0069 12.4.5 ICH_HCR_EL2: which trap control covers which register. The SGI registers trap by HCR_EL2.{IMO,FMO}.
constexpr AccessRule kRules[] = {
    {icc::kPmr, true, true, gic::kHcrTc},        {icc::kIar0, true, false, gic::kHcrTall0},
    {icc::kEoir0, false, true, gic::kHcrTall0},  {icc::kHppir0, true, false, gic::kHcrTall0},
    {icc::kBpr0, true, true, gic::kHcrTall0},    {icc::kAp0r0, true, true, gic::kHcrTall0},
    {icc::kAp1r0, true, true, gic::kHcrTall1},   {icc::kDir, false, true, gic::kHcrTc | gic::kHcrTdir},
    {icc::kRpr, true, false, gic::kHcrTc},       {icc::kSgi1r, false, true, ~0ULL},
    {icc::kAsgi1r, false, true, ~0ULL},          {icc::kSgi0r, false, true, ~0ULL},
    {icc::kIar1, true, false, gic::kHcrTall1},   {icc::kEoir1, false, true, gic::kHcrTall1},
    {icc::kHppir1, true, false, gic::kHcrTall1}, {icc::kBpr1, true, true, gic::kHcrTall1},
    {icc::kCtlr, true, true, gic::kHcrTc},       {icc::kSre, true, true, 0},
    {icc::kIgrpen0, true, true, gic::kHcrTall0}, {icc::kIgrpen1, true, true, gic::kHcrTall1},
};

const AccessRule* rule(abi::SysReg reg) {
  const auto* found = std::ranges::find(kRules, reg, &AccessRule::reg);
  return found == std::end(kRules) ? nullptr : found;
}

bool always_traps(const AccessRule& r) { return r.trap == ~0ULL; }

}  // namespace

void VirtualCpuInterface::settle() {
  const auto least = [&](unsigned shift, std::uint64_t minimum) {
    if (((ich_.vmcr >> shift) & kBprMask) < minimum)
      ich_.vmcr = (ich_.vmcr & ~(kBprMask << shift)) | (minimum << shift);
  };
  least(gic::kVmcrBpr0Shift, kMinBpr0);
  least(gic::kVmcrBpr1Shift, kMinBpr1);
}

bool VirtualCpuInterface::owns(abi::SysReg reg) {
  // S3_0_C4_C6_0 is the priority mask; the rest lies in S3_0_C12_C8..C12. Four encodings of C8..C9 are active priority
  // registers of a PE with more priority bits: owned, and UNDEFINED here.
  const auto key = static_cast<std::uint32_t>(reg);
  return reg == icc::kPmr ||
         (key >= static_cast<std::uint32_t>(icc::kIar0) && key <= static_cast<std::uint32_t>(icc::kIgrpen1));
}

bool VirtualCpuInterface::traps(abi::SysReg reg) const {
  const AccessRule* r = rule(reg);
  return r != nullptr && (always_traps(*r) || (ich_.hcr & r->trap) != 0);
}

IccRead VirtualCpuInterface::read(abi::SysReg reg) {
  const AccessRule* r = rule(reg);
  if (r == nullptr || !r->readable) return {IccAccess::kUndefined, 0};
  if (traps(reg)) return {IccAccess::kTrap, 0};
  const auto done = [](std::uint64_t value) { return IccRead{IccAccess::kDone, value}; };
  if (reg == icc::kIar0) return done(acknowledge(Group::k0));
  if (reg == icc::kIar1) return done(acknowledge(Group::k1));
  if (reg == icc::kHppir0) return done(pending_intid(Group::k0));
  if (reg == icc::kHppir1) return done(pending_intid(Group::k1));
  if (reg == icc::kRpr) return done(running_priority().value_or(kIdlePriority));
  if (reg == icc::kPmr) return done((ich_.vmcr >> gic::kVmcrPmrShift) & kPriorityMask);
  if (reg == icc::kBpr0) return done(bpr0());
  if (reg == icc::kBpr1) return done(bpr1());
  if (reg == icc::kCtlr) return done(read_ctlr());
  if (reg == icc::kIgrpen0) return done((ich_.vmcr & gic::kVmcrEng0) != 0 ? 1 : 0);
  if (reg == icc::kIgrpen1) return done((ich_.vmcr & gic::kVmcrEng1) != 0 ? 1 : 0);
  if (reg == icc::kAp0r0) return done(ich_.ap0r);
  if (reg == icc::kAp1r0) return done(ich_.ap1r);
  return done(kSreAll);
}

IccAccess VirtualCpuInterface::write(abi::SysReg reg, std::uint64_t value) {
  const AccessRule* r = rule(reg);
  if (r == nullptr || !r->writable) return IccAccess::kUndefined;
  if (traps(reg)) return IccAccess::kTrap;
  const auto set_vmcr = [&](std::uint64_t bit, bool on) { ich_.vmcr = on ? ich_.vmcr | bit : ich_.vmcr & ~bit; };
  if (reg == icc::kEoir0) {
    end_of_interrupt(Group::k0, value & kIntidMask);
  } else if (reg == icc::kEoir1) {
    end_of_interrupt(Group::k1, value & kIntidMask);
  } else if (reg == icc::kDir) {
    deactivate(value & kIntidMask);
  } else if (reg == icc::kPmr) {
    ich_.vmcr = (ich_.vmcr & ~(0xffULL << gic::kVmcrPmrShift)) | ((value & kPriorityMask) << gic::kVmcrPmrShift);
  } else if (reg == icc::kBpr0) {
    write_bpr(Group::k0, value);
  } else if (reg == icc::kBpr1) {
    write_bpr(Group::k1, value);
  } else if (reg == icc::kCtlr) {
    write_ctlr(value);
  } else if (reg == icc::kIgrpen0) {
    set_vmcr(gic::kVmcrEng0, (value & 1) != 0);
  } else if (reg == icc::kIgrpen1) {
    set_vmcr(gic::kVmcrEng1, (value & 1) != 0);
  } else if (reg == icc::kAp0r0) {
    ich_.ap0r = value & 0xffffffff;
  } else if (reg == icc::kAp1r0) {
    ich_.ap1r = value & 0xffffffff;
  }
  return IccAccess::kDone;  // ICC_SRE_EL1 is RAO/WI
}

bool VirtualCpuInterface::irq_asserted() const {
  const auto pending = highest_pending();
  return pending && pending->group == Group::k1 && preempts(*pending);
}

bool VirtualCpuInterface::fiq_asserted() const {
  const auto pending = highest_pending();
  return pending && pending->group == Group::k0 && preempts(*pending);
}

std::uint64_t VirtualCpuInterface::eisr() const {
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < gic::kNumListRegisters; ++i)
    if (counts_eoi(ich_.lr[i])) bits |= 1ULL << i;
  return bits;
}

std::uint64_t VirtualCpuInterface::elrsr() const {
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < gic::kNumListRegisters; ++i)
    if ((ich_.lr[i] & gic::kLrStateMask) == 0 && !counts_eoi(ich_.lr[i])) bits |= 1ULL << i;
  return bits;
}

std::uint64_t VirtualCpuInterface::misr() const {
  const auto in_use = [](std::uint64_t lr) { return (lr & gic::kLrStateMask) != 0; };
  const bool group0 = (ich_.vmcr & gic::kVmcrEng0) != 0;
  const bool group1 = (ich_.vmcr & gic::kVmcrEng1) != 0;
  const auto enabled = [&](std::uint64_t bit) { return (ich_.hcr & bit) != 0; };

  std::uint64_t misr = eisr() != 0 ? gic::kMisrEoi : 0;
  if (enabled(gic::kHcrUie) && std::ranges::count_if(ich_.lr, in_use) <= 1) misr |= gic::kMisrU;
  if (enabled(gic::kHcrLrenpie) && (ich_.hcr & gic::kHcrEoiCountMask) != 0) misr |= gic::kMisrLrenp;
  if (enabled(gic::kHcrNpie) && std::ranges::none_of(ich_.lr, is_pending)) misr |= gic::kMisrNp;
  if (enabled(gic::kHcrVgrp0Eie) && group0) misr |= gic::kMisrVgrp0E;
  if (enabled(gic::kHcrVgrp0Die) && !group0) misr |= gic::kMisrVgrp0D;
  if (enabled(gic::kHcrVgrp1Eie) && group1) misr |= gic::kMisrVgrp1E;
  if (enabled(gic::kHcrVgrp1Die) && !group1) misr |= gic::kMisrVgrp1D;
  return misr;
}

bool VirtualCpuInterface::maintenance_asserted() const { return (ich_.hcr & gic::kHcrEn) != 0 && misr() != 0; }

std::uint64_t VirtualCpuInterface::vtr() {
  constexpr std::uint64_t kA3v = 1ULL << 21;
  constexpr std::uint64_t kNv4 = 1ULL << 20;  // no direct injection of virtual LPIs
  constexpr std::uint64_t kTds = 1ULL << 19;
  return (static_cast<std::uint64_t>(gic::kPriorityBits - 1) << 29) |
         (static_cast<std::uint64_t>(gic::kPriorityBits - 1) << 26) | kA3v | kNv4 | kTds | (gic::kNumListRegisters - 1);
}

std::optional<VirtualCpuInterface::Pending> VirtualCpuInterface::highest_pending() const {
  if ((ich_.hcr & gic::kHcrEn) == 0) return std::nullopt;
  std::optional<Pending> best;
  for (unsigned i = 0; i < gic::kNumListRegisters; ++i) {
    const std::uint64_t lr = ich_.lr[i];
    if (!is_pending(lr)) continue;
    const bool group1 = (lr & gic::kLrGroup1) != 0;
    if ((ich_.vmcr & (group1 ? gic::kVmcrEng1 : gic::kVmcrEng0)) == 0) continue;
    if (best && best->priority <= lr_priority(lr)) continue;
    best = Pending{.lr = i,
                   .group = group1 ? Group::k1 : Group::k0,
                   .intid = static_cast<std::uint32_t>(lr & gic::kLrVintidMask),
                   .priority = lr_priority(lr)};
  }
  return best;
}

bool VirtualCpuInterface::preempts(const Pending& pending) const {
  const auto mask = static_cast<unsigned>((ich_.vmcr >> gic::kVmcrPmrShift) & kPriorityMask);
  if (pending.priority >= mask) return false;
  const auto running = running_priority();
  const unsigned group = group_mask(pending.group);
  return !running || (pending.priority & group) < (*running & group);
}

std::optional<unsigned> VirtualCpuInterface::running_priority() const {
  const auto active = static_cast<std::uint32_t>(ich_.ap0r | ich_.ap1r);
  if (active == 0) return std::nullopt;
  return static_cast<unsigned>(std::countr_zero(active)) << kPriorityShift;
}

unsigned VirtualCpuInterface::bpr0() const {
  return std::max(static_cast<unsigned>((ich_.vmcr >> gic::kVmcrBpr0Shift) & kBprMask), kMinBpr0);
}

unsigned VirtualCpuInterface::bpr1() const {
  // IHI 0069 ICV_BPR1_EL1: with a common binary point reads give ICV_BPR0_EL1 plus one, saturated.
  if ((ich_.vmcr & gic::kVmcrCbpr) != 0) return std::min<unsigned>(bpr0() + 1, 7);
  return std::max(static_cast<unsigned>((ich_.vmcr >> gic::kVmcrBpr1Shift) & kBprMask), kMinBpr1);
}

unsigned VirtualCpuInterface::group_mask(Group group) const {
  // IHI 0069 4.8.2: group priority is bits [7:BPR+1] for group 0 and a common binary point, [7:BPR] for group 1.
  const bool own_bpr1 = group == Group::k1 && (ich_.vmcr & gic::kVmcrCbpr) == 0;
  const unsigned first_bit = own_bpr1 ? bpr1() : bpr0() + 1;
  return (0xffU << first_bit) & 0xffU;
}

std::uint64_t VirtualCpuInterface::acknowledge(Group group) {
  const auto pending = highest_pending();
  if (!pending || pending->group != group || !preempts(*pending)) return gic::kSpurious;
  std::uint64_t& lr = ich_.lr[pending->lr];
  lr &= ~gic::kLrPending;
  if (is_special(pending->intid)) return pending->intid;  // software's mistake: the interrupt is lost, as in hardware
  lr |= gic::kLrActive;
  const unsigned level = (pending->priority & group_mask(group)) >> kPriorityShift;
  (group == Group::k0 ? ich_.ap0r : ich_.ap1r) |= 1ULL << level;
  return pending->intid;
}

std::uint64_t VirtualCpuInterface::pending_intid(Group group) const {
  const auto pending = highest_pending();
  return pending && pending->group == group ? pending->intid : gic::kSpurious;
}

std::optional<unsigned> VirtualCpuInterface::drop_priority() {
  const auto running = running_priority();
  if (!running) return std::nullopt;
  const std::uint64_t bit = 1ULL << (*running >> kPriorityShift);
  std::uint64_t& active = (ich_.ap0r & bit) != 0 ? ich_.ap0r : ich_.ap1r;
  active &= ~bit;
  return running;
}

std::optional<unsigned> VirtualCpuInterface::find_active(std::uint64_t intid) const {
  for (unsigned i = 0; i < gic::kNumListRegisters; ++i)
    if ((ich_.lr[i] & gic::kLrActive) != 0 && (ich_.lr[i] & gic::kLrVintidMask) == intid) return i;
  return std::nullopt;
}

void VirtualCpuInterface::count_eoi() {
  const std::uint64_t next = (ich_.hcr & gic::kHcrEoiCountMask) + (1ULL << gic::kHcrEoiCountShift);
  ich_.hcr = (ich_.hcr & ~gic::kHcrEoiCountMask) | (next & gic::kHcrEoiCountMask);
}

void VirtualCpuInterface::end_of_interrupt(Group group, std::uint64_t intid) {
  if (is_special(intid)) return;
  const auto dropped = drop_priority();
  // CONSTRAINED UNPREDICTABLE: an EOI without an active priority. As allowed, nothing happens.
  if (!dropped) return;
  const bool split = (ich_.vmcr & gic::kVmcrEoim) != 0 && intid < kFirstLpi;
  const auto lr = find_active(intid);
  if (!lr) {
    if (!split && intid < kFirstLpi) count_eoi();
    return;
  }
  const std::uint64_t entry = ich_.lr[*lr];
  const bool same_group = ((entry & gic::kLrGroup1) != 0) == (group == Group::k1);
  // An EOI that doesn't belong to the dropped priority is software's mistake and deactivates nothing.
  if (!same_group || (lr_priority(entry) & group_mask(group)) != *dropped) return;
  if (!split) ich_.lr[*lr] &= ~gic::kLrActive;
}

void VirtualCpuInterface::deactivate(std::uint64_t intid) {
  // CONSTRAINED UNPREDICTABLE with EOImode 0: ignored.
  if ((ich_.vmcr & gic::kVmcrEoim) == 0 || is_special(intid)) return;
  if (const auto lr = find_active(intid))
    ich_.lr[*lr] &= ~gic::kLrActive;
  else if (intid < kFirstLpi)
    count_eoi();
}

std::uint64_t VirtualCpuInterface::read_ctlr() const {
  return ((ich_.vmcr & gic::kVmcrCbpr) != 0 ? kCtlrCbpr : 0) | ((ich_.vmcr & gic::kVmcrEoim) != 0 ? kCtlrEoiMode : 0) |
         (static_cast<std::uint64_t>(gic::kPriorityBits - 1) << kCtlrPriBitsShift) | kCtlrA3v;
}

void VirtualCpuInterface::write_ctlr(std::uint64_t value) {
  ich_.vmcr &= ~(gic::kVmcrCbpr | gic::kVmcrEoim);
  if ((value & kCtlrCbpr) != 0) ich_.vmcr |= gic::kVmcrCbpr;
  if ((value & kCtlrEoiMode) != 0) ich_.vmcr |= gic::kVmcrEoim;
}

void VirtualCpuInterface::write_bpr(Group group, std::uint64_t value) {
  if (group == Group::k1 && (ich_.vmcr & gic::kVmcrCbpr) != 0) return;  // ICV_BPR1_EL1: writes ignored
  const unsigned shift = group == Group::k0 ? gic::kVmcrBpr0Shift : gic::kVmcrBpr1Shift;
  const auto clamped = std::max<std::uint64_t>(value & kBprMask, group == Group::k0 ? kMinBpr0 : kMinBpr1);
  ich_.vmcr = (ich_.vmcr & ~(kBprMask << shift)) | (clamped << shift);
}

}  // namespace sim
