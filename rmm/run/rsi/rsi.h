// SPDX-License-Identifier: GPL-2.0-or-later
// The Realm Services Interface 1.0 (DEN0137 B5). One file per command.
#pragma once

#include "rmm/abi/v1_0/structures.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/run/realm_call.h"

namespace rmm::run::rsi {

extern const call::Command kVersion;
extern const call::Command kFeatures;
extern const call::Command kMeasurementRead;
extern const call::Command kMeasurementExtend;
extern const call::Command kAttestationTokenInit;
extern const call::Command kAttestationTokenContinue;
extern const call::Command kRealmConfig;
extern const call::Command kIpaStateSet;
extern const call::Command kIpaStateGet;
extern const call::Command kHostCall;

Next version(Context& c, const abi::SmcRegs& regs);
Next features(Context& c, const abi::SmcRegs& regs);
Next measurement_read(Context& c, const abi::SmcRegs& regs);
Next measurement_extend(Context& c, const abi::SmcRegs& regs);
Next attestation_token_init(Context& c, const abi::SmcRegs& regs);
Next attestation_token_continue(Context& c, const abi::SmcRegs& regs);
Next realm_config(Context& c, const abi::SmcRegs& regs);
Next ipa_state_set(Context& c, const abi::SmcRegs& regs);
Next ipa_state_get(Context& c, const abi::SmcRegs& regs);
Next host_call(Context& c, const abi::SmcRegs& regs);

// B5.4.5: the return code as X0 shows it.
constexpr std::uint64_t raw(abi::v1_0::RsiStatus status) { return static_cast<std::uint64_t>(status); }
inline constexpr std::uint64_t kErrorInput = raw(abi::v1_0::RsiStatus::kErrorInput);
inline constexpr std::uint64_t kErrorState = raw(abi::v1_0::RsiStatus::kErrorState);
inline constexpr std::uint64_t kErrorUnknown = raw(abi::v1_0::RsiStatus::kErrorUnknown);

// B3.4 AddrRangeIsProtected, for base < top.
inline bool range_is_protected(const core::Realm& realm, abi::Ipa base, abi::Ipa top) {
  return realm.is_protected(base) && realm.is_protected(top - 1);
}

// Ends RSI_IPA_STATE_SET at the entry after its exit: X1 is how far the host came, X2 whether it refused the rest
// (A5.4).
void finish_ipa_state_set(Context& c, abi::v1_0::RmiResponse response);

// Ends RSI_HOST_CALL at an entry: the host's registers go to the realm's structure (A4.2.2). kExit: the structure has
// lost its memory; the host sees a Data Abort and the call stays pending.
Next finish_host_call(Context& c, const std::array<std::uint64_t, 31>& gprs);

}  // namespace rmm::run::rsi
