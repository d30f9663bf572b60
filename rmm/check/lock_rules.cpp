// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/lock_rules.h"

#include <algorithm>

namespace rmm::check {
namespace {

using core::GranuleState;

// Calls of ports that one command may make: RIPAS changes of a whole table need three for each of 512 entries, nothing
// needs more.
constexpr std::uint64_t kMostWork = 1 << 14;

bool is_owned(GranuleState state) {
  return state == GranuleState::kRtt || state == GranuleState::kData || state == GranuleState::kRecAux;
}
bool is_owner(GranuleState state) { return state == GranuleState::kRd || state == GranuleState::kRec; }

}  // namespace

bool LockRules::is_granule_lock(const port::Lock& lock, const port::Step& step) const {
  if (&lock == &state_.vmid_lock) return false;
  const auto granule = abi::GranulePa::containing(abi::Pa{step.object});
  return &state_.granules.peek(granule).lock == &lock;
}

void LockRules::wanted(const ActorProgress& actor, const port::Lock& lock, const port::Step& step) {
  const auto state_of = [&](std::uint64_t pa) {
    return state_.granules.peek(abi::GranulePa::containing(abi::Pa{pa})).state;
  };
  const bool wants_granule = is_granule_lock(lock, step);
  for (const HeldLock& held : actor.held) {
    findings_.expect("I25", held.lock != &lock,
                     "{} takes the lock of {:#x} again, which it holds: it would wait forever", step.point,
                     step.object);
    if (!held.is_granule) {
      findings_.expect("I25", false,
                       "{} takes the lock of {:#x} while it holds that of the VMIDs, the last in the order", step.point,
                       step.object);
      continue;
    }
    const GranuleState held_state = state_of(held.object);
    const bool last = is_owned(held_state);
    const bool ascending = !wants_granule || held.object < step.object;
    const bool below_owner = wants_granule && is_owned(state_of(step.object)) && is_owner(held_state);
    findings_.expect("I25", !last && (ascending || below_owner),
                     "{} takes the lock of granule {:#x} while it holds that of {:#x} ({}): against the order, two PEs "
                     "could wait for each other",
                     step.point, step.object, held.object, core::name(held_state));
  }
  if (actor.held.empty()) findings_.expect("I25", true, "");
}

void LockRules::taken(ActorProgress& actor, const port::Lock& lock, const port::Step& step) {
  actor.held.push_back({&lock, step.object, is_granule_lock(lock, step)});
}

void LockRules::released(ActorProgress& actor, const port::Lock& lock) {
  std::erase_if(actor.held, [&](const HeldLock& held) { return held.lock == &lock; });
}

void LockRules::expect_none(const ActorProgress& actor, std::string_view when, std::string_view command) {
  findings_.expect("I25", actor.held.empty(), "the lock of {:#x} is still held {} {}",
                   actor.held.empty() ? 0 : actor.held.front().object, when, command);
}

void LockRules::expect_bounded(std::uint64_t work, std::string_view command) {
  findings_.expect("I25", work <= kMostWork, "{} touched memory and locks {} times: no command needs more than {}",
                   command, work, kMostWork);
}

}  // namespace rmm::check
