// SPDX-License-Identifier: GPL-2.0-or-later
// A set of guest frame numbers as disjoint ranges: the memory attributes of a VM (mem_attr_array; only PRIVATE exists).
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <tuple>

namespace host::kvm {

class GfnRanges {
 public:
  bool contains(std::uint64_t gfn) const {
    const auto after = ranges_.upper_bound(gfn);
    return after != ranges_.begin() && gfn < std::prev(after)->second;
  }
  // True iff every frame of [start, end) is in the set (`in`) or none is (!`in`). An empty range is uniform.
  bool all(std::uint64_t start, std::uint64_t end, bool in) const {
    for (std::uint64_t gfn = start; gfn < end;) {
      const auto after = ranges_.upper_bound(gfn);
      const bool inside = after != ranges_.begin() && gfn < std::prev(after)->second;
      if (inside != in) return false;
      if (inside) {
        gfn = std::prev(after)->second;
      } else {
        gfn = after == ranges_.end() ? end : after->first;
      }
    }
    return true;
  }
  void insert(std::uint64_t start, std::uint64_t end) {
    if (start >= end) return;
    auto it = ranges_.upper_bound(start);
    if (it != ranges_.begin() && std::prev(it)->second >= start) {
      --it;
      start = it->first;
      end = std::max(end, it->second);
    }
    while (it != ranges_.end() && it->first <= end) {
      end = std::max(end, it->second);
      it = ranges_.erase(it);
    }
    ranges_[start] = end;
  }
  void erase(std::uint64_t start, std::uint64_t end) {
    if (start >= end) return;
    auto it = ranges_.upper_bound(start);
    if (it != ranges_.begin()) --it;
    while (it != ranges_.end() && it->first < end) {
      const auto [first, last] = *it;
      if (last <= start) {
        ++it;
        continue;
      }
      it = ranges_.erase(it);
      if (first < start) ranges_[first] = start;
      if (last > end) {
        ranges_[end] = last;
        break;
      }
    }
  }
  auto members() { return std::tie(ranges_); }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first frame -> frame after the last
};

}  // namespace host::kvm
