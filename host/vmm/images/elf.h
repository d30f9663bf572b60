// SPDX-License-Identifier: GPL-2.0-or-later
// ELF64 AArch64 executables whose PT_LOAD segments lie in guest RAM by their physical addresses.
#pragma once

#include <span>
#include <string>
#include <tl/expected.hpp>

#include "host/vmm/images/kernel_image.h"

namespace host::vmm {

bool looks_like_elf(std::span<const std::byte> bytes);
tl::expected<KernelImage, ConfigError> parse_elf(const std::string& name, std::span<const std::byte> bytes,
                                                 std::uint64_t memory);

}  // namespace host::vmm
