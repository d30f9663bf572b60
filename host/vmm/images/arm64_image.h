// SPDX-License-Identifier: GPL-2.0-or-later
// The arm64 Image format (Linux Documentation/arch/arm64/booting.rst) and the EFI zboot container around it.
#pragma once

#include <span>
#include <string>
#include <tl/expected.hpp>

#include "host/vmm/images/compression.h"
#include "host/vmm/images/kernel_image.h"

namespace host::vmm {

// "ARMd" where an Image has it.
bool looks_like_arm64_image(std::span<const std::byte> bytes);
tl::expected<KernelImage, ConfigError> parse_arm64_image(const std::string& name, Bytes bytes, std::uint64_t memory);

struct ZbootPayload {
  std::span<const std::byte> packed;
  Compression compression = Compression::kNone;
};

bool looks_like_zboot(std::span<const std::byte> bytes);
tl::expected<ZbootPayload, ConfigError> zboot_payload(const std::string& name, std::span<const std::byte> bytes);

}  // namespace host::vmm
