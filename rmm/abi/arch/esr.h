// SPDX-License-Identifier: GPL-2.0-or-later
// Exception syndromes (Arm ARM D24.2.40, ESR_ELx): exception classes and the ISS fields that ccasim builds or decodes.
#pragma once

#include <cstdint>

namespace abi::esr {

enum class Ec : std::uint8_t {
  kUnknown = 0x00,
  kWfx = 0x01,
  kFpAccess = 0x07,
  kPac = 0x09,  // pointer authentication instruction
  kIllegalState = 0x0e,
  kSvc64 = 0x15,
  kHvc64 = 0x16,
  kSmc64 = 0x17,
  kSysReg = 0x18,
  kSve = 0x19,
  kInstructionAbortLower = 0x20,
  kInstructionAbortSame = 0x21,
  kPcAlignment = 0x22,
  kDataAbortLower = 0x24,
  kDataAbortSame = 0x25,
  kSpAlignment = 0x26,
  kBrk64 = 0x3c,
};

inline constexpr std::uint64_t kIl = 1ULL << 25;
inline constexpr unsigned kEcShift = 26;

constexpr Ec ec(std::uint64_t esr) { return static_cast<Ec>((esr >> kEcShift) & 0x3f); }
constexpr std::uint64_t make(Ec ec, std::uint64_t iss) {
  return (static_cast<std::uint64_t>(ec) << kEcShift) | kIl | iss;
}

// Data Abort ISS
inline constexpr std::uint64_t kIsv = 1ULL << 24;
inline constexpr unsigned kSasShift = 22;
inline constexpr std::uint64_t kSasMask = 3ULL << kSasShift;
inline constexpr std::uint64_t kSse = 1ULL << 21;
inline constexpr unsigned kSrtShift = 16;
inline constexpr std::uint64_t kSrtMask = 0x1fULL << kSrtShift;
inline constexpr std::uint64_t kSf = 1ULL << 15;
inline constexpr std::uint64_t kAr = 1ULL << 14;
inline constexpr std::uint64_t kSetMask = 3ULL << 11;
inline constexpr std::uint64_t kFnv = 1ULL << 10;
inline constexpr std::uint64_t kEa = 1ULL << 9;
inline constexpr std::uint64_t kCm = 1ULL << 8;
inline constexpr std::uint64_t kS1ptw = 1ULL << 7;
inline constexpr std::uint64_t kWnr = 1ULL << 6;
inline constexpr std::uint64_t kFscMask = 0x3f;

// Fault status codes (DFSC / IFSC); the level is added to the first four and to kGpfWalk.
inline constexpr std::uint64_t kFscAddressSize = 0x00;
inline constexpr std::uint64_t kFscTranslation = 0x04;
inline constexpr std::uint64_t kFscAccessFlag = 0x08;
inline constexpr std::uint64_t kFscPermission = 0x0c;
inline constexpr std::uint64_t kFscExternal = 0x10;      // synchronous external abort, not on a walk
inline constexpr std::uint64_t kFscExternalWalk = 0x14;  // + level
inline constexpr std::uint64_t kFscAlignment = 0x21;
inline constexpr std::uint64_t kFscGpfWalk = 0x24;  // + level: granule protection fault on a table walk
inline constexpr std::uint64_t kFscGpf = 0x28;      // granule protection fault, not on a walk
constexpr std::uint64_t fsc(std::uint64_t esr) { return esr & kFscMask; }
constexpr bool fsc_is(std::uint64_t esr, std::uint64_t kind) { return (esr & 0x3c) == kind; }

// WFx ISS: TI 1:0: 0 WFI, 1 WFE, 2 WFIT, 3 WFET.
enum class Wfx : std::uint8_t { kWfi = 0, kWfe = 1, kWfit = 2, kWfet = 3 };

// SYS64 (EC 0x18) ISS
struct SysRegIss {
  std::uint8_t op0, op1, crn, crm, op2, rt;
  bool is_read;
};
constexpr SysRegIss sysreg_iss(std::uint64_t esr) {
  return {.op0 = static_cast<std::uint8_t>((esr >> 20) & 3),
          .op1 = static_cast<std::uint8_t>((esr >> 14) & 7),
          .crn = static_cast<std::uint8_t>((esr >> 10) & 15),
          .crm = static_cast<std::uint8_t>((esr >> 1) & 15),
          .op2 = static_cast<std::uint8_t>((esr >> 17) & 7),
          .rt = static_cast<std::uint8_t>((esr >> 5) & 31),
          .is_read = (esr & 1) != 0};
}
constexpr std::uint64_t make_sysreg_iss(const SysRegIss& s) {
  return (static_cast<std::uint64_t>(s.op0) << 20) | (static_cast<std::uint64_t>(s.op2) << 17) |
         (static_cast<std::uint64_t>(s.op1) << 14) | (static_cast<std::uint64_t>(s.crn) << 10) |
         (static_cast<std::uint64_t>(s.rt) << 5) | (static_cast<std::uint64_t>(s.crm) << 1) | (s.is_read ? 1U : 0U);
}

// HPFAR_EL2: FIPA[51:12] at bits 43:4; NS bit 63.
inline constexpr std::uint64_t kHpfarNs = 1ULL << 63;
constexpr std::uint64_t hpfar_from_ipa(std::uint64_t ipa) { return (ipa >> 12) << 4; }
constexpr std::uint64_t ipa_from_hpfar(std::uint64_t hpfar) { return (hpfar & 0x00000ffffffffff0ULL) << 8; }

}  // namespace abi::esr
