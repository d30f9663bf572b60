// SPDX-License-Identifier: GPL-2.0-or-later
// All that is known about a boot before the VM exists: files read and unpacked, everything placed. Only the device
// tree's seeds are drawn later, anew for each life of the VM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "host/vmm/config.h"
#include "host/vmm/layout.h"
#include "rmm/abi/addr.h"

namespace host::vmm {

// Bytes that go to an IPA before the first instruction. They share no granule with another piece.
struct LoadPiece {
  std::string what;  // "kernel", "initrd", "device tree", or a binary's file name
  abi::Ipa ipa;      // 4 KiB aligned
  std::vector<std::byte> bytes;
  bool measured = true;
};

struct BootPlan {
  std::vector<LoadPiece> pieces;  // in address order, without the device tree
  Layout layout;
  abi::Ipa entry;
};

// Reads and unpacks the files and places everything. Validates `config` first.
tl::expected<BootPlan, ConfigError> plan_boot(const VmConfig& config);

// The kernel command line the guest gets: config.append, and for a console the right earlycon unless one is given.
std::string command_line(const VmConfig& config);

// The device tree of this boot. `seed` is drawn from the host's entropy by the caller (kRngSeedSize bytes; ignored when
// the configuration wants no seed). `--dump-dtb` writes exactly this.
std::vector<std::byte> device_tree(const VmConfig& config, const BootPlan& plan, std::span<const std::byte> seed);

}  // namespace host::vmm
