// SPDX-License-Identifier: GPL-2.0-or-later
// Enumerations and flag bits of RMM 1.0-rel0 as they cross the interface (DEN0137 B4.4, B5.4, B6.4).
#pragma once

#include <cstdint>

namespace abi::v1_0 {

// B4.4.25 RmiStatusCode
enum class RmiStatus : std::uint8_t { kSuccess = 0, kErrorInput = 1, kErrorRealm = 2, kErrorRec = 3, kErrorRtt = 4 };

// B4.4.1 RmiCommandReturnCode: status 7:0, index 15:8.
struct RmiReturn {
  RmiStatus status = RmiStatus::kSuccess;
  std::uint8_t index = 0;
  constexpr std::uint64_t raw() const {
    return static_cast<std::uint64_t>(status) | (static_cast<std::uint64_t>(index) << 8);
  }
  static constexpr RmiReturn from_raw(std::uint64_t x0) {
    return {static_cast<RmiStatus>(x0 & 0xff), static_cast<std::uint8_t>((x0 >> 8) & 0xff)};
  }
  constexpr bool operator==(const RmiReturn&) const = default;
};

// B5.4.5 RsiCommandReturnCode: a 64-bit value without index.
enum class RsiStatus : std::uint64_t {
  kSuccess = 0,
  kErrorInput = 1,
  kErrorState = 2,
  kIncomplete = 3,
  kErrorUnknown = 4
};

// B6.4 PsciReturnCode: signed in X0.
enum class PsciStatus : std::int64_t {
  kSuccess = 0,
  kNotSupported = -1,
  kInvalidParameters = -2,
  kDenied = -3,
  kAlreadyOn = -4,
  kOnPending = -5,
  kInternalFailure = -6,
  kNotPresent = -7,
  kDisabled = -8,
  kInvalidAddress = -9,
};

enum class Ripas : std::uint8_t { kEmpty = 0, kRam = 1, kDestroyed = 2 };                   // B4.4.23, B5.4.10
enum class RmiRttEntryState : std::uint8_t { kUnassigned = 0, kAssigned = 1, kTable = 2 };  // B4.4.24
enum class HashAlgorithm : std::uint8_t { kSha256 = 0, kSha512 = 1 };                       // B4.4.7
enum class PmuOverflow : std::uint8_t { kNotActive = 0, kActive = 1 };                      // B4.4.10
enum class RmiResponse : std::uint8_t { kAccept = 0, kReject = 1 };                         // B4.4.22
enum class RsiResponse : std::uint64_t { kAccept = 0, kReject = 1 };                        // B5.4.9
enum class RecExitReason : std::uint8_t {                                                   // B4.4.17
  kSync = 0,
  kIrq = 1,
  kFiq = 2,
  kPsci = 3,
  kRipasChange = 4,
  kHostCall = 5,
  kSerror = 6,
};

inline constexpr std::uint64_t kInterfaceVersion10 = 0x10000;  // B4.4.9, B5.4.6: major 30:16, minor 15:0
inline constexpr std::uint64_t kPsciVersion11 = 0x10001;       // B6.3.8: at least 1.1
inline constexpr std::uint64_t kSmcccVersion12 = 0x10002;      // D7

inline constexpr std::uint64_t kDataFlagMeasure = 1U << 0;  // B4.4.2 RmiDataFlags
inline constexpr std::uint64_t kRealmFlagLpa2 = 1U << 0;    // B4.4.11 RmiRealmFlags
inline constexpr std::uint64_t kRealmFlagSve = 1U << 1;
inline constexpr std::uint64_t kRealmFlagPmu = 1U << 2;
inline constexpr std::uint64_t kRecFlagRunnable = 1U << 0;  // B4.4.13 RmiRecCreateFlags
inline constexpr std::uint64_t kEnterEmulMmio = 1U << 0;    // B4.4.15 RmiRecEnterFlags
inline constexpr std::uint64_t kEnterInjectSea = 1U << 1;
inline constexpr std::uint64_t kEnterTrapWfi = 1U << 2;
inline constexpr std::uint64_t kEnterTrapWfe = 1U << 3;
inline constexpr std::uint64_t kEnterRipasResponse = 1U << 4;
inline constexpr std::uint64_t kRipasChangeDestroyed = 1U << 0;  // B5.4.12 RsiRipasChangeFlags
inline constexpr std::uint8_t kErrorRealmIndexNew = 0;           // B4.3.14: REC_ENTER of a NEW realm
inline constexpr std::uint8_t kErrorRealmIndexSystemOff = 1;

// B4.4.6 RmiFeatureRegister0
struct FeatureRegister0 {
  std::uint8_t s2sz;            // 7:0 maximum IPA width, bits
  bool lpa2;                    // 8
  bool sve;                     // 9
  std::uint8_t sve_vl;          // 13:10
  std::uint8_t num_bps;         // 19:14, minus one, 0 reserved
  std::uint8_t num_wps;         // 25:20, minus one, 0 reserved
  bool pmu;                     // 26
  std::uint8_t pmu_num_ctrs;    // 31:27
  bool hash_sha_256;            // 32
  bool hash_sha_512;            // 33
  std::uint8_t gicv3_num_lrs;   // 37:34, minus one
  std::uint8_t max_recs_order;  // 41:38: MAX_RECS = 2^n - 1

  constexpr std::uint64_t raw() const {
    return std::uint64_t{s2sz} | (std::uint64_t{lpa2} << 8) | (std::uint64_t{sve} << 9) |
           (std::uint64_t{sve_vl} << 10) | (std::uint64_t{num_bps} << 14) | (std::uint64_t{num_wps} << 20) |
           (std::uint64_t{pmu} << 26) | (std::uint64_t{pmu_num_ctrs} << 27) | (std::uint64_t{hash_sha_256} << 32) |
           (std::uint64_t{hash_sha_512} << 33) | (std::uint64_t{gicv3_num_lrs} << 34) |
           (std::uint64_t{max_recs_order} << 38);
  }
  static constexpr FeatureRegister0 from_raw(std::uint64_t v) {
    auto bits = [v](unsigned hi, unsigned lo) {
      return static_cast<std::uint8_t>((v >> lo) & ((1ULL << (hi - lo + 1)) - 1));
    };
    return {.s2sz = bits(7, 0),
            .lpa2 = bits(8, 8) != 0,
            .sve = bits(9, 9) != 0,
            .sve_vl = bits(13, 10),
            .num_bps = bits(19, 14),
            .num_wps = bits(25, 20),
            .pmu = bits(26, 26) != 0,
            .pmu_num_ctrs = bits(31, 27),
            .hash_sha_256 = bits(32, 32) != 0,
            .hash_sha_512 = bits(33, 33) != 0,
            .gicv3_num_lrs = bits(37, 34),
            .max_recs_order = bits(41, 38)};
  }
};

}  // namespace abi::v1_0
