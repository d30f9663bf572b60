// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/dtb.h"

#include <fmt/format.h>
#include <libfdt.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "host/vmm/layout.h"

namespace host::vmm {

namespace {

constexpr std::uint32_t kGicHandle = 1, kClockHandle = 2;
constexpr std::uint32_t kSpi = 0, kPpi = 1;  // first cell of a GICv3 interrupt
constexpr std::uint32_t kLevelHigh = 4;      // third cell
constexpr std::uint32_t kUartClockHz = 24'000'000;
// Secure physical, physical, virtual and hypervisor timer (Arm BSA 3.8.3, as PPI numbers).
constexpr std::uint32_t kTimerPpis[] = {13, 14, 11, 10};

// A thin writer over libfdt's sequential interface, which grows nothing by itself: the buffer is sized before.
class FdtWriter {
 public:
  explicit FdtWriter(std::size_t size) : blob_(size) {
    check(fdt_create(blob_.data(), static_cast<int>(size)));
    check(fdt_finish_reservemap(blob_.data()));
  }
  void begin(const std::string& name) { check(fdt_begin_node(blob_.data(), name.c_str())); }
  void end() { check(fdt_end_node(blob_.data())); }
  void flag(const char* name) { check(fdt_property(blob_.data(), name, nullptr, 0)); }
  void text(const char* name, const std::string& value) {
    check(fdt_property(blob_.data(), name, value.c_str(), static_cast<int>(value.size() + 1)));
  }
  void texts(const char* name, std::initializer_list<std::string_view> values) {
    std::string joined;
    for (std::string_view value : values) joined.append(value).push_back('\0');
    check(fdt_property(blob_.data(), name, joined.data(), static_cast<int>(joined.size())));
  }
  void cell(const char* name, std::uint32_t value) { check(fdt_property_u32(blob_.data(), name, value)); }
  void cell64(const char* name, std::uint64_t value) { check(fdt_property_u64(blob_.data(), name, value)); }
  void cells(const char* name, std::span<const std::uint32_t> values) {
    std::vector<fdt32_t> big;
    for (std::uint32_t value : values) big.push_back(cpu_to_fdt32(value));
    check(fdt_property(blob_.data(), name, big.data(), static_cast<int>(big.size() * sizeof(fdt32_t))));
  }
  void bytes(const char* name, std::span<const std::byte> value) {
    check(fdt_property(blob_.data(), name, value.data(), static_cast<int>(value.size())));
  }
  // Pairs of address and size, two cells each.
  void reg(std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> regions) {
    std::vector<std::uint32_t> values;
    for (const auto& [base, size] : regions) {
      for (std::uint64_t v : {base, size}) {
        values.push_back(static_cast<std::uint32_t>(v >> 32));
        values.push_back(static_cast<std::uint32_t>(v));
      }
    }
    cells("reg", values);
  }
  std::vector<std::byte> finish() {
    check(fdt_finish(blob_.data()));
    blob_.resize(fdt_totalsize(blob_.data()));
    return std::move(blob_);
  }

 private:
  static void check(int result) {
    if (result == 0) return;
    std::fprintf(stderr, "ccasim: internal error: libfdt: %s\n", fdt_strerror(result));
    std::abort();
  }
  std::vector<std::byte> blob_;
};

void write_cpus(FdtWriter& fdt, const DeviceTree& tree) {
  fdt.begin("cpus");
  fdt.cell("#address-cells", 2);
  fdt.cell("#size-cells", 0);
  for (std::uint32_t i = 0; i < tree.vcpus; ++i) {
    const std::uint64_t mpidr = mpidr_of(i).value;
    fdt.begin(fmt::format("cpu@{:x}", mpidr));
    fdt.text("device_type", "cpu");
    fdt.text("compatible", "arm,armv8");
    fdt.text("enable-method", "psci");
    fdt.cell64("reg", mpidr);
    fdt.end();
  }
  fdt.end();

  fdt.begin("psci");
  fdt.texts("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
  fdt.text("method", tree.psci == PsciConduit::kSmc ? "smc" : "hvc");
  fdt.end();
}

void write_timer(FdtWriter& fdt) {
  std::vector<std::uint32_t> interrupts;
  for (std::uint32_t ppi : kTimerPpis) interrupts.insert(interrupts.end(), {kPpi, ppi, kLevelHigh});
  fdt.begin("timer");
  fdt.text("compatible", "arm,armv8-timer");
  fdt.cells("interrupts", interrupts);
  fdt.flag("always-on");
  fdt.end();
}

void write_pmu(FdtWriter& fdt) {
  const std::uint32_t interrupt[] = {kPpi, kPmuInterrupt - kFirstPpi, kLevelHigh};
  fdt.begin("pmu");
  fdt.text("compatible", "arm,armv8-pmuv3");
  fdt.cells("interrupts", interrupt);
  fdt.end();
}

void write_gic(FdtWriter& fdt, const DeviceTree& tree) {
  fdt.begin(fmt::format("interrupt-controller@{:x}", kGicDistributor.value));
  fdt.text("compatible", "arm,gic-v3");
  fdt.cell("#interrupt-cells", 3);
  fdt.cell("#address-cells", 0);
  fdt.flag("interrupt-controller");
  fdt.reg({{kGicDistributor.value, kGicDistributorSize},
           {redistributor_base(tree.vcpus).value, tree.vcpus * kGicRedistributorSize}});
  fdt.cell("phandle", kGicHandle);
  fdt.end();
}

void write_devices(FdtWriter& fdt, const DeviceTree& tree) {
  fdt.begin("apb-clock");
  fdt.text("compatible", "fixed-clock");
  fdt.cell("#clock-cells", 0);
  fdt.cell("clock-frequency", kUartClockHz);
  fdt.cell("phandle", kClockHandle);
  fdt.end();

  if (tree.console) {
    const std::uint32_t interrupt[] = {kSpi, kPl011Spi, kLevelHigh}, clocks[] = {kClockHandle, kClockHandle};
    fdt.begin(fmt::format("pl011@{:x}", kPl011.value));
    fdt.texts("compatible", {"arm,pl011", "arm,primecell"});
    fdt.reg({{kPl011.value, kPl011Size}});
    fdt.cells("interrupts", interrupt);
    fdt.cells("clocks", clocks);
    fdt.texts("clock-names", {"uartclk", "apb_pclk"});
    fdt.end();
  }
  if (tree.entropy) {
    const std::uint32_t interrupt[] = {kSpi, kVirtioMmioFirstSpi, kLevelHigh};
    fdt.begin(fmt::format("virtio_mmio@{:x}", kVirtioMmio.value));
    fdt.text("compatible", "virtio,mmio");
    fdt.reg({{kVirtioMmio.value, kVirtioMmioSize}});
    fdt.cells("interrupts", interrupt);
    fdt.flag("dma-coherent");
    fdt.end();
  }
}

void write_chosen(FdtWriter& fdt, const DeviceTree& tree) {
  fdt.begin("chosen");
  fdt.text("bootargs", tree.bootargs);
  if (tree.console) fdt.text("stdout-path", fmt::format("/pl011@{:x}", kPl011.value));
  if (tree.initrd_size != 0) {
    fdt.cell64("linux,initrd-start", tree.initrd.value);
    fdt.cell64("linux,initrd-end", tree.initrd.value + tree.initrd_size);
  }
  if (!tree.rng_seed.empty()) fdt.bytes("rng-seed", tree.rng_seed);
  if (tree.kaslr_seed) fdt.cell64("kaslr-seed", *tree.kaslr_seed);
  fdt.end();
}

}  // namespace

std::vector<std::byte> build_device_tree(const DeviceTree& tree) {
  // A CPU node takes about 120 bytes; the rest is a few KiB. finish() gives back what wasn't used.
  FdtWriter fdt(8 * kKiB + tree.bootargs.size() + std::size_t{tree.vcpus} * 256);
  fdt.begin("");
  fdt.text("compatible", "linux,dummy-virt");
  fdt.text("model", "linux,dummy-virt");
  fdt.cell("#address-cells", 2);
  fdt.cell("#size-cells", 2);
  fdt.cell("interrupt-parent", kGicHandle);
  write_chosen(fdt, tree);
  fdt.begin(fmt::format("memory@{:x}", kRamBase.value));
  fdt.text("device_type", "memory");
  fdt.reg({{kRamBase.value, tree.memory}});
  fdt.end();
  write_cpus(fdt, tree);
  write_timer(fdt);
  if (tree.pmu) write_pmu(fdt);
  write_gic(fdt, tree);
  write_devices(fdt, tree);
  fdt.end();
  return fdt.finish();
}

}  // namespace host::vmm
