// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mmu/stage2.h"

#include <cstring>

namespace sim {
namespace {

constexpr std::uint64_t kValid = 1ULL << 0;
constexpr std::uint64_t kTableOrPage = 1ULL << 1;
constexpr std::uint64_t kS2ApRead = 1ULL << 6;
constexpr std::uint64_t kS2ApWrite = 1ULL << 7;
constexpr std::uint64_t kAf = 1ULL << 10;
constexpr std::uint64_t kXn = 1ULL << 54;
constexpr std::uint64_t kNs = 1ULL << 55;
constexpr std::uint64_t kAddressMask = 0x0000'ffff'ffff'f000ULL;
constexpr unsigned kGranuleBits = 12;
constexpr unsigned kStride = 9;

constexpr unsigned level_shift(int level) { return static_cast<unsigned>(3 - level) * kStride + kGranuleBits; }

Stage2Result failed(FaultKind kind, int level, abi::Ipa ipa, bool on_walk = false) {
  return {.fault = {.kind = kind,
                    .stage = 2,
                    .level = static_cast<std::int8_t>(level),
                    .s1ptw = false,
                    .on_walk = on_walk,
                    .ipa = ipa},
          .leaf = {}};
}

}  // namespace

bool Stage2Walker::accessible(abi::Pa pa, abi::Pas pas) const {
  return gpt_.pas(abi::GranulePa::containing(pa)) == pas;
}

Stage2Result Stage2Walker::walk(const abi::Stage2& stage2, abi::Ipa ipa, WalkLog* log) const {
  // Arm ARM D8.2.8: an input address beyond VTCR_EL2.T0SZ is a translation fault at level 0.
  if ((ipa.value >> stage2.ipa_bits) != 0) return failed(FaultKind::kTranslation, 0, ipa);
  const auto walk_pas = stage2.realm ? abi::Pas::kRealm : abi::Pas::kNonSecure;
  int level = stage2.start_level;
  std::uint64_t table = stage2.root.value;
  // Concatenated starting tables: the first index is wider (D8.2.5).
  std::uint64_t index = ipa.value >> level_shift(level);
  if (index >= (std::uint64_t{stage2.num_start} << kStride)) return failed(FaultKind::kTranslation, 0, ipa);
  for (;;) {
    const abi::Pa address{table + (index << 3)};
    if (!accessible(address, walk_pas)) return failed(FaultKind::kGranuleProtection, level, ipa, true);
    std::uint64_t descriptor = 0;
    std::memcpy(&descriptor, dram_.bytes(abi::GranulePa::containing(address)) + (address.value & 0xfff),
                sizeof descriptor);
    if (log != nullptr)
      log->add(
          {.stage = 2, .level = static_cast<std::int8_t>(level), .address = address.value, .descriptor = descriptor});
    if ((descriptor & kValid) == 0) return failed(FaultKind::kTranslation, level, ipa);
    const bool type = (descriptor & kTableOrPage) != 0;
    if (level == 3) return type ? finish(stage2, ipa, descriptor, level) : failed(FaultKind::kTranslation, level, ipa);
    if (!type) {
      if (level == 0) return failed(FaultKind::kTranslation, level, ipa);
      return finish(stage2, ipa, descriptor, level);
    }
    table = descriptor & kAddressMask;
    ++level;
    index = (ipa.value >> level_shift(level)) & ((1U << kStride) - 1);
  }
}

Stage2Result Stage2Walker::finish(const abi::Stage2& stage2, abi::Ipa ipa, std::uint64_t descriptor, int level) const {
  if ((descriptor & kAf) == 0) return failed(FaultKind::kAccessFlag, level, ipa);
  const auto offset_mask = (1ULL << level_shift(level)) - 1;
  const abi::Pa pa{(descriptor & kAddressMask & ~offset_mask) | (ipa.value & offset_mask)};
  const bool unprotected = stage2.realm && ((ipa.value >> (stage2.ipa_bits - 1)) & 1) != 0;
  const bool non_secure = !stage2.realm || unprotected || (descriptor & kNs) != 0;
  const auto pas = non_secure ? abi::Pas::kNonSecure : abi::Pas::kRealm;
  if (!accessible(pa, pas)) return failed(FaultKind::kGranuleProtection, level, ipa);
  return {.fault = {},
          .leaf = {.pa = pa,
                   .read = (descriptor & kS2ApRead) != 0,
                   .write = (descriptor & kS2ApWrite) != 0,
                   // A realm executes from its own PAS only: a permission fault, of which the monitor makes
                   // an external abort in the realm (DEN0137 A5.2.6).
                   .execute = (descriptor & kXn) == 0 && !(stage2.realm && non_secure),
                   .non_secure = non_secure,
                   .level = static_cast<std::int8_t>(level)}};
}

}  // namespace sim
