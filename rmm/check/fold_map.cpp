// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/fold_map.h"

#include <cstring>
#include <string>

#include "rmm/core/rtt_entry.h"
#include "rmm/core/rtt_walk.h"

namespace rmm::check {
namespace {

std::string describe(const core::RttEntry& entry) {
  std::string text(core::name(entry.state));
  if (entry.state == core::RttState::kAssigned || entry.state == core::RttState::kUnassigned)
    text += fmt::format(" RIPAS {}", core::name(entry.ripas));
  if (entry.is_live()) text += fmt::format(" at {:#x}", entry.address.value);
  if (entry.state == core::RttState::kAssignedNs) text += fmt::format(" attributes {:#x}", entry.attributes);
  return text;
}

}  // namespace

void expect_same_map(Findings& findings, const port::RttWrite& event, std::uint64_t entry,
                     std::span<const std::byte> table, bool fold) {
  const core::RttEntry parent = core::decode(entry, event.level);
  const std::uint64_t step = core::level_size(event.level + 1);
  core::RttEntry expected = parent;
  for (unsigned i = 0; i < core::kRttEntries; ++i, expected.address += parent.is_live() ? step : 0) {
    std::uint64_t descriptor = 0;
    std::memcpy(&descriptor, table.data() + i * sizeof descriptor, sizeof descriptor);
    const core::RttEntry child = core::decode(descriptor, event.level + 1);
    if (child == expected && (descriptor & 1) == (entry & 1)) continue;
    findings.expect("I12", false,
                    "{} changed the map of IPA {:#x} in the realm with RD {:#x}: it was {} and is {} (entry {} of the "
                    "level {} table below IPA {:#x})",
                    fold ? "a fold" : "an unfold", event.ipa.value + i * step, event.rd.value,
                    describe(fold ? child : expected), describe(fold ? expected : child), i, event.level + 1,
                    event.ipa.value);
    return;
  }
  findings.expect("I12", true, "");
}

}  // namespace rmm::check
