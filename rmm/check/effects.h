// SPDX-License-Identifier: GPL-2.0-or-later
// What a command changed, as far as it can be seen: by kind and by the object that the change belongs to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rmm/abi/addr.h"

namespace rmm::check {

enum class Kind : std::uint8_t {
  kRttEntry,           // of a realm (RD)
  kTableContents,      // a new RTT is filled (granule)
  kDataContents,       // a realm's memory (granule)
  kDelegatedContents,  // a granule that has no owner yet, or any more (granule)
  kHostMemory,         // granule
  kWipe,               // granule
  kPas,                // granule protection table (granule)
  kVmid,               // the set of VMIDs in use (VMID)
  kRim,                // RD
  kRem,                // RD
  kRecIndex,           // the realm's next REC index (RD)
  kRealmAttribute,     // what is fixed for a realm's life (RD)
  kRealmShared,        // realm state, number of RECs (RD)
  kRecShared,          // REC state, runnable, a step of its token (REC)
  kRecIdentity,        // what is fixed for a REC's life (REC)
  kPsciRequest,        // REC
  kRipasWindow,        // REC
  kHostCall,           // REC
  kAttestation,        // REC
  kExitRecord,         // what the next entry must know of the last exit: syndrome, timers, GIC (REC)
  kCpuContext,         // a REC's registers were reached (CPU number)
  kCount,
};
std::string_view name(Kind kind);

using Kinds = std::uint32_t;
constexpr Kinds bit(Kind kind) { return Kinds{1} << static_cast<unsigned>(kind); }
template <class... More>
constexpr Kinds kinds(More... more) {
  return (Kinds{0} | ... | bit(more));
}

struct Change {
  Kind kind = Kind::kCount;
  std::uint64_t object = 0;
  bool operator==(const Change&) const = default;
};

struct Transition {
  abi::GranulePa granule;
  std::string_view from, to;
};

class Effects {
 public:
  void add(Kind kind, std::uint64_t object) {
    const Change change{kind, object};
    if (std::find(changes.rbegin(), changes.rend(), change) == changes.rend()) changes.push_back(change);
  }
  void add_entry(abi::Pa rd, abi::IpaRange range) {
    add(Kind::kRttEntry, rd.value);
    if (entries.base == entries.top) entries = range;
    entries = {std::min(entries.base, range.base), std::max(entries.top, range.top)};
  }
  void remove(Kind kind, std::uint64_t object) { std::erase(changes, Change{kind, object}); }
  const Transition* of(abi::GranulePa granule) const {
    for (const Transition& t : transitions)
      if (t.granule == granule) return &t;
    return nullptr;
  }
  bool empty() const { return changes.empty() && transitions.empty(); }
  void clear() {
    changes.clear();
    transitions.clear();
    entries = {};
  }

  std::vector<Change> changes;  // each once
  std::vector<Transition> transitions;
  abi::IpaRange entries{};  // hull of the RTT entries written
};

}  // namespace rmm::check
