// SPDX-License-Identifier: GPL-2.0-or-later
// Result word, feature registers and flags of RMM 2.0.
#pragma once

#include <cstdint>

namespace abi::v2_0 {

// RmiStatusCode. 0 to 4 are those of 1.0.
enum class RmiStatus : std::uint8_t {
  kSuccess = 0,
  kErrorInput = 1,
  kErrorRealm = 2,
  kErrorRec = 3,
  kErrorRtt = 4,
  kErrorNotSupported = 5,
  kErrorDevice = 6,
  kErrorRttAux = 7,
  kErrorPsmmuSt = 8,
  kErrorDpt = 9,
  kBusy = 10,
  kErrorGlobal = 11,
  kErrorTracking = 12,
  kIncomplete = 13,
  kBlocked = 14,
  kErrorGpt = 15,
  kErrorGranule = 16,
};

// RmiResult: status 7:0, data 63:8. What the data say depends on the status; 1.0's index is their low byte.
struct RmiResult {
  RmiStatus status = RmiStatus::kSuccess;
  std::uint64_t data = 0;  // 56 bits
  constexpr std::uint64_t raw() const { return static_cast<std::uint64_t>(status) | (data << 8); }
  static constexpr RmiResult from_raw(std::uint64_t x0) { return {static_cast<RmiStatus>(x0 & 0xff), x0 >> 8}; }
  // The level of ERROR_RTT, ERROR_RTT_AUX, ERROR_DPT and ERROR_PSMMU_ST: 8 bits, signed (-1: a start level of LPA2).
  constexpr int level() const { return static_cast<std::int8_t>(data & 0xff); }
  static constexpr RmiResult at_level(RmiStatus status, int level) {
    return {status, static_cast<std::uint64_t>(static_cast<std::uint8_t>(level))};
  }
  constexpr bool operator==(const RmiResult&) const = default;
};
static_assert(RmiResult::at_level(RmiStatus::kErrorRtt, 3).raw() == 0x304);
static_assert(RmiResult::from_raw(0xff04).level() == -1);

inline constexpr std::uint64_t kInterfaceVersion20 = 0x20000;  // major 30:16, minor 15:0

inline constexpr std::uint64_t kFeatureRegisters = 5;  // RMI_FEATURES: an index from here on reads zero

// Feature register 0. Its low half is 1.0's; hashes, MAX_RECS_ORDER and the number of list registers are gone.
struct FeatureRegister0 {
  std::uint8_t s2sz = 0;     // 7:0 maximum IPA width, bits
  std::uint8_t num_bps = 0;  // 19:14, minus one, 0 reserved
  std::uint8_t num_wps = 0;  // 25:20, minus one, 0 reserved
  constexpr std::uint64_t raw() const {
    return std::uint64_t{s2sz} | (std::uint64_t{num_bps} << 14) | (std::uint64_t{num_wps} << 20);
  }
};

// Feature register 1. The order of the hashes is not that of their algorithm numbers.
struct FeatureRegister1 {
  bool granule_4k = false;          // 0
  bool granule_16k = false;         // 1
  bool granule_64k = false;         // 2
  bool hash_sha_256 = false;        // 3
  bool hash_sha_384 = false;        // 4
  bool hash_sha_512 = false;        // 5
  std::uint8_t max_recs_order = 0;  // 9:6: MAX_RECS = 2^n - 1
  std::uint8_t l0gptsz = 0;         // 13:10, as GPCCR_EL3.L0GPTSZ
  std::uint8_t pps = 0;             // 16:14, as GPCCR_EL3.PPS
  constexpr std::uint64_t raw() const {
    return std::uint64_t{granule_4k} | (std::uint64_t{granule_16k} << 1) | (std::uint64_t{granule_64k} << 2) |
           (std::uint64_t{hash_sha_256} << 3) | (std::uint64_t{hash_sha_384} << 4) |
           (std::uint64_t{hash_sha_512} << 5) | (std::uint64_t{max_recs_order} << 6) | (std::uint64_t{l0gptsz} << 10) |
           (std::uint64_t{pps} << 14);
  }
};

inline constexpr std::uint8_t kL0Gptsz30Bits = 0;  // GPCCR_EL3.L0GPTSZ: an L0 entry covers 1 GiB

// GPCCR_EL3.PPS of the smallest physical address size that holds `address_bits`.
constexpr std::uint8_t pps_for(unsigned address_bits) {
  constexpr unsigned kSizes[] = {32, 36, 40, 42, 44, 48, 52};
  std::uint8_t pps = 0;
  while (pps < 6 && kSizes[pps] < address_bits) ++pps;
  return pps;
}

// RmiRttProtMapFlags: how the output addresses are given.
enum class OutputAddressType : std::uint8_t { kNone = 0, kSingle = 1, kList = 2 };

struct ProtMapFlags {
  std::uint8_t oaddr_type = 0;   // 1:0
  std::uint16_t list_count = 0;  // 15:2, entries; read for kList only
  constexpr std::uint64_t raw() const { return std::uint64_t{oaddr_type} | (std::uint64_t{list_count} << 2); }
  static constexpr ProtMapFlags from_raw(std::uint64_t v) {
    return {static_cast<std::uint8_t>(v & 3), static_cast<std::uint16_t>((v >> 2) & 0x3fff)};
  }
};

}  // namespace abi::v2_0
