// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dev/bus.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace sim {

void Bus::add(abi::Pa base, std::uint64_t size, BusDevice& device) {
  const auto above =
      std::find_if(regions_.begin(), regions_.end(), [base](const Region& region) { return base < region.base; });
  const bool empty = size == 0 || size - 1 > ~base.value;
  const bool meets_above = above != regions_.end() && !empty && base.value + (size - 1) >= above->base.value;
  const bool meets_below = above != regions_.begin() && base - std::prev(above)->base < std::prev(above)->size;
  if (empty || meets_above || meets_below) {
    std::fprintf(stderr, "ccasim: bug: device region 0x%llx of 0x%llx bytes is empty or meets another\n",
                 static_cast<unsigned long long>(base.value), static_cast<unsigned long long>(size));
    std::abort();
  }
  regions_.insert(above, Region{base, size, &device});
}

const Bus::Region* Bus::find(abi::Pa pa, unsigned size) const {
  const auto above =
      std::upper_bound(regions_.begin(), regions_.end(), pa, [](abi::Pa at, const Region& r) { return at < r.base; });
  if (above == regions_.begin()) return nullptr;
  const Region& region = *std::prev(above);
  const std::uint64_t offset = pa - region.base;
  return offset < region.size && size <= region.size - offset ? &region : nullptr;
}

std::optional<std::uint64_t> Bus::read(abi::Pa pa, unsigned size) {
  const Region* region = find(pa, size);
  if (region == nullptr) return std::nullopt;
  return region->device->read(pa - region->base, size);
}

std::vector<ConstantBytes> Bus::constants() const {
  std::vector<ConstantBytes> out;
  for (const Region& region : regions_)
    if (const auto byte = region.device->constant()) out.push_back({region.base, region.base + region.size, *byte});
  return out;
}

bool Bus::write(abi::Pa pa, unsigned size, std::uint64_t value) {
  const Region* region = find(pa, size);
  if (region == nullptr) return false;
  region->device->write(pa - region->base, size, value);
  return true;
}

}  // namespace sim
