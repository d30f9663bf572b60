// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/images/kernel_image.h"

#include <fmt/format.h>

#include "host/vmm/images/arm64_image.h"
#include "host/vmm/images/compression.h"
#include "host/vmm/images/elf.h"
#include "host/vmm/images/wire.h"

namespace host::vmm {

namespace {

tl::unexpected<ConfigError> unusable(std::string message, std::string next_step) {
  return tl::unexpected(ConfigError{std::move(message), std::move(next_step)});
}

tl::expected<Bytes, ConfigError> unpack(const std::string& name, std::span<const std::byte> packed, Compression how,
                                        std::uint64_t memory) {
  auto unpacked = how == Compression::kGzip ? gunzip(packed, memory) : unzstd(packed, memory);
  if (unpacked) return std::move(*unpacked);
  const char* format = how == Compression::kGzip ? "gzip" : "zstd";
  switch (unpacked.error()) {
    case UnpackError::kTooLarge:
      return unusable(fmt::format("{}: it unpacks to more than the VM's {} MiB of memory.", name, memory / kMiB),
                      "Give the VM more memory.");
    case UnpackError::kTruncated:
      return unusable(fmt::format("{}: truncated kernel: its {} data ends early.", name, format),
                      "Fetch or build it again.");
    case UnpackError::kDamaged: break;
  }
  return unusable(fmt::format("{}: its {} data is damaged.", name, format), "Fetch or build it again.");
}

// What a file that no AArch64 machine boots most likely is.
ConfigError not_a_kernel(const std::string& name, std::span<const std::byte> bytes) {
  const WireView file(bytes);
  if (compression_of(bytes) == Compression::kOther)
    return {fmt::format("{}: {} compression is not supported.", name, compression_name(bytes)),
            "Unpack it first, or use gzip or zstd."};
  if (file.has(0x202, "HdrS"))
    return {fmt::format("{}: this is an x86 kernel.", name), "Use a kernel built for arm64."};
  if (file.has(0x30, "RISCV"))
    return {fmt::format("{}: this is a RISC-V kernel.", name), "Use a kernel built for arm64."};
  if (file.size() < 64)
    return {fmt::format("{}: truncated kernel: {} bytes don't even hold its header.", name, file.size()),
            "Fetch or build it again."};
  return {fmt::format("{}: this is not an arm64 kernel: neither an Image nor an AArch64 ELF file.", name),
          "Give an arm64 Image (plain, gzip, zstd or EFI zboot) or an ELF file; flat binaries go under binaries."};
}

}  // namespace

tl::expected<KernelImage, ConfigError> parse_kernel(const std::string& name, Bytes file, std::uint64_t memory) {
  // An Image may be packed, and put into an EFI container, and packed again; more layers than these nobody makes.
  constexpr int kMaxLayers = 4;
  for (int layer = 0; layer < kMaxLayers; ++layer) {
    std::span<const std::byte> packed = file;
    Compression how = compression_of(file);
    if (looks_like_zboot(file)) {
      const auto payload = zboot_payload(name, file);
      if (!payload) return tl::unexpected(payload.error());
      packed = payload->packed;
      how = payload->compression;
    } else if (looks_like_arm64_image(file)) {
      return parse_arm64_image(name, std::move(file), memory);
    } else if (looks_like_elf(file)) {
      return parse_elf(name, file, memory);
    }
    if (how != Compression::kGzip && how != Compression::kZstd) return tl::unexpected(not_a_kernel(name, file));
    auto unpacked = unpack(name, packed, how, memory);
    if (!unpacked) return tl::unexpected(unpacked.error());
    file = std::move(*unpacked);
  }
  return unusable(fmt::format("{}: compressed more than {} times over.", name, kMaxLayers - 1), "Unpack it first.");
}

tl::expected<KernelImage, ConfigError> load_kernel(const std::string& path, std::uint64_t memory) {
  auto file = read_file("kernel", path, memory);
  if (!file) return tl::unexpected(file.error());
  return parse_kernel(path, std::move(*file), memory);
}

}  // namespace host::vmm
