// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/abi/smc.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/abi/v2_0/types.h"
#include "rmm/call/command.h"

namespace rmm::call {
namespace {

// Statuses of 1.0 and 2.0: 2.0 adds to those of 1.0 and changes none.
std::string_view rmi_name(std::uint64_t x0) {
  using abi::v2_0::RmiStatus;
  if (x0 == abi::kSmcNotSupported) return "SMC_NOT_SUPPORTED";
  switch (abi::v2_0::RmiResult::from_raw(x0).status) {
    case RmiStatus::kSuccess: return "RMI_SUCCESS";
    case RmiStatus::kErrorInput: return "RMI_ERROR_INPUT";
    case RmiStatus::kErrorRealm: return "RMI_ERROR_REALM";
    case RmiStatus::kErrorRec: return "RMI_ERROR_REC";
    case RmiStatus::kErrorRtt: return "RMI_ERROR_RTT";
    case RmiStatus::kErrorNotSupported: return "RMI_ERROR_NOT_SUPPORTED";
    case RmiStatus::kErrorDevice: return "RMI_ERROR_DEVICE";
    case RmiStatus::kErrorRttAux: return "RMI_ERROR_RTT_AUX";
    case RmiStatus::kErrorPsmmuSt: return "RMI_ERROR_PSMMU_ST";
    case RmiStatus::kErrorDpt: return "RMI_ERROR_DPT";
    case RmiStatus::kBusy: return "RMI_BUSY";
    case RmiStatus::kErrorGlobal: return "RMI_ERROR_GLOBAL";
    case RmiStatus::kErrorTracking: return "RMI_ERROR_TRACKING";
    case RmiStatus::kIncomplete: return "RMI_INCOMPLETE";
    case RmiStatus::kBlocked: return "RMI_BLOCKED";
    case RmiStatus::kErrorGpt: return "RMI_ERROR_GPT";
    case RmiStatus::kErrorGranule: return "RMI_ERROR_GRANULE";
  }
  return "unknown";
}

std::string_view rsi_name(std::uint64_t x0) {
  using abi::v1_0::RsiStatus;
  if (x0 == abi::kSmcNotSupported) return "SMC_NOT_SUPPORTED";
  switch (static_cast<RsiStatus>(x0)) {
    case RsiStatus::kSuccess: return "RSI_SUCCESS";
    case RsiStatus::kErrorInput: return "RSI_ERROR_INPUT";
    case RsiStatus::kErrorState: return "RSI_ERROR_STATE";
    case RsiStatus::kIncomplete: return "RSI_INCOMPLETE";
    case RsiStatus::kErrorUnknown: return "RSI_ERROR_UNKNOWN";
  }
  return "unknown";
}

// A non-negative PSCI result is a value (a version, an affinity state), not an error.
std::string_view psci_name(std::uint64_t x0) {
  using abi::v1_0::PsciStatus;
  switch (static_cast<PsciStatus>(x0)) {
    case PsciStatus::kSuccess: return "PSCI_SUCCESS";
    case PsciStatus::kNotSupported: return "PSCI_NOT_SUPPORTED";
    case PsciStatus::kInvalidParameters: return "PSCI_INVALID_PARAMETERS";
    case PsciStatus::kDenied: return "PSCI_DENIED";
    case PsciStatus::kAlreadyOn: return "PSCI_ALREADY_ON";
    case PsciStatus::kOnPending: return "PSCI_ON_PENDING";
    case PsciStatus::kInternalFailure: return "PSCI_INTERNAL_FAILURE";
    case PsciStatus::kNotPresent: return "PSCI_NOT_PRESENT";
    case PsciStatus::kDisabled: return "PSCI_DISABLED";
    case PsciStatus::kInvalidAddress: return "PSCI_INVALID_ADDRESS";
  }
  return static_cast<std::int64_t>(x0) > 0 ? "PSCI_SUCCESS" : "unknown";
}

}  // namespace

std::string_view status_name(port::Interface interface, std::uint64_t x0) {
  switch (interface) {
    case port::Interface::kRmi: return rmi_name(x0);
    case port::Interface::kRsi: return rsi_name(x0);
    case port::Interface::kPsci: return psci_name(x0);
  }
  return "unknown";
}

}  // namespace rmm::call
