// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dev/sp805.h"

#include <array>

namespace sim {
namespace {

// DDI 0270B, 3.2: the registers.
enum Register : std::uint64_t {
  kLoad = 0x000,
  kValue = 0x004,
  kControl = 0x008,
  kIntClr = 0x00c,
  kRis = 0x010,
  kMis = 0x014,
  kLock = 0xc00,
  kIds = 0xfe0,
};

constexpr std::uint32_t kIntEnable = 1U << 0, kResetEnable = 1U << 1;
constexpr std::uint32_t kUnlock = 0x1acce551;
constexpr std::array<std::uint8_t, 8> kIdValues{0x05, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

}  // namespace

std::uint32_t Sp805::counter(std::uint64_t tick) const {
  if (!running()) return state_.value;
  if (tick < state_.since) return 0;  // reached zero; reloads at its next tick
  return static_cast<std::uint32_t>(zero_at() - tick);
}

void Sp805::reload(std::uint64_t tick) {
  state_.value = state_.load;
  state_.since = tick;
}

void Sp805::advance(std::uint64_t now_ns) {
  const std::uint64_t tick = rate_.ticks_at(now_ns);
  if (running() && !state_.interrupt && tick >= zero_at()) {
    state_.interrupt = true;
    reload(zero_at() + 1);
  }
  if (running() && tick >= zero_at()) {
    if (state_.reset_enable) {
      state_.value = 0;
      state_.reset = true;
    } else {  // nobody can see the periods between
      const std::uint64_t period = std::uint64_t{state_.load} + 1;
      reload(zero_at() + 1 + (tick - zero_at()) / period * period);
    }
  }
  update_irq();
}

std::optional<std::uint64_t> Sp805::next_event_ns() const {
  if (!running() || (state_.interrupt && !state_.reset_enable)) return std::nullopt;
  return rate_.ns_of(zero_at());
}

void Sp805::reset() {
  state_ = {};
  update_irq();
}

std::uint64_t Sp805::read(std::uint64_t offset, unsigned /*size*/) {
  const std::uint64_t now = clock_.now_ns();
  advance(now);
  if (offset >= kIds) return (offset & 3) == 0 ? kIdValues[(offset - kIds) / 4 % kIdValues.size()] : 0;
  switch (offset) {
    case kLoad: return state_.load;
    case kValue: return counter(rate_.ticks_at(now));
    case kControl: return (state_.int_enable ? kIntEnable : 0) | (state_.reset_enable ? kResetEnable : 0);
    case kRis: return state_.interrupt ? 1 : 0;
    case kMis: return state_.interrupt && state_.int_enable ? 1 : 0;
    case kLock: return state_.locked ? 1 : 0;
    default: return 0;
  }
}

void Sp805::write(std::uint64_t offset, unsigned /*size*/, std::uint64_t value) {
  const std::uint64_t now = clock_.now_ns();
  advance(now);
  const std::uint64_t tick = rate_.ticks_at(now);
  if (offset == kLock) state_.locked = static_cast<std::uint32_t>(value) != kUnlock;
  if (state_.locked || state_.reset) return;
  switch (offset) {
    case kLoad:
      state_.load = static_cast<std::uint32_t>(value);
      reload(tick);
      break;
    case kControl: {
      const bool enable = (value & kIntEnable) != 0;
      if (enable && !state_.int_enable) {
        reload(tick);
      } else if (!enable) {
        state_.value = counter(tick);
      }
      state_.int_enable = enable;
      state_.reset_enable = (value & kResetEnable) != 0;
      break;
    }
    case kIntClr:
      state_.interrupt = false;
      reload(tick);
      break;
    default: break;
  }
  update_irq();
}

}  // namespace sim
