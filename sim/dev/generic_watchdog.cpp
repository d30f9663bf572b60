// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dev/generic_watchdog.h"

#include "sim/timer/generic_timer.h"

namespace sim {
namespace {

// The control frame. WRR of the refresh frame is at 0; W_IIDR is in both.
enum Register : std::uint64_t { kWcs = 0x000, kWor = 0x008, kWcvLow = 0x010, kWcvHigh = 0x014, kWIidr = 0xfcc };
constexpr std::uint64_t kWrr = 0x000;

constexpr std::uint32_t kEnable = 1U << 0, kWs0 = 1U << 1, kWs1 = 1U << 2;
constexpr std::uint32_t kImplementer = 0x43b;  // W_IIDR: Arm; architecture revision 0

}  // namespace

// The specification's pseudocode: the signals follow the counter only while the watchdog is enabled; passing the
// compare value the first time sets a new one.
void GenericWatchdog::advance(std::uint64_t now_ns) {
  const std::uint64_t count = counter_.at(now_ns);
  if (state_.enabled && !state_.ws0 && count > state_.compare) {
    state_.ws0 = true;
    state_.compare += 1 + std::uint64_t{state_.offset};  // from the count at which it passed
  }
  if (state_.enabled && state_.ws0 && count > state_.compare) state_.ws1 = true;
  set_ws0_(state_.ws0);
}

std::optional<std::uint64_t> GenericWatchdog::next_event_ns() const {
  if (!state_.enabled || state_.ws1 || state_.compare >= ~0ULL / counter_.ns_per_count) return std::nullopt;
  return (state_.compare + 1) * counter_.ns_per_count;
}

void GenericWatchdog::reset() {
  state_ = {};
  set_ws0_(false);
}

void GenericWatchdog::refresh() {
  state_.ws0 = state_.ws1 = false;
  state_.compare = counter_.at(clock_.now_ns()) + state_.offset;
  set_ws0_(false);
}

std::uint64_t GenericWatchdog::ControlFrame::read(std::uint64_t offset, unsigned size) {
  owner.advance(owner.clock_.now_ns());
  const GenericWatchdogState& state = owner.state_;
  switch (offset) {
    case kWcs: return (state.enabled ? kEnable : 0) | (state.ws0 ? kWs0 : 0) | (state.ws1 ? kWs1 : 0);
    case kWor: return state.offset;
    case kWcvLow: return size == 8 ? state.compare : state.compare & 0xffff'ffff;
    case kWcvHigh: return state.compare >> 32;
    case kWIidr: return kImplementer;
    default: return 0;
  }
}

void GenericWatchdog::ControlFrame::write(std::uint64_t offset, unsigned size, std::uint64_t value) {
  owner.advance(owner.clock_.now_ns());
  GenericWatchdogState& state = owner.state_;
  switch (offset) {
    // Writes to WCS and WOR are explicit refreshes, as is one to WRR.
    case kWcs:
      state.enabled = (value & kEnable) != 0;
      owner.refresh();
      break;
    case kWor:
      state.offset = static_cast<std::uint32_t>(value);
      owner.refresh();
      break;
    case kWcvLow: state.compare = size == 8 ? value : (state.compare & ~0xffff'ffffULL) | (value & 0xffff'ffff); break;
    case kWcvHigh: state.compare = (state.compare & 0xffff'ffff) | value << 32; break;
    default: break;
  }
}

std::uint64_t GenericWatchdog::RefreshFrame::read(std::uint64_t offset, unsigned /*size*/) {
  return offset == kWIidr ? kImplementer : 0;
}

void GenericWatchdog::RefreshFrame::write(std::uint64_t offset, unsigned /*size*/, std::uint64_t /*value*/) {
  if (offset != kWrr) return;
  owner.advance(owner.clock_.now_ns());
  owner.refresh();
}

}  // namespace sim
