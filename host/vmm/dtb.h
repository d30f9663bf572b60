// SPDX-License-Identifier: GPL-2.0-or-later
// The device tree, built with libfdt. The same for a realm and a plain VM: CPUs and PSCI, timer, GICv3, PL011,
// virtio-mmio, memory, chosen. Device addresses carry no alias bit; a realm's kernel adds it when it maps them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/vmm/config.h"
#include "rmm/abi/addr.h"

namespace host::vmm {

inline constexpr std::size_t kRngSeedSize = 64;  // bytes of chosen/rng-seed

struct DeviceTree {
  std::uint32_t vcpus = 1;
  std::uint64_t memory = 0;  // bytes from kRamBase
  PsciConduit psci = PsciConduit::kSmc;
  bool console = true;
  bool entropy = false;
  bool pmu = false;
  std::string bootargs;
  abi::Ipa initrd;
  std::uint64_t initrd_size = 0;        // 0 = none
  std::span<const std::byte> rng_seed;  // empty = none
  std::optional<std::uint64_t> kaslr_seed;
};

// A flattened device tree, version 17, no larger than it needs to be. libfdt refusing is a bug of ours and aborts.
std::vector<std::byte> build_device_tree(const DeviceTree& tree);

}  // namespace host::vmm
