// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/granule_locks.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

namespace rmm::core {

GranuleLocks::GranuleLocks(const Context& context, std::span<const WantedGranule> wanted, const char* point)
    : context_(context), point_(point), count_(wanted.size()) {
  if (count_ > kMax) {
    fmt::print(stderr, "ccasim bug: {} locks {} granules, the limit is {}\n", point, count_, kMax);
    std::abort();
  }
  std::copy(wanted.begin(), wanted.end(), wanted_.begin());
  for (std::size_t i = 0; i < count_; ++i) order_[i] = static_cast<std::uint8_t>(i);
  // By PA, then by position: std::sort allocates nothing and the result is the same everywhere.
  std::sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(count_), [&](std::uint8_t a, std::uint8_t b) {
    return wanted_[a].granule != wanted_[b].granule ? wanted_[a].granule < wanted_[b].granule : a < b;
  });

  // After the first mismatch nothing is kept: the remaining granules are only looked at, one lock at a time, so that
  // the command can report the first false state in the order of its row.
  bool all_match = true;
  for (std::size_t o = 0; o < count_; ++o) {
    const std::size_t i = order_[o];
    const bool repeated = o > 0 && wanted_[order_[o - 1]].granule == wanted_[i].granule;
    Granule& record = context_.state.granules.at(wanted_[i].granule);
    if (!repeated || !all_match)
      context_.platform.sync.acquire(record.lock, {point_, wanted_[i].granule.pa().value, port::Access::kAcquire});
    found_[i] = record.state;
    if (!all_match) {
      context_.platform.sync.release(record.lock, {point_, wanted_[i].granule.pa().value, port::Access::kRelease});
    } else if (!matches(i)) {
      all_match = false;
      for (std::size_t back = o + 1; back-- > 0;) unlock(back);
    }
  }
  held_ = all_match;
}

void GranuleLocks::unlock(std::size_t order_index) {
  const std::size_t i = order_[order_index];
  if (order_index > 0 && wanted_[order_[order_index - 1]].granule == wanted_[i].granule) return;
  context_.platform.sync.release(context_.state.granules.at(wanted_[i].granule).lock,
                                 {point_, wanted_[i].granule.pa().value, port::Access::kRelease});
}

void GranuleLocks::release() {
  if (!held_) return;
  held_ = false;
  for (std::size_t o = count_; o-- > 0;) unlock(o);
}

void GranuleLocks::require(std::size_t i, GranuleState state) const {
  if (held_ && i < count_ && wanted_[i].state == state) return;
  fmt::print(stderr, "ccasim bug: {} uses granule {:#x} as {} without holding it in that state\n", point_,
             i < count_ ? wanted_[i].granule.pa().value : 0, name(state));
  std::abort();
}

}  // namespace rmm::core
