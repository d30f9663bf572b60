// SPDX-License-Identifier: GPL-2.0-or-later
// DRAM as the normal world sees it. Touching a granule of another PAS is a granule protection fault, never silent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "rmm/abi/addr.h"

namespace host::port {

struct GranuleProtectionFault {
  abi::Pa pa;
  abi::Pas pas = abi::Pas::kNonSecure;
};

struct MemoryBank {
  abi::Pa base;
  std::uint64_t size = 0;  // bytes
};

class NsMemory {
 public:
  virtual ~NsMemory() = default;
  virtual std::span<const MemoryBank> banks() const = 0;
  // [pa, pa + size) may cross granules; on a fault nothing of the faulting granule was transferred.
  virtual tl::expected<void, GranuleProtectionFault> read(abi::Pa pa, std::span<std::byte> out) = 0;
  virtual tl::expected<void, GranuleProtectionFault> write(abi::Pa pa, std::span<const std::byte> in) = 0;
  virtual tl::expected<void, GranuleProtectionFault> zero(abi::GranulePa granule) = 0;
};

}  // namespace host::port
