// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/boot_plan.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/host_vmm/image_builders.h"

using namespace host::vmm;
using namespace host::vmm::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct LinuxFiles {
  TemporaryFile kernel{"Image", arm64_image({0, 0x300000, 0xa})};
  TemporaryFile initrd{"initrd", Bytes(5000, std::byte{9})};
  VmConfig config() const {
    VmConfig config;
    config.memory = 64 * kMiB;
    config.kernel = kernel.path();
    config.initrd = initrd.path();
    return config;
  }
};

}  // namespace

TEST_CASE("kernel, initrd and device tree follow each other on 2 MiB boundaries") {
  const LinuxFiles files;
  const auto plan = plan_boot(files.config());
  REQUIRE(plan.has_value());
  CHECK(plan->layout.kernel == kRamBase + 0x200000);
  CHECK(plan->layout.kernel_size == 0x300000);
  CHECK(plan->layout.initrd == kRamBase + 0x600000);  // behind the kernel's BSS
  CHECK(plan->layout.initrd_size == 5000);
  CHECK(plan->layout.dtb == kRamBase + 0x800000);
  CHECK(plan->layout.has_dtb);
  CHECK(plan->entry == plan->layout.kernel);
  REQUIRE(plan->pieces.size() == 2);
  CHECK(plan->pieces[0].what == "kernel");
  CHECK(plan->pieces[0].measured);
  CHECK(plan->pieces[1].bytes.size() == 5000);
}

TEST_CASE("what doesn't fit behind the kernel is named") {
  const LinuxFiles files;
  VmConfig config = files.config();
  config.memory = 8 * kMiB;
  CHECK_THAT(plan_boot(config).error().message, ContainsSubstring("device tree"));
  config.memory = 6 * kMiB;
  CHECK_THAT(plan_boot(config).error().message, ContainsSubstring("initrd"));
  config.memory = 4 * kMiB;
  CHECK_THAT(plan_boot(config).error().message, ContainsSubstring("Image"));
}

TEST_CASE("a binary that overlaps another image is refused") {
  const LinuxFiles files;
  VmConfig config = files.config();
  const abi::Ipa initrd = kRamBase + 0x600000;
  config.binaries = {{"", Bytes(16), initrd + 0x1000, true}};  // the initrd's 5000 bytes reach into this granule
  const auto plan = plan_boot(config);
  REQUIRE_FALSE(plan.has_value());
  CHECK_THAT(plan.error().message, ContainsSubstring("overlap"));
  config.binaries[0].ipa = initrd + 0x2000;
  CHECK(plan_boot(config).has_value());
}

TEST_CASE("a binary may not share a granule with a segment that starts inside it") {
  const std::uint64_t base = kRamBase.value + 0x1000;
  const TemporaryFile file("elf_inside", elf(base + 0x800, {{base + 0x800, base + 0x800, Bytes(16), 16}}));
  VmConfig config;
  config.boot = Boot::kRaw;
  config.memory = kMiB;
  config.kernel = file.path();
  config.binaries = {{"", Bytes(16), {base}, true}};
  REQUIRE_FALSE(plan_boot(config).has_value());
  CHECK_THAT(plan_boot(config).error().message, ContainsSubstring("overlap"));
  config.binaries[0].ipa = {base - 0x1000};
  CHECK(plan_boot(config).has_value());
}

TEST_CASE("a raw boot starts at its first binary and has a device tree only on request") {
  VmConfig config;
  config.boot = Boot::kRaw;
  config.memory = 4 * kMiB;
  config.binaries = {{"", Bytes(64), kRamBase + 0x10000, false}, {"", Bytes(64), kRamBase, true}};
  auto plan = plan_boot(config);
  REQUIRE(plan.has_value());
  CHECK(plan->entry == kRamBase + 0x10000);
  CHECK_FALSE(plan->layout.has_dtb);
  REQUIRE(plan->pieces.size() == 2);
  CHECK(plan->pieces[0].ipa == kRamBase);  // address order, whatever the configuration's order
  CHECK(plan->pieces[0].measured);
  CHECK_FALSE(plan->pieces[1].measured);

  config.dtb = kRamBase + 0x20000;
  config.entry = kRamBase + 4;
  plan = plan_boot(config);
  REQUIRE(plan.has_value());
  CHECK(plan->layout.dtb == kRamBase + 0x20000);
  CHECK(plan->entry == kRamBase + 4);

  config.entry = kRamBase + 4 * kMiB;
  CHECK_THAT(plan_boot(config).error().message, ContainsSubstring("Entry address"));
}

TEST_CASE("ELF segments that share a granule become one piece with their bytes in place") {
  const Bytes a(0x10, std::byte{1}), b(0x20, std::byte{2});
  const std::uint64_t base = kRamBase.value + 0x1000;
  const TemporaryFile file("elf",
                           elf(base + 8, {{base + 8, base + 8, a, 0x18}, {base + 0x100, base + 0x100, b, 0x20}}));
  VmConfig config;
  config.boot = Boot::kRaw;
  config.memory = kMiB;
  config.kernel = file.path();
  const auto plan = plan_boot(config);
  REQUIRE(plan.has_value());
  CHECK(plan->entry.value == base + 8);
  REQUIRE(plan->pieces.size() == 1);
  const LoadPiece& piece = plan->pieces[0];
  CHECK(piece.ipa.value == base);
  REQUIRE(piece.bytes.size() == 0x120);
  CHECK(piece.bytes[7] == std::byte{0});
  CHECK(piece.bytes[8] == std::byte{1});
  CHECK(piece.bytes[0x18] == std::byte{0});
  CHECK(piece.bytes[0x100] == std::byte{2});
}

TEST_CASE("earlycon is given on the shared alias unless the user gave one") {
  VmConfig config;
  config.ipa_bits = 36;
  CHECK(command_line(config) == "earlycon=pl011,0x809000000");
  config.append = "quiet";
  CHECK(command_line(config) == "quiet earlycon=pl011,0x809000000");
  config.append = "noearlycon2 earlyconx=1";
  CHECK_THAT(command_line(config), ContainsSubstring(" earlycon=pl011,"));
  config.append = "quiet earlycon";
  CHECK(command_line(config) == "quiet earlycon");
  config.append = "earlycon=pl011,0x9000000 quiet";
  CHECK(command_line(config) == config.append);
  config.append = "quiet";
  config.realm = false;
  CHECK(command_line(config) == "quiet earlycon=pl011,0x9000000");
  config.console = false;
  CHECK(command_line(config) == "quiet");
}

TEST_CASE("an invalid configuration is refused before any file is read") {
  VmConfig config;
  config.kernel = "/no/such/file";
  config.vcpus = 0;
  CHECK_THAT(plan_boot(config).error().message, ContainsSubstring("vCPUs"));
}
