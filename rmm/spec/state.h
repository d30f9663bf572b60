// SPDX-License-Identifier: GPL-2.0-or-later
// The abstract state of RMM 1.0 as DEN0137 1.0-rel0 describes it (A2.1.3, A2.2.1, A2.3.2, C1): plain values and maps.
// It holds what a host or a realm can observe or depend on, nothing of how a monitor stores it.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>

#include "rmm/abi/addr.h"
#include "rmm/abi/v1_0/types.h"

namespace rmm::spec {

using abi::Ipa;
using abi::Pa;
using abi::v1_0::Ripas;

// A2.2.3.1
enum class GranuleState : std::uint8_t { kUndelegated, kDelegated, kRd, kRec, kRecAux, kRtt, kData };

// A5.5.4
enum class EntryState : std::uint8_t { kUnassigned, kAssigned, kTable, kUnassignedNs, kAssignedNs };

// C1.29. What a state doesn't have is zero: RIPAS of TABLE and of the unprotected half, attributes of all but
// ASSIGNED_NS.
struct Entry {
  EntryState state = EntryState::kUnassigned;
  Ripas ripas = Ripas::kEmpty;
  std::uint8_t mem_attr = 0;  // MemAttr[2:0]
  std::uint8_t s2ap = 0;
  Pa addr;
  constexpr bool operator==(const Entry&) const = default;
};

inline constexpr std::size_t kEntries = 512;

// C1.28
struct Table {
  Pa granule;
  std::array<Entry, kEntries> entries{};
  bool operator==(const Table&) const = default;
};

// Where a table stands: A5.5.2, the level is not of the table but of its position.
struct TableKey {
  Pa rd;
  int level = 0;
  Ipa base;  // of the first entry
  constexpr auto operator<=>(const TableKey&) const = default;
};

using Measurement = std::array<std::uint8_t, 64>;  // C1.17, zero above the digest

enum class RealmState : std::uint8_t { kNew, kActive, kSystemOff };

// C1.16
struct Realm {
  bool lpa2 = false;
  bool pmu = false;  // A3.1.5
  std::uint8_t ipa_width = 0;
  std::array<Measurement, 5> measurements{};  // RIM, four REMs
  abi::v1_0::HashAlgorithm hash_algo{};
  std::uint64_t rec_index = 0;
  Pa rtt_base;
  int rtt_level_start = 0;
  std::uint64_t rtt_num_start = 0;
  RealmState state = RealmState::kNew;
  std::uint16_t vmid = 0;
  std::array<std::uint8_t, 64> rpv{};
  std::uint64_t num_recs = 0;
  bool operator==(const Realm&) const = default;

  std::uint64_t ipa_limit() const { return 1ULL << ipa_width; }
  std::uint64_t protected_limit() const { return 1ULL << (ipa_width - 1); }  // A5.2.1
};

using Gprs = std::array<std::uint64_t, 31>;

// Why the REC is not in the realm's hands, and what the next entry must complete.
enum class Pause : std::uint8_t {
  kNone,         // never entered, or an exit that asks for nothing
  kPsci,         // A4.3.7
  kRipasChange,  // A4.3.8
  kHostCall,     // A4.3.9
  kDataAbort,    // A4.3.4.3; emulatable_abort says which
  kSysReg,       // D4: a trapped register whose read takes enter.gprs[0]
};

// C1.19 without sysregs. gprs and pc are known while the REC is not running; between entry and exit they are the
// realm's.
struct Rec {
  bool attest_in_progress = false;
  std::array<std::uint64_t, 8> attest_challenge{};
  std::array<Pa, 16> aux{};
  std::uint64_t num_aux = 0;
  bool emulatable_abort = false;
  bool runnable = false;
  Gprs gprs{};
  std::uint64_t mpidr = 0;  // RmiRecMpidr (B4.4.18), reserved bits zero
  Pa owner;
  std::uint64_t pc = 0;
  bool psci_pending = false;
  bool running = false;
  Ipa ripas_addr, ripas_top;
  Ripas ripas_value = Ripas::kEmpty;
  bool change_destroyed = false;
  bool host_call_pending = false;
  // Not attributes of the text, but what its sentences about the next entry need to remember.
  Pause pause = Pause::kNone;
  Ipa host_call;                // RsiHostCall structure
  std::uint64_t abort_esr = 0;  // ESR_EL2 of a Data Abort or trapped access
  bool abort_unprotected = false;
  bool operator==(const Rec&) const = default;
};

// Everything. A granule that is not listed is UNDELEGATED; its PAS belongs to the environment (A2.2.3.1).
struct State {
  std::map<Pa, GranuleState> granules;
  std::map<Pa, Realm> realms;  // by RD
  std::map<Pa, Rec> recs;
  std::map<TableKey, Table> tables;
  bool operator==(const State&) const = default;

  GranuleState granule(Pa pa) const {
    const auto it = granules.find(pa);
    return it == granules.end() ? GranuleState::kUndelegated : it->second;
  }
};

}  // namespace rmm::spec
