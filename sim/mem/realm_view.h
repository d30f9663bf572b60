// SPDX-License-Identifier: GPL-2.0-or-later
// DRAM as the monitor (R-EL2) reaches it: the Realm PAS for its own and realms' granules, the Non-secure PAS for what
// the host shares. Each access passes the granule protection check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rmm/port/granule_memory.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"

namespace sim {

class RealmView : public rmm::port::GranuleMemory {
 public:
  RealmView(Dram& dram, const Gpt& gpt) : dram_(dram), gpt_(gpt) {}

  tl::expected<void, rmm::port::Gpf> read_ns(abi::Pa pa, std::span<std::byte> out) override;
  tl::expected<void, rmm::port::Gpf> write_ns(abi::Pa pa, std::span<const std::byte> in) override;
  void read(abi::Pa pa, std::span<std::byte> out) override;
  void write(abi::Pa pa, std::span<const std::byte> in) override;
  std::uint64_t read64(abi::Pa pa) override;
  void write64(abi::Pa pa, std::uint64_t value) override;
  void wipe(abi::GranulePa granule) override;
  std::span<const std::byte> peek(abi::GranulePa granule) override;

 private:
  // The granule that holds [pa, pa + size); aborts when the range leaves it or the granule isn't Realm.
  abi::GranulePa own_granule(abi::Pa pa, std::size_t size, const char* access) const;
  tl::expected<abi::GranulePa, rmm::port::Gpf> shared_granule(abi::Pa pa, std::size_t size, const char* access) const;

  Dram& dram_;
  const Gpt& gpt_;
};

}  // namespace sim
