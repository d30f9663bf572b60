// SPDX-License-Identifier: GPL-2.0-or-later
// What every range command of 2.0 promises: the conditions are those of the item at `base`; if they pass, the command
// works forward and ends with SUCCESS and out_top where the range ends, where the first item fails the same conditions,
// or where the call has done enough. The caller goes on with base = out_top and then hears the error, if there is one.
// An error means that nothing of the range has changed.
#pragma once

#include <cstdint>

#include "rmm/call/call.h"

namespace rmm::v2_0 {

// Items per call. A call takes bounded time by coming back with out_top, never by RMI_INCOMPLETE.
inline constexpr unsigned kItemsPerCall = 512;

// One item of a range on its way through the conditions of the row.
template <const call::Command& kCommand>
class RangeItem {
 public:
  RangeItem(call::Call<kCommand>& call, bool is_first) : call_(call), is_first_(is_first) {}

  // True iff `condition` stops the command here: as its failure at base, as its end further on.
  template <call::Id kId>
  bool stops(bool condition) {
    return is_first_ ? call_.template fails<kId>(condition) : condition;
  }

  call::RttLevel level{0};  // the data of a failure that has a level

 private:
  call::Call<kCommand>& call_;
  bool is_first_;
};

// Calls one(item, address) for each `item_size` bytes of [base, top), which holds at least one, as long as it returns
// true. A false from the first item is the command's failure.
template <const call::Command& kCommand, class Address, class One>
call::Outcome over_range(call::Call<kCommand>& call, Address base, Address top, std::uint64_t item_size, One&& one) {
  Address at = base;
  for (unsigned done = 0; done < kItemsPerCall && at < top; ++done) {
    RangeItem<kCommand> item(call, done == 0);
    const bool passed = one(item, at);
    if (!passed && done == 0) return call.failed(item.level);
    if (!passed) break;
    at += item_size;
  }
  return call.done(at.value);
}

}  // namespace rmm::v2_0
