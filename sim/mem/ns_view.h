// SPDX-License-Identifier: GPL-2.0-or-later
// DRAM as the normal world reaches it: Non-secure PAS, every access checked against the granule protection table.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "host/port/ns_memory.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"

namespace sim {

class NsView : public host::port::NsMemory {
 public:
  NsView(Dram& dram, const Gpt& gpt);

  std::span<const host::port::MemoryBank> banks() const override { return banks_; }
  tl::expected<void, host::port::GranuleProtectionFault> read(abi::Pa pa, std::span<std::byte> out) override;
  tl::expected<void, host::port::GranuleProtectionFault> write(abi::Pa pa, std::span<const std::byte> in) override;
  tl::expected<void, host::port::GranuleProtectionFault> zero(abi::GranulePa granule) override;

 private:
  Dram& dram_;
  const Gpt& gpt_;
  std::vector<host::port::MemoryBank> banks_;
};

}  // namespace sim
