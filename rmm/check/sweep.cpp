// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/sweep.h"

#include <map>
#include <set>
#include <string>

#include "rmm/core/rtt_entry.h"
#include "rmm/core/rtt_walk.h"

namespace rmm::check {
namespace {

using core::GranuleState;
using core::RttState;

class Sweep {
 public:
  Sweep(port::Platform& platform, core::MonitorState& state, Findings& findings)
      : platform_(platform), state_(state), findings_(findings) {}

  void run() {
    for (const auto& [index, realm] : state_.realms) walk_realm(realm);
    walk_recs();
    walk_granules();
    walk_vmids();
  }

 private:
  // I2, I11: a granule has one owner. `what` names the new one. True iff it is what the owner needs.
  bool own(abi::GranulePa granule, GranuleState expected, std::string what) {
    const GranuleState found = state_.granules.peek(granule).state;
    findings_.expect("I8", found == expected, "{} points at granule {:#x}, which is {} and not {}", what,
                     granule.pa().value, core::name(found), core::name(expected));
    const auto [it, fresh] = owners_.emplace(granule, what);
    findings_.expect(expected == GranuleState::kData ? "I11" : "I2", fresh, "granule {:#x} belongs to {} and to {}",
                     granule.pa().value, it->second, what);
    return found == expected;
  }

  void walk_realm(const core::Realm& realm) {
    own(realm.rd, GranuleState::kRd, fmt::format("realm {:#x}", realm.rd.pa().value));
    const std::uint64_t per_table = core::level_size(realm.rtt_level_start) * core::kRttEntries;
    for (std::uint32_t i = 0; i < realm.rtt_num_start; ++i) {
      const auto table = abi::GranulePa::containing(realm.rtt_base + i * abi::kGranuleSize);
      if (own(table, GranuleState::kRtt, fmt::format("the starting level of realm {:#x}", realm.rd.pa().value)))
        walk_table(realm, table, realm.rtt_level_start, abi::Ipa{i * per_table});
    }
  }

  void walk_table(const core::Realm& realm, abi::GranulePa table, int level, abi::Ipa base) {
    unsigned references = 0;
    for (unsigned i = 0; i < core::kRttEntries; ++i) {
      const abi::Ipa ipa = base + i * core::level_size(level);
      if (ipa >= realm.ipa_end()) break;
      const core::RttEntry entry = core::decode(platform_.memory.read64(table.pa() + i * sizeof(std::uint64_t)), level);
      if (entry.state == RttState::kTable) {
        ++references;
        const auto child = abi::GranulePa::containing(entry.address);
        findings_.expect("I8", level < core::kPageLevel, "the level 3 table {:#x} has a TABLE entry", table.pa().value);
        const bool first_time = !owners_.contains(child);
        const bool is_table =
            own(child, GranuleState::kRtt, fmt::format("the level {} table {:#x}", level, table.pa().value));
        if (level < core::kPageLevel && first_time && is_table) walk_table(realm, child, level + 1, ipa);
      } else if (entry.state == RttState::kAssigned) {
        ++references;
        for (std::uint64_t offset = 0; offset < core::level_size(level); offset += abi::kGranuleSize)
          own(abi::GranulePa::containing(entry.address + offset), GranuleState::kData,
              fmt::format("IPA {:#x} of realm {:#x}", ipa.value + offset, realm.rd.pa().value));
      }
    }
    findings_.expect("I6", state_.granules.peek(table).refcount == references,
                     "the RTT {:#x} counts {} references but has {} live entries", table.pa().value,
                     state_.granules.peek(table).refcount, references);
  }

  void walk_recs() {
    std::map<std::uint32_t, std::uint32_t> recs_of_realm;
    std::set<std::pair<std::uint32_t, std::uint64_t>> mpidrs;
    for (const auto& [index, rec] : state_.recs) {
      own(rec.granule, GranuleState::kRec, fmt::format("REC {:#x}", rec.granule.pa().value));
      for (unsigned i = 0; i < rec.num_aux; ++i)
        own(rec.aux[i], GranuleState::kRecAux,
            fmt::format("auxiliary granule {} of REC {:#x}", i, rec.granule.pa().value));
      ++recs_of_realm[rec.realm];
      findings_.expect("I18", mpidrs.emplace(rec.realm, rec.mpidr.value).second,
                       "two RECs of realm {:#x} have MPIDR {:#x}", rec.owner.pa().value, rec.mpidr.value);
      const auto realm = state_.realms.find(rec.realm);
      findings_.expect("I18", realm != state_.realms.end() && realm->second.rd == rec.owner,
                       "REC {:#x} has an owner {:#x} that is no realm", rec.granule.pa().value, rec.owner.pa().value);
      const unsigned pending =
          (rec.psci.pending ? 1U : 0U) + (rec.ripas.awaits_entry ? 1U : 0U) + (rec.host_call_pending ? 1U : 0U);
      findings_.expect("I19", pending <= 1, "REC {:#x} has {} requests pending at once", rec.granule.pa().value,
                       pending);
      const unsigned running = rec.state.peek() == core::RecState::kRunning ? 1 : 0;
      findings_.expect("I6", state_.granules.peek(rec.granule).refcount == running,
                       "REC {:#x} counts {} references but {}", rec.granule.pa().value,
                       state_.granules.peek(rec.granule).refcount, running != 0 ? "runs" : "does not run");
    }
    for (const auto& [index, realm] : state_.realms) {
      const std::uint32_t recs = recs_of_realm[index];
      findings_.expect("I6", realm.num_recs.peek() == recs, "realm {:#x} counts {} RECs but has {}",
                       realm.rd.pa().value, realm.num_recs.peek(), recs);
    }
  }

  void walk_granules() {
    state_.granules.for_each_delegated([this](abi::GranulePa pa, const core::Granule& granule) {
      findings_.expect("I1", platform_.gpt.pas(pa) == abi::Pas::kRealm, "granule {:#x} is {} but not in the Realm PAS",
                       pa.pa().value, core::name(granule.state));
      if (granule.state != GranuleState::kDelegated)
        findings_.expect("I2", owners_.contains(pa), "granule {:#x} is {} but nothing refers to it", pa.pa().value,
                         core::name(granule.state));
      if (granule.state == GranuleState::kData || granule.state == GranuleState::kDelegated)
        findings_.expect("I6", granule.refcount == 0, "granule {:#x} is {} with {} references", pa.pa().value,
                         core::name(granule.state), granule.refcount);
    });
  }

  void walk_vmids() {
    std::map<std::uint16_t, std::uint64_t> users;
    for (const auto& [index, realm] : state_.realms) {
      const auto [it, fresh] = users.emplace(realm.vmid.value, realm.rd.pa().value);
      findings_.expect("I17", fresh, "realms {:#x} and {:#x} share VMID {}", it->second, realm.rd.pa().value,
                       realm.vmid.value);
      findings_.expect("I17", state_.vmids.test(realm.vmid.value), "VMID {} of realm {:#x} counts as free",
                       realm.vmid.value, realm.rd.pa().value);
    }
    findings_.expect("I17", state_.vmids.count() == users.size(), "{} VMIDs are in use but {} realms live",
                     state_.vmids.count(), users.size());
  }

  port::Platform& platform_;
  core::MonitorState& state_;
  Findings& findings_;
  std::map<abi::GranulePa, std::string> owners_;
};

}  // namespace

void sweep(port::Platform& platform, core::MonitorState& state, Findings& findings) {
  Sweep(platform, state, findings).run();
}

}  // namespace rmm::check
