// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel file, recognised by its contents: arm64 Image (booting.rst), the same inside gzip, zstd or an EFI zboot
// container, or ELF64 AArch64. Anything else gets one message that names the file and the next step.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "host/vmm/config.h"
#include "host/vmm/images/file.h"
#include "rmm/abi/addr.h"

namespace host::vmm {

// Bytes at an address of guest memory; memory_size - bytes.size() bytes after them are zero or may stay untouched.
struct ImageSegment {
  abi::Ipa ipa;
  Bytes bytes;
  std::uint64_t memory_size = 0;
};

struct KernelImage {
  bool is_elf = false;
  std::vector<ImageSegment> segments;  // in address order, not overlapping
  abi::Ipa entry;
};

// `name` is the path in messages. `memory` bounds unpacking and placing: everything lies in [kRamBase, + memory).
tl::expected<KernelImage, ConfigError> parse_kernel(const std::string& name, Bytes file, std::uint64_t memory);

// Reads the file, then parse_kernel.
tl::expected<KernelImage, ConfigError> load_kernel(const std::string& path, std::uint64_t memory);

}  // namespace host::vmm
