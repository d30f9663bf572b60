// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.20 RMI_RTT_READ_ENTRY
#include "rmm/core/rtt.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using abi::v1_0::RmiRttEntryState;
using core::GranuleState;
using core::RttState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"ipa", 2}, {"level", 3}};
constexpr call::Parameter kOut[] = {{"walk_level", 1}, {"state", 2}, {"desc", 3}, {"ripas", 4}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"level_bound", kInput, "level is no RTT level of the realm", "level realm.rtt_level_start"},
    {"ipa_align", kInput, "ipa is not aligned to the range of an entry at level", "ipa level"},
    {"ipa_bound", kInput, "ipa is outside the realm's IPA space", "ipa realm.ipa_width"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_RTT_READ_ENTRY",
                                 .fid = abi::v1_0::kRmiRttReadEntry,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .effect = "Reads the entry where a walk towards level ends."};

// B3.61 RttEntryState
RmiRttEntryState to_rmi(RttState state) {
  switch (state) {
    case RttState::kUnassigned:
    case RttState::kUnassignedNs: return RmiRttEntryState::kUnassigned;
    case RttState::kAssigned:
    case RttState::kAssignedNs: return RmiRttEntryState::kAssigned;
    case RttState::kTable: break;
  }
  return RmiRttEntryState::kTable;
}

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()};
  const abi::Ipa ipa{c.in<"ipa">()};
  const auto level = static_cast<std::int64_t>(c.in<"level">());
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}}, "rtt_read_entry");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  if (c.fails<"level_bound">(!core::level_is_valid(*realm, level))) return c.failed();
  if (c.fails<"ipa_align">(!core::is_level_aligned(ipa.value, level))) return c.failed();
  if (c.fails<"ipa_bound">(ipa >= realm->ipa_end())) return c.failed();

  const core::RttWalk walk = core::walk(c.core(), *realm, ipa, static_cast<int>(level));
  // RIPAS of a TABLE or unprotected entry is EMPTY, which is what the decoder leaves there.
  return c.done(static_cast<std::uint64_t>(walk.level), to_rmi(walk.entry.state), core::host_descriptor(walk.entry),
                walk.entry.ripas);
}

}  // namespace

constexpr Row kRttReadEntry = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
