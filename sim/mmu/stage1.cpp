// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mmu/stage1.h"

#include <algorithm>

namespace sim {
namespace {

constexpr std::uint64_t kSctlrM = 1ULL << 0;
constexpr std::uint64_t kSctlrWxn = 1ULL << 19;
constexpr unsigned kTcrT0szShift = 0;
constexpr unsigned kTcrEpd0 = 7;
constexpr unsigned kTcrTg0Shift = 14;
constexpr unsigned kTcrT1szShift = 16;
constexpr unsigned kTcrEpd1 = 23;
constexpr unsigned kTcrTg1Shift = 30;
constexpr unsigned kTcrIpsShift = 32;
constexpr unsigned kTcrTbi0 = 37;
constexpr unsigned kTcrTbi1 = 38;
constexpr unsigned kTcrHa = 39;
constexpr unsigned kTcrHpd0 = 41;
constexpr unsigned kTcrHpd1 = 42;
constexpr unsigned kMinTsz = 16;  // no FEAT_LVA
constexpr unsigned kMaxTsz = 39;  // no FEAT_TTST

constexpr std::uint64_t kValid = 1ULL << 0;
constexpr std::uint64_t kTableOrPage = 1ULL << 1;
constexpr std::uint64_t kApEl0 = 1ULL << 6;
constexpr std::uint64_t kApReadOnly = 1ULL << 7;
constexpr std::uint64_t kAf = 1ULL << 10;
constexpr std::uint64_t kPxn = 1ULL << 53;
constexpr std::uint64_t kUxn = 1ULL << 54;
constexpr std::uint64_t kPxnTable = 1ULL << 59;
constexpr std::uint64_t kUxnTable = 1ULL << 60;
constexpr std::uint64_t kApTableNoEl0 = 1ULL << 61;
constexpr std::uint64_t kApTableReadOnly = 1ULL << 62;
constexpr std::uint64_t kAddressMask = 0x0000'ffff'ffff'f000ULL;

constexpr bool bit(std::uint64_t value, unsigned n) { return ((value >> n) & 1) != 0; }
constexpr std::uint64_t low_mask(unsigned bits) { return (1ULL << bits) - 1; }

// TCR_EL1.TG0 and TG1 have different encodings; reserved values act as 4 KiB.
constexpr unsigned granule_bits(std::uint64_t tcr, bool upper) {
  const auto tg = (tcr >> (upper ? kTcrTg1Shift : kTcrTg0Shift)) & 3;
  if (upper) return tg == 1 ? 14 : (tg == 3 ? 16 : 12);
  return tg == 1 ? 16 : (tg == 2 ? 14 : 12);
}

constexpr unsigned physical_size_bits(std::uint64_t ips) {
  constexpr unsigned kBits[8] = {32, 36, 40, 42, 44, 48, 48, 48};
  return kBits[ips & 7];
}

}  // namespace

std::uint64_t tcr_of_el2(std::uint64_t tcr_el2) {
  constexpr std::uint64_t kSame = 0x3f | (3ULL << kTcrTg0Shift);  // T0SZ and TG0 lie where they do in TCR_EL1
  constexpr unsigned kPsShift = 16, kTbi = 20, kHa = 21, kHpd = 24;
  const auto moved = [&](unsigned from, std::uint64_t mask, unsigned to) { return ((tcr_el2 >> from) & mask) << to; };
  return (tcr_el2 & kSame) | moved(kPsShift, 7, kTcrIpsShift) | moved(kTbi, 1, kTcrTbi0) | moved(kHpd, 1, kTcrHpd0) |
         moved(kHa, 1, kTcrHa) | 1ULL << kTcrEpd1;
}

std::uint64_t without_tag(const Stage1Controls& controls, std::uint64_t va) {
  const bool upper = bit(va, 55);
  if (!bit(controls.tcr, upper ? kTcrTbi1 : kTcrTbi0)) return va;
  return upper ? va | 0xff00'0000'0000'0000ULL : va & 0x00ff'ffff'ffff'ffffULL;
}

Stage1Walk::Stage1Walk(const Stage1Controls& controls, abi::Va va, Privilege who)
    : controls_(controls), va_(without_tag(controls, va.value)), who_(who) {
  if ((controls.sctlr & kSctlrM) == 0) {
    translate_flat();
  } else {
    start();
  }
}

// Arm ARM D8.2.10: with stage 1 disabled the address is the IPA; one beyond the implemented size is an address size
// fault at level 0. Every access is permitted.
void Stage1Walk::translate_flat() {
  state_ = State::kDone;
  if ((va_ >> controls_.output_bits) != 0) {
    fail(FaultKind::kAddressSize, 0);
    return;
  }
  leaf_ = {.ipa = {va_}, .shift = 12, .attr_index = 0, .shareability = 2, .read = true, .write = true, .execute = true};
}

void Stage1Walk::start() {
  const bool upper = bit(va_, 55);
  const auto tcr = controls_.tcr;
  const auto tsz = static_cast<unsigned>((tcr >> (upper ? kTcrT1szShift : kTcrT0szShift)) & 0x3f);
  granule_bits_ = granule_bits(tcr, upper);
  output_bits_ = std::min(physical_size_bits((tcr >> kTcrIpsShift) & 7), controls_.output_bits);
  hierarchical_ = !(controls_.has_hpds && bit(tcr, upper ? kTcrHpd1 : kTcrHpd0));
  if (tsz < kMinTsz || tsz > kMaxTsz) return fail(FaultKind::kTranslation, 0);
  input_bits_ = 64 - tsz;
  const auto top = va_ >> input_bits_;
  const bool canonical = upper ? top == low_mask(tsz) : top == 0;
  if (!canonical || bit(tcr, upper ? kTcrEpd1 : kTcrEpd0)) return fail(FaultKind::kTranslation, 0);
  if (!choose_table_base(upper)) return fail(FaultKind::kAddressSize, 0);
  step_to(table_);
}

// Sets level_ and table_ from TTBR0 or TTBR1. False: the table lies beyond the output size.
bool Stage1Walk::choose_table_base(bool upper) {
  const unsigned stride = granule_bits_ - 3;
  level_ = 4 - static_cast<int>((input_bits_ - granule_bits_ + stride - 1) / stride);
  const auto first_shift = static_cast<unsigned>(3 - level_) * stride + granule_bits_;
  const unsigned table_bits = 3 + input_bits_ - first_shift;
  const auto base = (upper ? controls_.ttbr1 : controls_.ttbr0) & 0x0000'ffff'ffff'fffeULL;
  table_ = base & ~low_mask(table_bits);
  return !beyond_output(table_);
}

void Stage1Walk::fail(FaultKind kind, int level) {
  state_ = State::kDone;
  fault_ = {
      .kind = kind, .stage = 1, .level = static_cast<std::int8_t>(level), .s1ptw = false, .on_walk = false, .ipa = {}};
}

void Stage1Walk::step_to(std::uint64_t table) {
  const unsigned stride = granule_bits_ - 3;
  const auto shift = static_cast<unsigned>(3 - level_) * stride + granule_bits_;
  const unsigned index_bits = std::min(stride, input_bits_ - shift);
  const auto index = (va_ >> shift) & low_mask(index_bits);
  descriptor_ = {table | (index << 3)};
}

void Stage1Walk::consume(std::uint64_t descriptor) {
  if ((descriptor & kValid) == 0) return fail(FaultKind::kTranslation, level_);
  const bool type = (descriptor & kTableOrPage) != 0;
  if (level_ == 3) {
    if (!type) return fail(FaultKind::kTranslation, level_);
    return finish(descriptor);
  }
  if (!type) {
    // Blocks: levels 1 and 2 with 4 KiB granules, level 2 with the others.
    const bool block_allowed = level_ == 2 || (level_ == 1 && granule_bits_ == 12);
    if (!block_allowed) return fail(FaultKind::kTranslation, level_);
    return finish(descriptor);
  }
  const auto table = descriptor & kAddressMask & ~low_mask(granule_bits_);
  if (beyond_output(table)) return fail(FaultKind::kAddressSize, level_);
  if (hierarchical_) {
    table_no_el0_ |= (descriptor & kApTableNoEl0) != 0;
    table_read_only_ |= (descriptor & kApTableReadOnly) != 0;
    table_uxn_ |= (descriptor & kUxnTable) != 0;
    table_pxn_ |= (descriptor & kPxnTable) != 0;
  }
  ++level_;
  step_to(table);
}

// Arm ARM D8.4: permissions of a leaf, with PSTATE.PAN and SCTLR_ELx.WXN.
void Stage1Walk::finish(std::uint64_t descriptor) {
  const unsigned stride = granule_bits_ - 3;
  const auto shift = static_cast<unsigned>(3 - level_) * stride + granule_bits_;
  const auto output = descriptor & kAddressMask & ~low_mask(shift);
  if (beyond_output(output)) return fail(FaultKind::kAddressSize, level_);
  if ((descriptor & kAf) == 0) {
    if (!controls_.has_haf || !bit(controls_.tcr, kTcrHa)) return fail(FaultKind::kAccessFlag, level_);
    descriptor_update_ = descriptor | kAf;
  }
  state_ = State::kDone;

  // The EL2 regime has no EL0: AP[1] is RES1, and one bit forbids execution.
  const bool one_privilege = controls_.regime == Regime::kEl2;
  const bool el0_access = !one_privilege && (descriptor & kApEl0) != 0 && !table_no_el0_;
  const bool writable = (descriptor & kApReadOnly) == 0 && !table_read_only_;
  const bool wxn = (controls_.sctlr & kSctlrWxn) != 0;
  leaf_.ipa = {output | (va_ & low_mask(shift))};
  leaf_.shift = shift;
  leaf_.attr_index = static_cast<std::uint8_t>((descriptor >> 2) & 7);
  leaf_.shareability = static_cast<std::uint8_t>((descriptor >> 8) & 3);
  if (one_privilege) {
    leaf_.read = true;
    leaf_.write = writable;
    leaf_.execute = (descriptor & kUxn) == 0 && !table_uxn_;
  } else if (who_.el0) {
    leaf_.read = el0_access;
    leaf_.write = el0_access && writable;
    leaf_.execute = (descriptor & kUxn) == 0 && !table_uxn_;
  } else {
    const bool denied = who_.pan && el0_access;
    leaf_.read = !denied;
    leaf_.write = writable && !denied;
    // What EL0 may write, EL1 never executes.
    leaf_.execute = (descriptor & kPxn) == 0 && !table_pxn_ && !(el0_access && writable);
  }
  const bool writable_here = who_.el0 ? el0_access && writable : writable;
  if (wxn && writable_here) leaf_.execute = false;
}

}  // namespace sim
