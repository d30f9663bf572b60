// SPDX-License-Identifier: GPL-2.0-or-later
// The machine's physical address space beside DRAM: which device answers an address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "rmm/abi/addr.h"

namespace sim {

// Offsets count from the start of the device's region. `size` is 1, 2, 4 or 8 bytes and the access lies in the region
// whole; it need not be aligned. Reads are zero-extended, writes carry their value in the low bytes.
class BusDevice {
 public:
  virtual ~BusDevice() = default;
  virtual std::uint64_t read(std::uint64_t offset, unsigned size) = 0;
  virtual void write(std::uint64_t offset, unsigned size, std::uint64_t value) = 0;
  // What every byte reads as, for ever and without an effect; nullopt: it depends.
  virtual std::optional<std::uint8_t> constant() const { return std::nullopt; }
};

// Addresses [base, end) that read as one byte.
struct ConstantBytes {
  abi::Pa base, end;
  std::uint8_t byte = 0;
};

class Bus {
 public:
  // Puts a device at [base, base + size). Empty or overlapping regions are mistakes of the caller and abort.
  void add(abi::Pa base, std::uint64_t size, BusDevice& device);

  // True iff some device answers `pa`.
  bool claims(abi::Pa pa) const { return find(pa, 1) != nullptr; }

  // nullopt or false: nothing answers, or not all of the access lies in one device's region: an external abort.
  std::optional<std::uint64_t> read(abi::Pa pa, unsigned size);
  bool write(abi::Pa pa, unsigned size, std::uint64_t value);
  // The regions whose devices read as a constant, ascending.
  std::vector<ConstantBytes> constants() const;

 private:
  struct Region {
    abi::Pa base;
    std::uint64_t size = 0;
    BusDevice* device = nullptr;
  };
  const Region* find(abi::Pa pa, unsigned size) const;

  std::vector<Region> regions_;  // ascending by base
};

}  // namespace sim
