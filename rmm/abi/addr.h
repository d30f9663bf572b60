// SPDX-License-Identifier: GPL-2.0-or-later
// Address types. No bare 64-bit address crosses a signature of ccasim; pa, ipa and va are distinct types.
#pragma once

#include <compare>
#include <cstdint>

namespace abi {

inline constexpr std::uint64_t kGranuleShift = 12;  // RMM 1.0: the granule is 4 KiB (DEN0137 A2.1)
inline constexpr std::uint64_t kGranuleSize = 1ULL << kGranuleShift;

constexpr bool is_aligned(std::uint64_t value, std::uint64_t size) { return (value & (size - 1)) == 0; }
constexpr std::uint64_t align_down(std::uint64_t value, std::uint64_t size) { return value & ~(size - 1); }
constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t size) { return (value + size - 1) & ~(size - 1); }

template <class Tag>
struct Address {
  std::uint64_t value = 0;

  constexpr auto operator<=>(const Address&) const = default;
  constexpr Address operator+(std::uint64_t n) const { return {value + n}; }
  constexpr Address operator-(std::uint64_t n) const { return {value - n}; }
  constexpr std::uint64_t operator-(Address other) const { return value - other.value; }
  constexpr Address& operator+=(std::uint64_t n) {
    value += n;
    return *this;
  }
};

using Pa = Address<struct PaTag>;    // physical address, any PAS
using Ipa = Address<struct IpaTag>;  // intermediate physical address of a realm or VM
using Va = Address<struct VaTag>;    // guest virtual address

constexpr bool is_granule_aligned(Pa pa) { return is_aligned(pa.value, kGranuleSize); }
constexpr bool is_granule_aligned(Ipa ipa) { return is_aligned(ipa.value, kGranuleSize); }

// The physical address of a granule, aligned by construction.
class GranulePa {
 public:
  constexpr GranulePa() = default;
  // The granule that holds `pa`.
  static constexpr GranulePa containing(Pa pa) { return GranulePa(pa.value >> kGranuleShift); }
  static constexpr GranulePa from_frame(std::uint64_t frame) { return GranulePa(frame); }
  constexpr Pa pa() const { return {frame_ << kGranuleShift}; }
  constexpr std::uint64_t frame() const { return frame_; }
  constexpr auto operator<=>(const GranulePa&) const = default;

 private:
  constexpr explicit GranulePa(std::uint64_t frame) : frame_(frame) {}
  std::uint64_t frame_ = 0;
};

struct IpaRange {
  Ipa base;
  Ipa top;  // exclusive
  constexpr bool operator==(const IpaRange&) const = default;
  constexpr std::uint64_t size() const { return top.value - base.value; }
};

struct Vmid {
  std::uint16_t value = 0;
  constexpr auto operator<=>(const Vmid&) const = default;
};

// Affinity fields as MPIDR_EL1 has them: Aff0 7:0, Aff1 15:8, Aff2 23:16, Aff3 39:32.
struct Mpidr {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const Mpidr&) const = default;
};

// Physical address space of a granule (Arm RME). Values as GPI names them.
enum class Pas : std::uint8_t { kSecure = 0, kNonSecure = 1, kRoot = 2, kRealm = 3 };

}  // namespace abi
