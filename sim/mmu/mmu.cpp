// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mmu/mmu.h"

#include <cstring>
#include <utility>

namespace sim {
namespace {

Translation failed(const MmuFault& fault) {
  Translation result;
  result.fault = fault;
  return result;
}

MmuFault permission_fault(std::uint8_t stage, int level, abi::Ipa ipa) {
  return {.kind = FaultKind::kPermission,
          .stage = stage,
          .level = static_cast<std::int8_t>(level),
          .s1ptw = false,
          .on_walk = false,
          .ipa = ipa};
}

template <class Leaf>
bool permits(const Leaf& leaf, AccessKind kind) {
  switch (kind) {
    case AccessKind::kRead: return leaf.read;
    case AccessKind::kWrite: return leaf.write;
    case AccessKind::kFetch: return leaf.execute;
  }
  return false;
}

}  // namespace

bool Mmu::enter(const abi::Stage2& stage2, rmm::port::PeId pe) {
  pe_ = pe;
  if (stage2 == stage2_) return false;
  stage2_ = stage2;
  invalidate();
  return true;
}

void Mmu::check_with(ShadowTlb* shadow, StaleHandler handler) {
  shadow_ = shadow;
  stale_ = std::move(handler);
  invalidate();
}

Stage2Result Mmu::stage2_leaf(abi::Ipa ipa, WalkLog* log) {
  if (log != nullptr || shadow_ != nullptr) return walk_and_note(ipa, log);
  const std::uint64_t page = ipa.value >> abi::kGranuleShift;
  auto& entry = cache_[page % kCachedLeaves];
  if (entry.page == page && entry.generation == generation_) {
    Stage2Result result{.fault = {}, .leaf = entry.leaf};
    result.leaf.pa = entry.leaf.pa + (ipa.value & (abi::kGranuleSize - 1));
    return result;
  }
  auto result = walk_and_note(ipa, nullptr);
  if (!result.fault) {
    entry = {.page = page, .generation = generation_, .leaf = result.leaf};
    entry.leaf.pa = {abi::align_down(result.leaf.pa.value, abi::kGranuleSize)};
  }
  return result;
}

Stage2Result Mmu::walk_and_note(abi::Ipa ipa, WalkLog* log) {
  auto result = walker_.walk(stage2_, ipa, log);
  if (!result.fault) dram_.cpu_caches().mark_translated(dram_.index(abi::GranulePa::containing(result.leaf.pa)));
  if (shadow_ != nullptr && log == nullptr) {
    const auto fresh = result.fault ? std::nullopt : std::optional(result.leaf);
    if (const auto finding = shadow_->filled(pe_, stage2_, ipa, fresh)) stale_(*finding);
  }
  return result;
}

Stage1Look Mmu::translate_stage1(const Stage1Controls& controls, abi::Va va, AccessKind kind, Privilege who,
                                 WalkLog* log) {
  Stage1Walk walk(controls, va, who);
  Stage2Leaf table_of_leaf;
  while (walk.needs_descriptor()) {
    const abi::Ipa address = walk.descriptor_address();
    auto table = output_of_stage1(controls, address, log);
    if (!table.fault && !table.leaf.read) table.fault = permission_fault(2, table.leaf.level, address);
    if (table.fault) {
      table.fault.s1ptw = table.fault.stage == 2;
      if (table.fault.stage == 1) {
        table.fault.on_walk = true;
        table.fault.level = static_cast<std::int8_t>(walk.level());
      }
      return {.fault = table.fault, .level = walk.level(), .leaf = {}};
    }
    table_of_leaf = table.leaf;
    const std::uint64_t descriptor = read_descriptor(table.leaf.pa);
    if (log != nullptr)
      log->add({.stage = 1,
                .level = static_cast<std::int8_t>(walk.level()),
                .address = address.value,
                .descriptor = descriptor});
    walk.consume(descriptor);
  }
  Stage1Look look{.fault = walk.fault(), .level = walk.level(), .leaf = walk.leaf()};
  if (!look.fault && !permits(look.leaf, kind)) look.fault = permission_fault(1, look.level, look.leaf.ipa);
  // Whoever only looks (a log is kept) changes nothing.
  if (!look.fault && walk.sets_access_flag() && log == nullptr) look.fault = set_access_flag(walk, table_of_leaf);
  return look;
}

// Arm ARM D8.4.5: hardware writes the descriptor as a store of the table walk, which stage 2 must permit.
MmuFault Mmu::set_access_flag(const Stage1Walk& walk, const Stage2Leaf& table) {
  if (!table.write) {
    MmuFault fault = permission_fault(2, table.level, walk.descriptor_address());
    fault.s1ptw = true;
    return fault;
  }
  const std::uint64_t updated = walk.descriptor_update();
  std::memcpy(dram_.write_native(abi::GranulePa::containing(table.pa)) + (table.pa.value & (abi::kGranuleSize - 1)),
              &updated, sizeof updated);
  return {};
}

Stage2Result Mmu::output_of_stage1(const Stage1Controls& controls, abi::Ipa out, WalkLog* log) {
  return controls.stage2 ? stage2_leaf(out, log) : physical_leaf({out.value});
}

// Stage 2 is off: the output of stage 1 is a Non-secure PA, and what fails is a fault of stage 1.
Stage2Result Mmu::physical_leaf(abi::Pa pa) {
  const auto granule = abi::GranulePa::containing(pa);
  const auto failed = [&](FaultKind kind) {
    return Stage2Result{
        .fault = {.kind = kind, .stage = 1, .level = 0, .s1ptw = false, .on_walk = false, .ipa = {pa.value}},
        .leaf = {.pa = pa}};
  };
  const auto index = dram_.find_index(granule);
  if (!index) return failed(FaultKind::kNoMemory);
  if (gpt_.pas(granule) != abi::Pas::kNonSecure) return failed(FaultKind::kGranuleProtection);
  dram_.cpu_caches().mark_translated(*index);
  return {.fault = {},
          .leaf = {.pa = pa, .read = true, .write = true, .execute = true, .non_secure = true, .level = 3}};
}

std::uint64_t Mmu::read_descriptor(abi::Pa pa) const {
  std::uint64_t descriptor = 0;
  std::memcpy(&descriptor, dram_.bytes(abi::GranulePa::containing(pa)) + (pa.value & (abi::kGranuleSize - 1)),
              sizeof descriptor);
  return descriptor;
}

Translation Mmu::translate(const Stage1Controls& controls, abi::Va va, AccessKind kind, Privilege who, WalkLog* log) {
  const Stage1Look look = translate_stage1(controls, va, kind, who, log);
  if (look.fault) return failed(look.fault);
  const Stage1Leaf& first = look.leaf;
  auto second = output_of_stage1(controls, first.ipa, log);
  if (second.fault && second.fault.stage == 1) second.fault.level = static_cast<std::int8_t>(look.level);
  if (second.fault) return failed(second.fault);
  if (!permits(second.leaf, kind)) return failed(permission_fault(2, second.leaf.level, first.ipa));
  Translation result;
  result.pa = second.leaf.pa;
  result.read = first.read && second.leaf.read;
  result.write = first.write && second.leaf.write;
  result.execute = first.execute && second.leaf.execute;
  result.stage1_shift = first.shift;
  return result;
}

}  // namespace sim
