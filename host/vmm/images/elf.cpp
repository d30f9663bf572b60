// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/images/elf.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "host/vmm/images/wire.h"
#include "host/vmm/layout.h"

namespace host::vmm {

namespace {

// System V ABI, "ELF Header" and "Program Header", 64-bit.
constexpr std::uint64_t kClass = 4, kData = 5, kType = 16, kMachine = 18, kEntry = 24, kPhOff = 32, kPhEntSize = 54,
                        kPhNum = 56, kHeaderSize = 64, kProgramHeaderSize = 56;
constexpr std::uint64_t kPType = 0, kPOffset = 8, kPVaddr = 16, kPPaddr = 24, kPFileSize = 32, kPMemSize = 40;
constexpr std::uint8_t kClass64 = 2, kLittleEndian = 1;
constexpr std::uint16_t kExecutable = 2, kSharedObject = 3, kAArch64 = 183;
constexpr std::uint32_t kLoad = 1;

tl::unexpected<ConfigError> unusable(std::string message, std::string next_step) {
  return tl::unexpected(ConfigError{std::move(message), std::move(next_step)});
}

struct Load {
  std::uint64_t offset, vaddr, paddr, file_size, memory_size;
};

// Checked: the bytes are in the file and the memory is RAM.
tl::expected<Load, ConfigError> read_load(const std::string& name, const WireView& file, std::uint64_t header,
                                          std::uint64_t memory) {
  const Load load{file.get<std::uint64_t>(header + kPOffset), file.get<std::uint64_t>(header + kPVaddr),
                  file.get<std::uint64_t>(header + kPPaddr), file.get<std::uint64_t>(header + kPFileSize),
                  file.get<std::uint64_t>(header + kPMemSize)};
  if (!file.holds(load.offset, load.file_size))
    return unusable(fmt::format("{}: truncated ELF file: a segment of {} bytes at offset {:#x} is missing.", name,
                                load.file_size, load.offset),
                    "Build it again.");
  if (load.file_size > load.memory_size)
    return unusable(fmt::format("{}: damaged ELF file: a segment is larger in the file than in memory.", name),
                    "Build it again.");
  if (load.paddr < kRamBase.value || load.paddr - kRamBase.value > memory ||
      load.memory_size > memory - (load.paddr - kRamBase.value))
    return unusable(fmt::format("{}: the segment at {:#x} ({} bytes) doesn't fit into RAM, {:#x} to {:#x}.", name,
                                load.paddr, load.memory_size, kRamBase.value, kRamBase.value + memory),
                    "Link it to an address in RAM, or give the VM more memory; for Linux give the Image, not vmlinux.");
  return load;
}

std::optional<ConfigError> header_problem(const std::string& name, const WireView& file) {
  if (!file.holds(0, kHeaderSize))
    return ConfigError{fmt::format("{}: truncated ELF file: {} bytes.", name, file.size()), "Build it again."};
  if (file.get<std::uint16_t>(kMachine) != kAArch64)
    return ConfigError{fmt::format("{}: this ELF file is for another processor (machine {}), not AArch64.", name,
                                   file.get<std::uint16_t>(kMachine)),
                       "Build it for aarch64."};
  if (file.get<std::uint8_t>(kClass) != kClass64 || file.get<std::uint8_t>(kData) != kLittleEndian)
    return ConfigError{fmt::format("{}: this ELF file is not 64-bit little-endian.", name), "Build it for aarch64."};
  const auto type = file.get<std::uint16_t>(kType);
  if (type != kExecutable && type != kSharedObject)
    return ConfigError{fmt::format("{}: this ELF file is not an executable.", name), "Link it first."};
  const std::uint64_t headers = std::uint64_t{file.get<std::uint16_t>(kPhNum)} * kProgramHeaderSize;
  if (file.get<std::uint16_t>(kPhEntSize) != kProgramHeaderSize ||
      !file.holds(file.get<std::uint64_t>(kPhOff), headers))
    return ConfigError{fmt::format("{}: truncated ELF file: its program headers are missing.", name),
                       "Build it again."};
  return std::nullopt;
}

}  // namespace

bool looks_like_elf(std::span<const std::byte> bytes) {
  return WireView(bytes).has(0,
                             "\x7f"
                             "ELF");
}

tl::expected<KernelImage, ConfigError> parse_elf(const std::string& name, std::span<const std::byte> bytes,
                                                 std::uint64_t memory) {
  const WireView file(bytes);
  if (auto problem = header_problem(name, file)) return tl::unexpected(*problem);

  KernelImage image;
  image.is_elf = true;
  const auto entry = file.get<std::uint64_t>(kEntry);
  std::optional<abi::Ipa> entry_ipa;
  const auto first = file.get<std::uint64_t>(kPhOff);
  std::uint64_t copied = 0;  // segments that don't overlap can't sum to more than memory: bounds hostile files
  for (std::uint64_t i = 0; i < file.get<std::uint16_t>(kPhNum); ++i) {
    const std::uint64_t header = first + i * kProgramHeaderSize;
    if (file.get<std::uint32_t>(header + kPType) != kLoad || file.get<std::uint64_t>(header + kPMemSize) == 0) continue;
    const auto load = read_load(name, file, header, memory);
    if (!load) return tl::unexpected(load.error());
    copied += load->file_size;
    if (copied > memory)
      return unusable(fmt::format("{}: damaged ELF file: its segments overlap.", name), "Build it again.");
    const auto part = file.part(load->offset, load->file_size);
    image.segments.push_back({{load->paddr}, Bytes(part.begin(), part.end()), load->memory_size});
    // The entry is a virtual address; the CPU starts with its MMU off.
    if (entry >= load->vaddr && entry - load->vaddr < load->memory_size)
      entry_ipa = abi::Ipa{load->paddr + (entry - load->vaddr)};
  }
  if (image.segments.empty())
    return unusable(fmt::format("{}: this ELF file has nothing to load.", name), "Link it as an executable.");
  if (!entry_ipa || (entry_ipa->value & 3) != 0)
    return unusable(fmt::format("{}: the entry point {:#x} is in none of the file's segments.", name, entry),
                    "Set it with the linker's -e option.");
  image.entry = *entry_ipa;

  std::stable_sort(image.segments.begin(), image.segments.end(),
                   [](const ImageSegment& a, const ImageSegment& b) { return a.ipa < b.ipa; });
  for (std::size_t i = 1; i < image.segments.size(); ++i) {
    const ImageSegment& before = image.segments[i - 1];
    if (before.ipa + before.memory_size > image.segments[i].ipa)
      return unusable(
          fmt::format("{}: damaged ELF file: its segments overlap at {:#x}.", name, image.segments[i].ipa.value),
          "Build it again.");
  }
  return image;
}

}  // namespace host::vmm
