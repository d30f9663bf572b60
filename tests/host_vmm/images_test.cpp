// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "host/vmm/images/compression.h"
#include "host/vmm/images/kernel_image.h"
#include "host/vmm/layout.h"
#include "tests/host_vmm/image_builders.h"

using namespace host::vmm;
using namespace host::vmm::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::uint64_t kMemory = 64 * kMiB;

void check_message(Bytes file, const char* expected, std::uint64_t memory = kMemory) {
  const auto kernel = parse_kernel("some/file", std::move(file), memory);
  INFO(expected);
  REQUIRE_FALSE(kernel.has_value());
  CHECK_THAT(kernel.error().message, ContainsSubstring(expected));
  CHECK_THAT(kernel.error().message, ContainsSubstring("some/file"));
  CHECK_FALSE(kernel.error().next_step.empty());
}

}  // namespace

TEST_CASE("an Image in every container yields the same kernel") {
  const Bytes image = arm64_image({0x80000, 0x30000, 0xa});
  const Bytes files[] = {image,
                         gzipped(image),
                         zstd_packed(image),
                         zboot(gzipped(image), "gzip"),
                         zboot(zstd_packed(image), "zstd22"),
                         gzipped(zboot(zstd_packed(image), "zstd"))};
  for (const Bytes& file : files) {
    const auto kernel = parse_kernel("Image", file, kMemory);
    REQUIRE(kernel.has_value());
    REQUIRE(kernel->segments.size() == 1);
    CHECK(kernel->segments[0].bytes == image);
    CHECK(kernel->segments[0].memory_size == 0x30000);
    CHECK(kernel->segments[0].ipa == kRamBase + kBlockSize + 0x80000);
    CHECK(kernel->entry == kRamBase + kBlockSize + 0x80000);
  }
}

TEST_CASE("an Image without a size is loaded as kernels before 3.17 were") {
  const auto kernel = parse_kernel("Image", arm64_image({0, 0, 0}), kMemory);
  REQUIRE(kernel.has_value());
  CHECK(kernel->entry == kRamBase + kBlockSize + 0x80000);
  CHECK(kernel->segments[0].memory_size == 0x10000);
}

TEST_CASE("an ELF file's segments go to their physical addresses and its entry is one of them") {
  const Bytes text(0x123, std::byte{1}), data(0x10, std::byte{2});
  const Bytes file = elf(0xffff800000000010, {{0xffff800000001000, kRamBase.value + 0x201000, data, 0x4000},
                                              {0xffff800000000000, kRamBase.value + 0x200000, text, 0x123}});
  const auto kernel = parse_kernel("vmlinux", file, kMemory);
  REQUIRE(kernel.has_value());
  CHECK(kernel->is_elf);
  REQUIRE(kernel->segments.size() == 2);
  CHECK(kernel->segments[0].bytes == text);
  CHECK(kernel->segments[1].bytes == data);
  CHECK(kernel->segments[1].memory_size == 0x4000);
  CHECK(kernel->entry == kRamBase + 0x200010);
}

TEST_CASE("kernels that can't be booted get a message that says why") {
  check_message(arm64_image({0, 0x20000, 1}), "big-endian");
  check_message(arm64_image({0, 0x20000, 2 << 1}), "16 KiB pages");
  check_message(arm64_image({0, 0x20000, 3 << 1}), "64 KiB pages");
  check_message(arm64_image({0x123, 0x20000, 0}), "text_offset");
  check_message(arm64_image({0, 65 * kMiB, 0}), "needs 65 MiB");
  check_message(arm64_image({0, ~0ULL, 0}), "of memory");
  check_message(arm64_image(), "the VM has 1 MiB", kMiB);
  check_message(Bytes(10), "truncated");
  check_message(Bytes(4096, std::byte{0x55}), "not an arm64 kernel");
  check_message(gzipped(Bytes(4096, std::byte{0x55})), "not an arm64 kernel");
}

TEST_CASE("kernels of other machines and other packers are recognised") {
  Bytes x86(0x400), riscv(0x400), xz(0x400), arm_elf = elf(0, {}, 40);
  put_text(x86, 0x202, "HdrS");
  put_text(riscv, 0x30, "RISCV");
  put_text(xz, 0,
           std::string("\xfd"
                       "7zXZ\0",
                       6));
  check_message(x86, "x86");
  check_message(riscv, "RISC-V");
  check_message(xz, "xz compression");
  check_message(arm_elf, "another processor");
  check_message(zboot(Bytes(100), "lzma"), "neither gzip nor zstd");
}

TEST_CASE("a truncated kernel is noticed in every container") {
  const Bytes image = arm64_image_with_pe();
  for (Bytes file : {image, gzipped(image), zstd_packed(image), zboot(gzipped(image), "gzip")}) {
    REQUIRE(parse_kernel("Image", file, kMemory).has_value());
    file.resize(file.size() / 2);
    check_message(file, "truncated");
  }
  for (const std::size_t size : {0x41U, 0x60U, 0x100U})
    check_message(Bytes(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size)), "truncated");
  Bytes file = elf(kRamBase.value, {{kRamBase.value, kRamBase.value, Bytes(0x1000), 0x1000}});
  file.resize(0x800);
  check_message(file, "truncated");
  file.resize(80);
  check_message(file, "truncated");
}

TEST_CASE("damaged compressed data is told from truncated data") {
  Bytes file = gzipped(arm64_image());
  for (std::size_t i = 20; i < 60; ++i) file[i] = std::byte{0xff};
  check_message(file, "damaged");
  file = zstd_packed(arm64_image());
  for (std::size_t i = 4; i < 40; ++i) file[i] = std::byte{0xff};
  check_message(file, "damaged");
}

TEST_CASE("a file that unpacks to more than memory is refused") {
  const Bytes bomb(32 * kMiB);
  check_message(gzipped(bomb), "more than the VM's 16 MiB", 16 * kMiB);
  check_message(zstd_packed(bomb), "more than the VM's 16 MiB", 16 * kMiB);
}

TEST_CASE("unpacking to exactly the limit succeeds") {
  const Bytes data(5 * kMiB, std::byte{3});
  for (std::uint64_t limit : {data.size(), data.size() - 1}) {
    const bool fits = limit == data.size();
    const auto a = gunzip(gzipped(data), limit);
    const auto b = unzstd(zstd_packed(data), limit);
    CHECK(a.has_value() == fits);
    CHECK(b.has_value() == fits);
    if (fits) {
      CHECK(*a == data);
      CHECK(*b == data);
    } else {
      CHECK(a.error() == UnpackError::kTooLarge);
      CHECK(b.error() == UnpackError::kTooLarge);
    }
  }
}

TEST_CASE("layers of compression are bounded") {
  Bytes file = arm64_image();
  for (int i = 0; i < 6; ++i) file = gzipped(file);
  check_message(file, "compressed more than");
}

TEST_CASE("ELF files that don't fit their VM are refused") {
  const Bytes code(16, std::byte{1});
  check_message(elf(0x1000, {{0x1000, 0x1000, code, 16}}), "doesn't fit into RAM");
  check_message(elf(kRamBase.value, {{kRamBase.value, kRamBase.value, code, 65 * kMiB}}), "doesn't fit into RAM");
  check_message(elf(0x42, {{kRamBase.value, kRamBase.value, code, 16}}), "entry point");
  check_message(elf(kRamBase.value + 2, {{kRamBase.value, kRamBase.value, code, 16}}), "entry point");
  check_message(elf(kRamBase.value, {}), "nothing to load");
  check_message(elf(kRamBase.value, {{kRamBase.value, kRamBase.value, code, 8}}), "larger in the file");
  check_message(elf(kRamBase.value,
                    {{kRamBase.value, kRamBase.value, code, 16}, {kRamBase.value + 8, kRamBase.value + 8, code, 16}}),
                "overlap");
}

TEST_CASE("files that can't be read are named with the reason") {
  CHECK_THAT(to_string(read_file("kernel", "/no/such/kernel", kMemory).error()), ContainsSubstring("/no/such/kernel"));
  CHECK_THAT(read_file("kernel", "/", kMemory).error().message, ContainsSubstring("not a regular file"));
  const TemporaryFile empty("empty", {});
  CHECK_THAT(read_file("initrd", empty.path(), kMemory).error().message, ContainsSubstring("the file is empty"));
  const TemporaryFile large("large", Bytes(100));
  CHECK_THAT(read_file("initrd", large.path(), 99).error().message, ContainsSubstring("99 bytes of memory"));
  CHECK(read_file("initrd", large.path(), 100)->size() == 100);
}
