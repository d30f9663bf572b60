// SPDX-License-Identifier: GPL-2.0-or-later
// gzip and zstd, bounded: a file never unpacks to more than the VM could hold, whatever its header promises.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace host::vmm {

enum class Compression : std::uint8_t { kNone, kGzip, kZstd, kOther };

// By the magic number at the start. kOther: a known format that isn't supported; `compression_name` names it.
Compression compression_of(std::span<const std::byte> bytes);
std::string_view compression_name(std::span<const std::byte> bytes);

enum class UnpackError : std::uint8_t { kDamaged, kTruncated, kTooLarge };

tl::expected<std::vector<std::byte>, UnpackError> gunzip(std::span<const std::byte> packed, std::uint64_t limit);
tl::expected<std::vector<std::byte>, UnpackError> unzstd(std::span<const std::byte> packed, std::uint64_t limit);

}  // namespace host::vmm
