// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/footprints.h"

#include <unordered_map>

namespace rmm::check {
namespace {

using enum Kind;
using enum Number;

constexpr GranuleChange kDelegate[] = {{"UNDELEGATED", "DELEGATED", "addr"}};
constexpr GranuleChange kUndelegate[] = {{"DELEGATED", "UNDELEGATED", "addr"}};
constexpr GranuleChange kDataMade[] = {{"DELEGATED", "DATA", "data"}};
constexpr GranuleChange kDataGone[] = {{"DATA", "DELEGATED", "data"}};
constexpr GranuleChange kRealmMade[] = {{"DELEGATED", "RD", "rd"}, {"DELEGATED", "RTT", "", kSome}};
constexpr GranuleChange kRealmGone[] = {{"RD", "DELEGATED", "rd"}, {"RTT", "DELEGATED", "", kSome}};
constexpr GranuleChange kRecMade[] = {{"DELEGATED", "REC", "rec"}, {"DELEGATED", "REC_AUX", "", kAny}};
constexpr GranuleChange kRecGone[] = {{"REC", "DELEGATED", "rec_ptr"}, {"REC_AUX", "DELEGATED", "", kAny}};
constexpr GranuleChange kTableMade[] = {{"DELEGATED", "RTT", "rtt"}};
constexpr GranuleChange kTableGone[] = {{"RTT", "DELEGATED", "rtt"}};

constexpr Footprint kFootprints[] = {
    {.command = "RMI_VERSION"},
    {.command = "RMI_FEATURES"},
    {.command = "RMI_REC_AUX_COUNT"},
    {.command = "RMI_RTT_READ_ENTRY"},
    // A granule that the host gives away loses what the host had in it.
    {.command = "RMI_GRANULE_DELEGATE", .changes = kinds(kPas, kWipe), .granules = kDelegate},
    {.command = "RMI_GRANULE_UNDELEGATE", .changes = kinds(kPas), .granules = kUndelegate},
    {.command = "RMI_DATA_CREATE", .changes = kinds(kRttEntry, kDataContents, kRim), .granules = kDataMade},
    {.command = "RMI_DATA_CREATE_UNKNOWN", .changes = kinds(kRttEntry), .granules = kDataMade},
    {.command = "RMI_DATA_DESTROY", .changes = kinds(kRttEntry, kWipe), .granules = kDataGone},
    {.command = "RMI_REALM_CREATE", .changes = kinds(kTableContents, kVmid), .granules = kRealmMade},
    {.command = "RMI_REALM_ACTIVATE", .changes = kinds(kRealmShared)},
    // D12: the VMID is in no list of the page.
    {.command = "RMI_REALM_DESTROY", .changes = kinds(kWipe, kVmid), .granules = kRealmGone},
    // D12: nor is num_recs.
    {.command = "RMI_REC_CREATE", .changes = kinds(kRim, kRecIndex, kRealmShared, kCpuContext), .granules = kRecMade},
    {.command = "RMI_REC_DESTROY", .changes = kinds(kWipe, kRealmShared, kCpuContext), .granules = kRecGone},
    // What the realm does in between has rows of its own. D14: where the exit cannot be written, the REC has run.
    {.command = "RMI_REC_ENTER",
     .changes = kinds(kRecShared, kHostMemory, kCpuContext),
     .on_failure = kinds(kRecShared, kHostMemory, kCpuContext),
     .failing_condition = "_exit_fault"},
    {.command = "RMI_RTT_CREATE", .changes = kinds(kRttEntry, kTableContents), .granules = kTableMade},
    {.command = "RMI_RTT_DESTROY", .changes = kinds(kRttEntry, kWipe), .granules = kTableGone},
    {.command = "RMI_RTT_FOLD", .changes = kinds(kRttEntry, kWipe), .granules = kTableGone},
    {.command = "RMI_RTT_MAP_UNPROTECTED", .changes = kinds(kRttEntry)},
    {.command = "RMI_RTT_UNMAP_UNPROTECTED", .changes = kinds(kRttEntry)},
    {.command = "RMI_RTT_INIT_RIPAS", .changes = kinds(kRttEntry, kRim)},
    {.command = "RMI_RTT_SET_RIPAS", .changes = kinds(kRttEntry, kRipasWindow)},
    {.command = "RMI_PSCI_COMPLETE", .changes = kinds(kPsciRequest, kRecShared, kCpuContext)},

    {.command = "SMCCC_VERSION"},
    {.command = "SMCCC_ARCH_FEATURES"},
    {.command = "PSCI_VERSION"},
    {.command = "PSCI_FEATURES"},
    {.command = "PSCI_CPU_SUSPEND"},
    // D12: the pages of CPU_OFF, SYSTEM_OFF, SYSTEM_RESET and IPA_STATE_SET have no list.
    {.command = "PSCI_CPU_OFF", .changes = kinds(kRecShared)},
    {.command = "PSCI_CPU_ON", .changes = kinds(kPsciRequest)},
    {.command = "PSCI_AFFINITY_INFO", .changes = kinds(kPsciRequest)},
    {.command = "PSCI_SYSTEM_OFF", .changes = kinds(kRealmShared)},
    {.command = "PSCI_SYSTEM_RESET", .changes = kinds(kRealmShared)},

    {.command = "RSI_VERSION"},
    {.command = "RSI_FEATURES"},
    {.command = "RSI_MEASUREMENT_READ"},
    {.command = "RSI_IPA_STATE_GET"},
    {.command = "RSI_MEASUREMENT_EXTEND", .changes = kinds(kRem)},
    {.command = "RSI_REALM_CONFIG", .changes = kinds(kDataContents)},
    {.command = "RSI_IPA_STATE_SET", .changes = kinds(kRipasWindow)},
    // The structure may be gone at the entry after the call: it fails then, and no request is left.
    {.command = "RSI_HOST_CALL", .changes = kinds(kHostCall, kDataContents), .on_failure = kinds(kHostCall)},
    {.command = "RSI_ATTESTATION_TOKEN_INIT", .changes = kinds(kAttestation)},
    // Where firmware refuses, what was made before stays.
    {.command = "RSI_ATTESTATION_TOKEN_CONTINUE",
     .changes = kinds(kAttestation, kDataContents, kRecShared),
     .on_failure = kinds(kAttestation, kRecShared),
     .failing_condition = "unknown"},
};

}  // namespace

std::string_view name(Kind kind) {
  switch (kind) {
    case kRttEntry: return "an RTT entry";
    case kTableContents: return "the contents of an RTT";
    case kDataContents: return "realm memory";
    case kDelegatedContents: return "the contents of a DELEGATED granule";
    case kHostMemory: return "host memory";
    case kWipe: return "the contents of a granule, to zero,";
    case kPas: return "the physical address space of a granule";
    case kVmid: return "the VMIDs in use";
    case kRim: return "the RIM";
    case kRem: return "a REM";
    case kRecIndex: return "the realm's REC index";
    case kRealmAttribute: return "a fixed attribute of the realm";
    case kRealmShared: return "the realm's state or number of RECs";
    case kRecShared: return "the REC's state or whether it is runnable";
    case kRecIdentity: return "a fixed attribute of the REC";
    case kPsciRequest: return "the REC's PSCI request";
    case kRipasWindow: return "the REC's RIPAS change";
    case kHostCall: return "the REC's host call";
    case kAttestation: return "the REC's token operation";
    case kExitRecord: return "the record of the REC's last exit";
    case kCpuContext: return "the registers of a REC";
    case kCount: break;
  }
  return "unknown";
}

std::span<const Footprint> footprints() { return kFootprints; }

const Footprint& footprint_of(std::string_view command) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, const Footprint*> rows;
    for (const Footprint& row : kFootprints) rows.emplace(row.command, &row);
    return rows;
  }();
  static constexpr Footprint kNothing{.command = "unknown"};
  const auto it = kByName.find(command);
  return it == kByName.end() ? kNothing : *it->second;
}

}  // namespace rmm::check
