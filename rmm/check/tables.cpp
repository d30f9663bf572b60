// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/tables.h"

#include <cstring>

#include "rmm/core/rtt_walk.h"

namespace rmm::check {
namespace {

using core::GranuleState;
using core::RttEntry;
using core::RttState;

bool refers(const RttEntry& entry) { return entry.state == RttState::kTable || entry.state == RttState::kAssigned; }

}  // namespace

void Tables::forget() {
  references_.clear();
  parents_.clear();
  mappings_.clear();
}

void Tables::transition(const port::GranuleTransition& event) {
  const std::uint64_t frame = event.granule.frame();
  references_.erase(frame);
  parents_.erase(frame);
  mappings_.erase(frame);
  if (event.to == "RTT") references_[frame] = 0;
}

std::uint16_t Tables::count(abi::GranulePa table, int level) const {
  const auto bytes = platform_.memory.peek(table);
  std::uint16_t references = 0;
  for (unsigned i = 0; i < core::kRttEntries; ++i) {
    std::uint64_t descriptor = 0;
    std::memcpy(&descriptor, bytes.data() + i * sizeof descriptor, sizeof descriptor);
    if (refers(core::decode(descriptor, level))) ++references;
  }
  return references;
}

void Tables::entry_written(const port::RttWrite& event, const RttEntry& before, const RttEntry& after) {
  const auto table = abi::GranulePa::containing(event.entry);
  // A table that was there before the checks began is counted, this write included.
  const auto it = references_.find(table.frame());
  if (it == references_.end())
    references_[table.frame()] = count(table, event.level);
  else
    it->second = static_cast<std::uint16_t>(it->second + (refers(after) ? 1 : 0) - (refers(before) ? 1 : 0));
  if (after.state == RttState::kTable) {
    const auto child = abi::GranulePa::containing(after.address);
    findings_.expect("I8", event.level < core::kPageLevel, "a level 3 entry, of IPA {:#x}, became TABLE",
                     event.ipa.value);
    linked(event, child);
    if (platform_.gpt.pas(child) == abi::Pas::kRealm) references_[child.frame()] = count(child, event.level + 1);
  } else if (after.state == RttState::kAssigned && before.state != RttState::kAssigned &&
             before.state != RttState::kTable) {
    for (std::uint64_t at = 0; at < core::level_size(event.level); at += abi::kGranuleSize)
      mapped(event, after.address + at);
  }
}

void Tables::linked(const port::RttWrite& event, abi::GranulePa child) {
  const GranuleState state = state_.granules.peek(child).state;
  findings_.expect("I8", state == GranuleState::kRtt,
                   "the entry of IPA {:#x} points at granule {:#x} as at an RTT; it is {}", event.ipa.value,
                   child.pa().value, core::name(state));
  const auto [it, fresh] = parents_.emplace(child.frame(), event.entry.value);
  findings_.expect("I2", fresh || it->second == event.entry.value,
                   "the RTT {:#x} has two parents, entries {:#x} and {:#x}", child.pa().value, it->second,
                   event.entry.value);
}

void Tables::mapped(const port::RttWrite& event, abi::Pa address) {
  const auto granule = abi::GranulePa::containing(address);
  const GranuleState state = state_.granules.peek(granule).state;
  findings_.expect("I11", state == GranuleState::kData, "IPA {:#x} maps granule {:#x}, which is {} and not DATA",
                   event.ipa.value, granule.pa().value, core::name(state));
  const auto [it, fresh] = mappings_.emplace(granule.frame(), event.ipa.value);
  findings_.expect("I11", fresh, "granule {:#x} is mapped at IPA {:#x} and at IPA {:#x}", granule.pa().value,
                   it->second, event.ipa.value);
}

void Tables::expect_references(abi::GranulePa table) {
  const core::Granule& granule = state_.granules.peek(table);
  const auto it = references_.find(table.frame());
  if (granule.state != GranuleState::kRtt || it == references_.end()) return;
  findings_.expect("I6", granule.refcount == it->second, "the RTT {:#x} counts {} references but has {} live entries",
                   table.pa().value, granule.refcount, it->second);
}

}  // namespace rmm::check
