// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/granule_state.h"

#include <fmt/core.h>

#include <cstdlib>

namespace rmm::core {
namespace {

[[noreturn]] void bug(std::string_view what, abi::GranulePa granule, GranuleState from, GranuleState to,
                      unsigned refcount) {
  fmt::print(stderr, "ccasim bug: granule {:#x}: {}: {} -> {}, {} references\n", granule.pa().value, what, name(from),
             name(to), refcount);
  std::abort();
}

}  // namespace

std::string_view name(GranuleState state) {
  switch (state) {
    case GranuleState::kUndelegated: return "UNDELEGATED";
    case GranuleState::kDelegated: return "DELEGATED";
    case GranuleState::kRd: return "RD";
    case GranuleState::kRec: return "REC";
    case GranuleState::kRecAux: return "REC_AUX";
    case GranuleState::kData: return "DATA";
    case GranuleState::kRtt: return "RTT";
  }
  return "unknown";
}

bool transition_is_legal(GranuleState from, GranuleState to) {
  if (from == to) return false;
  return from == GranuleState::kDelegated || to == GranuleState::kDelegated;
}

void set_state(const Context& context, abi::GranulePa granule, GranuleState to, abi::Pa owner) {
  Granule& record = context.state.granules.at(granule);
  if (!transition_is_legal(record.state, to)) bug("illegal transition", granule, record.state, to, record.refcount);
  if (!record.lock.held()) bug("changed without its lock", granule, record.state, to, record.refcount);
  if (record.refcount != 0) bug("left with references", granule, record.state, to, record.refcount);
  if (auto* observer = context.platform.observer)
    observer->granule_transition({.granule = granule, .from = name(record.state), .to = name(to), .owner = owner});
  if (to == GranuleState::kDelegated) {
    context.platform.memory.wipe(granule);
    record.object = 0;
  }
  record.state = to;
}

bool delegate(const Context& context, abi::GranulePa granule) {
  if (context.platform.gpt.pas(granule) != abi::Pas::kNonSecure) return false;
  if (!context.platform.gpt.set_pas(granule, abi::Pas::kRealm)) return false;
  set_state(context, granule, GranuleState::kDelegated, {});
  return true;
}

void undelegate(const Context& context, abi::GranulePa granule) {
  set_state(context, granule, GranuleState::kUndelegated, {});
  if (!context.platform.gpt.set_pas(granule, abi::Pas::kNonSecure)) {
    const Granule& record = context.state.granules.at(granule);
    bug("firmware refused to return the granule", granule, GranuleState::kDelegated, record.state, record.refcount);
  }
}

}  // namespace rmm::core
