// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/layout.h"

namespace host::vmm {

namespace {

bool inside(abi::Ipa ipa, abi::Ipa base, std::uint64_t size) { return ipa >= base && ipa - base < size; }

}  // namespace

std::optional<std::string_view> device_region_at(abi::Ipa ipa, std::uint32_t vcpus) {
  if (inside(ipa, kGicDistributor, kGicDistributorSize)) return "GICD";
  if (inside(ipa, redistributor_base(vcpus), vcpus * kGicRedistributorSize)) return "GICR";
  if (inside(ipa, kPl011, kPl011Size)) return "PL011";
  if (inside(ipa, kVirtioMmio, kVirtioMmioSize)) return "virtio-mmio";
  return std::nullopt;
}

}  // namespace host::vmm
