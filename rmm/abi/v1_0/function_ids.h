// SPDX-License-Identifier: GPL-2.0-or-later
// Function identifiers of RMM 1.0-rel0: RMI (DEN0137 B4.3), RSI (B5.3), PSCI (B6.3). SMCCC ids used beside them.
#pragma once

#include <cstdint>

namespace abi::v1_0 {

inline constexpr std::uint32_t kRmiVersion = 0xC4000150;
inline constexpr std::uint32_t kRmiGranuleDelegate = 0xC4000151;
inline constexpr std::uint32_t kRmiGranuleUndelegate = 0xC4000152;
inline constexpr std::uint32_t kRmiDataCreate = 0xC4000153;
inline constexpr std::uint32_t kRmiDataCreateUnknown = 0xC4000154;
inline constexpr std::uint32_t kRmiDataDestroy = 0xC4000155;
inline constexpr std::uint32_t kRmiRealmActivate = 0xC4000157;
inline constexpr std::uint32_t kRmiRealmCreate = 0xC4000158;
inline constexpr std::uint32_t kRmiRealmDestroy = 0xC4000159;
inline constexpr std::uint32_t kRmiRecCreate = 0xC400015A;
inline constexpr std::uint32_t kRmiRecDestroy = 0xC400015B;
inline constexpr std::uint32_t kRmiRecEnter = 0xC400015C;
inline constexpr std::uint32_t kRmiRttCreate = 0xC400015D;
inline constexpr std::uint32_t kRmiRttDestroy = 0xC400015E;
inline constexpr std::uint32_t kRmiRttMapUnprotected = 0xC400015F;
inline constexpr std::uint32_t kRmiRttReadEntry = 0xC4000161;
inline constexpr std::uint32_t kRmiRttUnmapUnprotected = 0xC4000162;
inline constexpr std::uint32_t kRmiPsciComplete = 0xC4000164;
inline constexpr std::uint32_t kRmiFeatures = 0xC4000165;
inline constexpr std::uint32_t kRmiRttFold = 0xC4000166;
inline constexpr std::uint32_t kRmiRecAuxCount = 0xC4000167;
inline constexpr std::uint32_t kRmiRttInitRipas = 0xC4000168;
inline constexpr std::uint32_t kRmiRttSetRipas = 0xC4000169;

inline constexpr std::uint32_t kRsiVersion = 0xC4000190;
inline constexpr std::uint32_t kRsiFeatures = 0xC4000191;
inline constexpr std::uint32_t kRsiMeasurementRead = 0xC4000192;
inline constexpr std::uint32_t kRsiMeasurementExtend = 0xC4000193;
inline constexpr std::uint32_t kRsiAttestationTokenInit = 0xC4000194;
inline constexpr std::uint32_t kRsiAttestationTokenContinue = 0xC4000195;
inline constexpr std::uint32_t kRsiRealmConfig = 0xC4000196;
inline constexpr std::uint32_t kRsiIpaStateSet = 0xC4000197;
inline constexpr std::uint32_t kRsiIpaStateGet = 0xC4000198;
inline constexpr std::uint32_t kRsiHostCall = 0xC4000199;

inline constexpr std::uint32_t kPsciVersion = 0x84000000;
inline constexpr std::uint32_t kPsciCpuSuspend32 = 0x84000001;
inline constexpr std::uint32_t kPsciCpuSuspend = 0xC4000001;
inline constexpr std::uint32_t kPsciCpuOff = 0x84000002;
inline constexpr std::uint32_t kPsciCpuOn32 = 0x84000003;
inline constexpr std::uint32_t kPsciCpuOn = 0xC4000003;
inline constexpr std::uint32_t kPsciAffinityInfo32 = 0x84000004;
inline constexpr std::uint32_t kPsciAffinityInfo = 0xC4000004;
inline constexpr std::uint32_t kPsciMigrateInfoType = 0x84000006;
inline constexpr std::uint32_t kPsciSystemOff = 0x84000008;
inline constexpr std::uint32_t kPsciSystemReset = 0x84000009;
inline constexpr std::uint32_t kPsciFeatures = 0x8400000A;

inline constexpr std::uint32_t kSmcccVersion = 0x80000000;
inline constexpr std::uint32_t kSmcccArchFeatures = 0x80000001;

constexpr bool is_rmi(std::uint32_t fid) { return fid >= 0xC4000150 && fid <= 0xC400018F; }
constexpr bool is_rsi(std::uint32_t fid) { return fid >= 0xC4000190 && fid <= 0xC40001AF; }

}  // namespace abi::v1_0
