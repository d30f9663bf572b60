// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/config.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <functional>

#include "host/vmm/layout.h"

using namespace host::vmm;
using Catch::Matchers::ContainsSubstring;

namespace {

VmConfig linux_config() {
  VmConfig config;
  config.kernel = "Image";
  return config;
}

}  // namespace

TEST_CASE("a default Linux realm with a kernel is valid") { CHECK(validate(linux_config()).has_value()); }

TEST_CASE("each impossible choice gets one message and a next step") {
  struct Case {
    const char* message;
    std::function<void(VmConfig&)> change;
  };
  const Case cases[] = {
      {"0 vCPUs", [](VmConfig& c) { c.vcpus = 0; }},
      {"513 vCPUs", [](VmConfig& c) { c.vcpus = 513; }},
      {"too little", [](VmConfig& c) { c.memory = kMiB - 4096; }},
      {"whole number of granules", [](VmConfig& c) { c.memory = 64 * kMiB + 1; }},
      {"48 bits", [](VmConfig& c) { c.memory = ~0ULL - 4095; }},
      {"of 31 bits is impossible", [](VmConfig& c) { c.ipa_bits = 31; }},
      {"of 49 bits is impossible", [](VmConfig& c) { c.ipa_bits = 49; }},
      {"protected half", [](VmConfig& c) { c.ipa_bits = 32; }},
      {"No kernel", [](VmConfig& c) { c.kernel.clear(); }},
      {"raw boot protocol only", [](VmConfig& c) { c.entry = kRamBase; }},
      {"Nothing to boot", [](VmConfig& c) { c.boot = Boot::kRaw, c.kernel.clear(); }},
      {"not 4 KiB aligned",
       [](VmConfig& c) {
         c.binaries = {{"a.bin", {}, kRamBase + 8, true}};
       }},
      {"not in RAM",
       [](VmConfig& c) {
         c.binaries = {{"a.bin", {}, {0x1000}, true}};
       }},
      {"has no contents",
       [](VmConfig& c) {
         c.binaries = {{"", {}, kRamBase, true}};
       }},
      {"not instruction aligned", [](VmConfig& c) { c.boot = Boot::kRaw, c.entry = kRamBase + 2; }},
      {"9 registers", [](VmConfig& c) { c.boot = Boot::kRaw, c.registers.resize(9); }},
      {"X0 can't hold both", [](VmConfig& c) { c.boot = Boot::kRaw, c.registers = {1}, c.dtb = kRamBase; }},
      {"Device tree address", [](VmConfig& c) { c.boot = Boot::kRaw, c.dtb = kRamBase + 1; }},
      {"initrd without a device tree", [](VmConfig& c) { c.boot = Boot::kRaw, c.initrd = "x"; }},
      {"2048 characters", [](VmConfig& c) { c.append.assign(2048, 'a'); }},
      {"line break", [](VmConfig& c) { c.append = "a\nb"; }},
      {"PSCI only by SMC", [](VmConfig& c) { c.psci = PsciConduit::kHvc; }},
      {"repeat limit of 0", [](VmConfig& c) { c.fault_repeat_limit = 0; }},
  };
  for (const Case& test : cases) {
    VmConfig config = linux_config();
    test.change(config);
    const auto result = validate(config);
    INFO(test.message);
    REQUIRE_FALSE(result.has_value());
    CHECK_THAT(result.error().message, ContainsSubstring(test.message));
    CHECK(result.error().next_step.size() > 5);
    CHECK(result.error().next_step.back() == '.');
  }
}

TEST_CASE("the automatic IPA width covers RAM and adds a bit for a realm's shared alias") {
  CHECK(automatic_ipa_bits(true, 512 * kMiB) == 33);
  CHECK(automatic_ipa_bits(false, 512 * kMiB) == 32);
  CHECK(automatic_ipa_bits(true, 2 * kGiB) == 33);  // RAM ends exactly at 4 GiB
  CHECK(automatic_ipa_bits(true, 2 * kGiB + 4096) == 34);
  CHECK(automatic_ipa_bits(false, 8 * kGiB) == 34);
  CHECK(automatic_ipa_bits(true, 8 * kGiB) == 35);
}

TEST_CASE("a given IPA width is kept, and its top bit is a realm's alias") {
  VmConfig config = linux_config();
  config.ipa_bits = 36;
  CHECK(effective_ipa_bits(config) == 36);
  CHECK(shared_alias_bit(config) == 1ULL << 35);
  config.realm = false;
  CHECK(shared_alias_bit(config) == 0);
}

TEST_CASE("the message about a too small IPA width names a width that works") {
  VmConfig config = linux_config();
  config.ipa_bits = 32;
  config.memory = 8 * kGiB;
  CHECK_THAT(validate(config).error().next_step, ContainsSubstring("35 bits"));
  config.ipa_bits = 35;
  CHECK(validate(config).has_value());
}

TEST_CASE("redistributors never reach into another device's region") {
  for (std::uint32_t vcpus : {1U, 123U, 124U, 512U}) {
    const std::uint64_t base = redistributor_base(vcpus).value, end = base + vcpus * kGicRedistributorSize;
    CHECK(end <= kRamBase.value);
    CHECK((end <= kPl011.value || base >= kVirtioMmio.value + kVirtioMmioSize));
  }
}

TEST_CASE("device regions are found by address") {
  CHECK(device_region_at(kPl011, 1) == "PL011");
  CHECK(device_region_at(kPl011 + 0xfff, 1) == "PL011");
  CHECK(device_region_at(kGicDistributor, 1) == "GICD");
  CHECK(device_region_at(kGicRedistributors + 0x3ffff, 2) == "GICR");
  CHECK_FALSE(device_region_at(kGicRedistributors + 0x40000, 2).has_value());
  CHECK_FALSE(device_region_at(kRamBase, 1).has_value());
}
