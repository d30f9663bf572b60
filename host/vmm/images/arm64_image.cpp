// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/images/arm64_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/vmm/images/wire.h"
#include "host/vmm/layout.h"

namespace host::vmm {

namespace {

// booting.rst, "Call the kernel image": the header's fields.
constexpr std::uint64_t kTextOffset = 8, kImageSize = 16, kFlags = 24, kMagicOffset = 56, kHeaderSize = 64;
constexpr std::string_view kMagic = "ARM\x64";
constexpr std::uint64_t kFlagBigEndian = 1;
constexpr std::uint64_t kOldTextOffset = 0x80000;  // what image_size == 0 (before Linux 3.17) implies

// A kernel with an EFI stub is also a PE file, whose section table says how long the file must be.
constexpr std::uint64_t kPePointer = 0x3c, kPeSectionCount = 6, kPeOptionalSize = 20, kPeSections = 24;
constexpr std::uint64_t kPeSectionSize = 40, kPeRawSize = 16, kPeRawOffset = 20;

constexpr std::uint64_t kZbootPayloadOffset = 8, kZbootPayloadSize = 12, kZbootCompression = 24;

tl::unexpected<ConfigError> unusable(std::string message, std::string next_step) {
  return tl::unexpected(ConfigError{std::move(message), std::move(next_step)});
}

// The least length that the PE headers allow; 0 when the kernel has no EFI stub.
std::uint64_t length_by_pe_sections(const WireView& file) {
  const std::uint64_t pe = file.get<std::uint32_t>(kPePointer);
  if (!file.has(0, "MZ") || pe == 0) return 0;
  if (!file.holds(pe, kPeSections)) return pe + kPeSections;
  if (!file.has(pe, std::string_view("PE\0\0", 4))) return 0;
  const std::uint64_t table = pe + kPeSections + file.get<std::uint16_t>(pe + kPeOptionalSize);
  const std::uint64_t count = file.get<std::uint16_t>(pe + kPeSectionCount);
  std::uint64_t end = table + count * kPeSectionSize;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t section = table + i * kPeSectionSize;
    const std::uint64_t size = file.get<std::uint32_t>(section + kPeRawSize);
    if (size != 0) end = std::max(end, file.get<std::uint32_t>(section + kPeRawOffset) + size);
  }
  return end;
}

const char* page_size_name(std::uint64_t flags) {
  constexpr std::array<const char*, 4> kNames{"unspecified", "4 KiB", "16 KiB", "64 KiB"};
  return kNames[(flags >> 1) & 3];
}

}  // namespace

bool looks_like_arm64_image(std::span<const std::byte> bytes) { return WireView(bytes).has(kMagicOffset, kMagic); }

tl::expected<KernelImage, ConfigError> parse_arm64_image(const std::string& name, Bytes bytes, std::uint64_t memory) {
  const WireView file(bytes);
  if (!file.holds(0, kHeaderSize))
    return unusable(fmt::format("{}: truncated kernel: {} bytes don't even hold its header.", name, file.size()),
                    "Fetch or build it again.");
  const auto flags = file.get<std::uint64_t>(kFlags);
  if ((flags & kFlagBigEndian) != 0)
    return unusable(fmt::format("{}: this is a big-endian kernel.", name),
                    "Use a kernel built with CONFIG_CPU_LITTLE_ENDIAN.");
  if (const std::uint64_t page_size = (flags >> 1) & 3; page_size > 1)
    return unusable(
        fmt::format("{}: this kernel uses {} pages, which the machine's CPUs don't have.", name, page_size_name(flags)),
        "Use a kernel built with CONFIG_ARM64_4K_PAGES.");

  const auto header_size = file.get<std::uint64_t>(kImageSize);
  const std::uint64_t text_offset = header_size == 0 ? kOldTextOffset : file.get<std::uint64_t>(kTextOffset);
  const std::uint64_t memory_size = std::max<std::uint64_t>(header_size, file.size());
  if (!abi::is_aligned(text_offset, abi::kGranuleSize) || text_offset >= kBlockSize)
    return unusable(fmt::format("{}: damaged kernel header: text_offset is {:#x}.", name, text_offset),
                    "Fetch or build it again.");
  if (const std::uint64_t length = length_by_pe_sections(file); length > file.size())
    return unusable(
        fmt::format("{}: truncated kernel: it has {} bytes, its headers want at least {}.", name, file.size(), length),
        "Fetch or build it again.");
  const std::uint64_t offset = kBlockSize + text_offset;
  if (offset > memory || memory_size > memory - offset)
    return unusable(fmt::format("{}: the kernel needs {} MiB of memory from {:#x} on; the VM has {} MiB in all.", name,
                                (memory_size + kMiB - 1) / kMiB, kRamBase.value + offset, memory / kMiB),
                    "Give the VM more memory.");

  const abi::Ipa base = kRamBase + offset;
  KernelImage image;
  image.entry = base;
  image.segments.push_back({base, std::move(bytes), memory_size});
  return image;
}

bool looks_like_zboot(std::span<const std::byte> bytes) {
  const WireView file(bytes);
  return file.has(0, "MZ") && file.has(4, "zimg");
}

tl::expected<ZbootPayload, ConfigError> zboot_payload(const std::string& name, std::span<const std::byte> bytes) {
  const WireView file(bytes);
  const std::uint64_t offset = file.get<std::uint32_t>(kZbootPayloadOffset);
  const std::uint64_t size = file.get<std::uint32_t>(kZbootPayloadSize);
  if (!file.holds(offset, size) || size == 0)
    return unusable(fmt::format("{}: truncated kernel: its EFI container of {} bytes should hold {} bytes at {:#x}.",
                                name, file.size(), size, offset),
                    "Fetch or build it again.");
  // A name such as "gzip" or "zstd22", the kernel's name of the compressor.
  if (file.has(kZbootCompression, "gzip")) return ZbootPayload{file.part(offset, size), Compression::kGzip};
  if (file.has(kZbootCompression, "zstd")) return ZbootPayload{file.part(offset, size), Compression::kZstd};
  return unusable(fmt::format("{}: the EFI container's compression is neither gzip nor zstd.", name),
                  "Use the plain Image, or build the kernel with CONFIG_KERNEL_GZIP or CONFIG_KERNEL_ZSTD.");
}

}  // namespace host::vmm
