// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/dtb.h"

#include <libfdt.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <string>

#include "host/vmm/boot_plan.h"
#include "host/vmm/layout.h"

using namespace host::vmm;

namespace {

class Parsed {
 public:
  explicit Parsed(std::vector<std::byte> blob) : blob_(std::move(blob)) {
    REQUIRE(fdt_check_full(blob_.data(), blob_.size()) == 0);
  }
  bool has(const char* node) const { return fdt_path_offset(blob_.data(), node) >= 0; }
  bool has(const char* node, const char* name) const { return !raw(node, name).empty() || flag(node, name); }
  bool flag(const char* node, const char* name) const {
    int size = -1;
    return fdt_getprop(blob_.data(), fdt_path_offset(blob_.data(), node), name, &size) != nullptr;
  }
  std::string text(const char* node, const char* name) const {
    const auto bytes = raw(node, name);
    return bytes.empty() ? "" : std::string(reinterpret_cast<const char*>(bytes.data()));
  }
  std::vector<std::uint32_t> cells(const char* node, const char* name) const {
    const auto bytes = raw(node, name);
    std::vector<std::uint32_t> out;
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4)
      out.push_back(fdt32_ld(reinterpret_cast<const fdt32_t*>(bytes.data() + i)));
    return out;
  }
  std::span<const std::byte> raw(const char* node, const char* name) const {
    int size = 0;
    const void* data = fdt_getprop(blob_.data(), fdt_path_offset(blob_.data(), node), name, &size);
    if (data == nullptr) return {};
    return {static_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
  }
  std::size_t size() const { return blob_.size(); }

 private:
  std::vector<std::byte> blob_;
};

using Cells = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("the device tree names the PMU's interrupt, if there is a PMU") {
  DeviceTree tree;
  tree.memory = kMiB;
  CHECK_FALSE(Parsed(build_device_tree(tree)).has("/pmu"));
  tree.pmu = true;
  const Parsed fdt(build_device_tree(tree));
  CHECK(fdt.text("/pmu", "compatible") == "arm,armv8-pmuv3");
  CHECK(fdt.cells("/pmu", "interrupts") == Cells{1, 7, 4});
}

TEST_CASE("the device tree describes CPUs, memory, interrupts, timer and console") {
  DeviceTree tree;
  tree.vcpus = 2;
  tree.memory = 0x1'8000'0000;
  tree.bootargs = "quiet";
  const Parsed fdt(build_device_tree(tree));
  CHECK(fdt.cells("/memory@80000000", "reg") == Cells{0, 0x80000000, 1, 0x80000000});
  CHECK(fdt.cells("/cpus/cpu@1", "reg") == Cells{0, 1});
  CHECK(fdt.text("/cpus/cpu@1", "enable-method") == "psci");
  CHECK_FALSE(fdt.has("/cpus/cpu@2"));
  CHECK(fdt.text("/psci", "method") == "smc");
  CHECK(fdt.text("/psci", "compatible") == "arm,psci-1.0");
  CHECK(fdt.cells("/timer", "interrupts") == Cells{1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4});
  CHECK(fdt.flag("/timer", "always-on"));
  CHECK(fdt.text("/interrupt-controller@8000000", "compatible") == "arm,gic-v3");
  CHECK(fdt.cells("/interrupt-controller@8000000", "reg") ==
        Cells{0, 0x08000000, 0, 0x10000, 0, 0x080A0000, 0, 0x40000});
  CHECK(fdt.cells("/interrupt-controller@8000000", "phandle") == fdt.cells("/", "interrupt-parent"));
  CHECK(fdt.cells("/pl011@9000000", "interrupts") == Cells{0, 1, 4});
  CHECK(fdt.cells("/pl011@9000000", "reg") == Cells{0, 0x09000000, 0, 0x1000});
  const auto clock = fdt.cells("/apb-clock", "phandle");
  REQUIRE(clock.size() == 1);
  CHECK(fdt.cells("/pl011@9000000", "clocks") == Cells{clock[0], clock[0]});
  CHECK(fdt.text("/chosen", "stdout-path") == "/pl011@9000000");
  CHECK(fdt.text("/chosen", "bootargs") == "quiet");
  CHECK_FALSE(fdt.has("/chosen", "linux,initrd-start"));
  CHECK_FALSE(fdt.has("/chosen", "rng-seed"));
  CHECK_FALSE(fdt.has("/chosen", "kaslr-seed"));
  CHECK_FALSE(fdt.has("/virtio_mmio@a000000"));
}

TEST_CASE("initrd, seeds, entropy device and the HVC conduit appear when asked for") {
  const std::vector<std::byte> seed(kRngSeedSize, std::byte{7});
  DeviceTree tree;
  tree.memory = kMiB;
  tree.console = false;
  tree.entropy = true;
  tree.psci = PsciConduit::kHvc;
  tree.initrd = {0x84000000};
  tree.initrd_size = 0x1001;
  tree.rng_seed = seed;
  tree.kaslr_seed = 0x123456789;
  const Parsed fdt(build_device_tree(tree));
  CHECK(fdt.cells("/chosen", "linux,initrd-start") == Cells{0, 0x84000000});
  CHECK(fdt.cells("/chosen", "linux,initrd-end") == Cells{0, 0x84001001});
  CHECK(fdt.raw("/chosen", "rng-seed").size() == kRngSeedSize);
  CHECK(fdt.cells("/chosen", "kaslr-seed") == Cells{1, 0x23456789});
  CHECK(fdt.text("/psci", "method") == "hvc");
  CHECK(fdt.cells("/virtio_mmio@a000000", "interrupts") == Cells{0, 16, 4});
  CHECK_FALSE(fdt.has("/pl011@9000000"));
  CHECK_FALSE(fdt.has("/chosen", "stdout-path"));
}

TEST_CASE("vCPU affinities follow KVM's numbering, sixteen to a cluster") {
  DeviceTree tree;
  tree.vcpus = 512;
  tree.memory = kMiB;
  const Parsed fdt(build_device_tree(tree));
  CHECK(fdt.has("/cpus/cpu@f"));
  CHECK_FALSE(fdt.has("/cpus/cpu@10"));
  CHECK(fdt.cells("/cpus/cpu@100", "reg") == Cells{0, 0x100});
  CHECK(fdt.has("/cpus/cpu@1f0f"));
  CHECK(fdt.cells("/interrupt-controller@8000000", "reg")[5] == 0x10000000);
  CHECK(fdt.size() < kMaxDeviceTree);
}

TEST_CASE("the longest command line fits and comes back whole") {
  DeviceTree tree;
  tree.memory = kMiB;
  tree.bootargs.assign(2047, 'x');
  CHECK(Parsed(build_device_tree(tree)).text("/chosen", "bootargs") == tree.bootargs);
}

TEST_CASE("the same configuration and seed give the same device tree, and no seed leaves no trace") {
  VmConfig config;
  BootPlan plan;
  const std::vector<std::byte> one(kRngSeedSize, std::byte{1}), two(kRngSeedSize, std::byte{2});
  CHECK(device_tree(config, plan, one) == device_tree(config, plan, one));
  CHECK(device_tree(config, plan, one) != device_tree(config, plan, two));
  config.rng_seed = false;
  CHECK(device_tree(config, plan, one) == device_tree(config, plan, two));
  CHECK_FALSE(Parsed(device_tree(config, plan, one)).has("/chosen", "rng-seed"));
}
