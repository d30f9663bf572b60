// SPDX-License-Identifier: GPL-2.0-or-later
// The stage 2 walk (Arm ARM D8, 4 KiB granule) over tables in DRAM, with the granule protection check of every access
// it makes or permits. Shares nothing with the monitor's RTT editor: each checks the other.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"
#include "rmm/abi/arch/cpu.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"
#include "sim/mmu/walk.h"

namespace sim {

struct Stage2Leaf {
  abi::Pa pa;  // of the byte that was asked for
  bool read = false;
  bool write = false;
  bool execute = false;
  bool non_secure = false;  // the output lies in the Non-secure PAS
  std::int8_t level = 3;
  constexpr bool operator==(const Stage2Leaf&) const = default;
};

struct Stage2Result {
  MmuFault fault;
  Stage2Leaf leaf;
};

class Stage2Walker {
 public:
  Stage2Walker(const Dram& dram, const Gpt& gpt) : dram_(dram), gpt_(gpt) {}

  // Translates `ipa`. Faults: translation, access flag, address size, granule protection (of a table or of the output).
  // Permissions are the caller's to check.
  Stage2Result walk(const abi::Stage2& stage2, abi::Ipa ipa, WalkLog* log = nullptr) const;

 private:
  bool accessible(abi::Pa pa, abi::Pas pas) const;
  Stage2Result finish(const abi::Stage2& stage2, abi::Ipa ipa, std::uint64_t descriptor, int level) const;

  const Dram& dram_;
  const Gpt& gpt_;
};

}  // namespace sim
