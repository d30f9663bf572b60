// SPDX-License-Identifier: GPL-2.0-or-later
// Views of DRAM with a PAS. Realm PAS accesses are the monitor's own: the wrong PAS there is a bug of the monitor and
// aborts with a state dump. Non-secure accesses may meet a granule protection fault, as on hardware (A2.1.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "rmm/abi/addr.h"

namespace rmm::port {

struct Gpf {  // granule protection fault: `pas` is what the table says of the granule at `pa`
  abi::Pa pa;
  abi::Pas pas = abi::Pas::kNonSecure;
};

class GranuleMemory {
 public:
  virtual ~GranuleMemory() = default;

  // Non-secure PAS. The range [pa, pa + size) lies inside one granule.
  virtual tl::expected<void, Gpf> read_ns(abi::Pa pa, std::span<std::byte> out) = 0;
  virtual tl::expected<void, Gpf> write_ns(abi::Pa pa, std::span<const std::byte> in) = 0;

  // Realm PAS, inside one granule.
  virtual void read(abi::Pa pa, std::span<std::byte> out) = 0;
  virtual void write(abi::Pa pa, std::span<const std::byte> in) = 0;
  virtual std::uint64_t read64(abi::Pa pa) = 0;               // 8-byte aligned
  virtual void write64(abi::Pa pa, std::uint64_t value) = 0;  // 8-byte aligned
  virtual void wipe(abi::GranulePa granule) = 0;              // to zero, Realm PAS
  // The granule's 4096 bytes for reading (measurement, walks). Valid until the next call of this port.
  virtual std::span<const std::byte> peek(abi::GranulePa granule) = 0;
};

}  // namespace rmm::port
