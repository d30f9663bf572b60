// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/boot_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/vmm/dtb.h"
#include "host/vmm/images/kernel_image.h"

namespace host::vmm {

namespace {

using Planned = tl::expected<void, ConfigError>;

// A part of RAM that something owns, for the checks of fit and overlap.
struct Extent {
  std::string what;
  std::uint64_t base = 0, size = 0;
  std::uint64_t end() const { return abi::align_up(base + size, abi::kGranuleSize); }
};

class Planner {
 public:
  explicit Planner(const VmConfig& config) : config_(config), ram_end_(kRamBase.value + config.memory) {}

  tl::expected<BootPlan, ConfigError> plan() {
    for (auto step : {&Planner::place_kernel, &Planner::place_initrd, &Planner::place_dtb, &Planner::place_binaries,
                      &Planner::check_extents, &Planner::choose_entry}) {
      if (Planned done = (this->*step)(); !done) return tl::unexpected(done.error());
    }
    std::stable_sort(plan_.pieces.begin(), plan_.pieces.end(),
                     [](const LoadPiece& a, const LoadPiece& b) { return a.ipa < b.ipa; });
    return std::move(plan_);
  }

 private:
  Planned place_kernel() {
    next_free_ = kRamBase.value + kBlockSize;
    if (config_.kernel.empty()) return {};
    auto kernel = load_kernel(config_.kernel, config_.memory);
    if (!kernel) return tl::unexpected(kernel.error());
    entry_ = kernel->entry;
    plan_.layout.kernel = kernel->segments.front().ipa;
    for (ImageSegment& segment : kernel->segments) {
      extents_.push_back({config_.kernel, segment.ipa.value, segment.memory_size});
      plan_.layout.kernel_size = segment.ipa + segment.memory_size - plan_.layout.kernel;
      next_free_ = std::max(next_free_, extents_.back().end());
      add_kernel_segment(std::move(segment));
    }
    return {};
  }

  // Population works on whole granules: a segment that starts or ends inside one is padded with zeros, and one that
  // starts in the granule where the previous ended joins it.
  void add_kernel_segment(ImageSegment segment) {
    const std::uint64_t base = abi::align_down(segment.ipa.value, abi::kGranuleSize);
    const auto lead = static_cast<std::size_t>(segment.ipa.value - base);
    if (segment.bytes.empty()) return;
    if (!plan_.pieces.empty()) {
      LoadPiece& before = plan_.pieces.back();
      const std::uint64_t before_end = before.ipa.value + before.bytes.size();
      if (abi::align_up(before_end, abi::kGranuleSize) > base) {
        before.bytes.resize(static_cast<std::size_t>(segment.ipa - before.ipa));
        before.bytes.insert(before.bytes.end(), segment.bytes.begin(), segment.bytes.end());
        return;
      }
    }
    if (lead != 0) segment.bytes.insert(segment.bytes.begin(), lead, std::byte{0});
    plan_.pieces.push_back({"kernel", {base}, std::move(segment.bytes), config_.measure_kernel});
  }

  Planned place_initrd() {
    if (config_.initrd.empty()) return {};
    auto bytes = read_file("initrd", config_.initrd, config_.memory);
    if (!bytes) return tl::unexpected(bytes.error());
    const abi::Ipa base{abi::align_up(next_free_, kBlockSize)};
    plan_.layout.initrd = base;
    plan_.layout.initrd_size = bytes->size();
    extents_.push_back({config_.initrd, base.value, bytes->size()});
    next_free_ = extents_.back().end();
    plan_.pieces.push_back({"initrd", base, std::move(*bytes), config_.measure_initrd});
    return {};
  }

  Planned place_dtb() {
    plan_.layout.has_dtb = config_.boot == Boot::kLinux || config_.dtb.has_value();
    if (!plan_.layout.has_dtb) return {};
    plan_.layout.dtb = config_.dtb.value_or(abi::Ipa{abi::align_up(next_free_, kBlockSize)});
    // Seeds have a fixed size, so the tree's size is known before they are drawn.
    const std::vector<std::byte> no_seed(kRngSeedSize);
    const std::size_t size = device_tree(config_, plan_, no_seed).size();
    extents_.push_back({"the device tree", plan_.layout.dtb.value, size});
    return {};
  }

  Planned place_binaries() {
    for (const Binary& binary : config_.binaries) {
      Bytes bytes = binary.bytes;
      if (!binary.path.empty()) {
        auto file = read_file("binary", binary.path, config_.memory);
        if (!file) return tl::unexpected(file.error());
        bytes = std::move(*file);
      }
      const std::string name = binary.path.empty() ? fmt::format("the binary at {:#x}", binary.ipa.value) : binary.path;
      extents_.push_back({name, binary.ipa.value, bytes.size()});
      plan_.pieces.push_back({name, binary.ipa, std::move(bytes), binary.measured});
    }
    return {};
  }

  Planned check_extents() {
    for (const Extent& e : extents_) {
      if (e.base < kRamBase.value || e.size > ram_end_ - std::min(ram_end_, e.base))
        return tl::unexpected(ConfigError{fmt::format("{}: {} bytes at {:#x} don't fit into RAM, {:#x} to {:#x}.",
                                                      e.what, e.size, e.base, kRamBase.value, ram_end_),
                                          "Give the VM more memory."});
    }
    std::stable_sort(extents_.begin(), extents_.end(),
                     [](const Extent& a, const Extent& b) { return a.base < b.base; });
    for (std::size_t i = 1; i < extents_.size(); ++i) {
      const Extent &a = extents_[i - 1], &b = extents_[i];
      // Segments of one ELF file may share a granule: they are checked and joined by bytes.
      const std::uint64_t a_end = a.what == b.what ? a.base + a.size : a.end();
      if (a_end > b.base)
        return tl::unexpected(ConfigError{
            fmt::format("{} ({:#x} to {:#x}) and {} (from {:#x}) overlap.", a.what, a.base, a.end(), b.what, b.base),
            "Choose another address for one of them."});
    }
    return {};
  }

  Planned choose_entry() {
    if (!entry_ && !config_.binaries.empty()) entry_ = config_.binaries.front().ipa;
    if (config_.entry) entry_ = config_.entry;
    plan_.entry = *entry_;
    const std::uint64_t entry = plan_.entry.value;
    if (entry < kRamBase.value || entry >= ram_end_)
      return tl::unexpected(ConfigError{
          fmt::format("Entry address {:#x} is not in RAM, {:#x} to {:#x}.", entry, kRamBase.value, ram_end_),
          "Choose an address inside the binary."});
    return {};
  }

  const VmConfig& config_;
  std::uint64_t ram_end_;
  BootPlan plan_;
  std::vector<Extent> extents_;
  std::uint64_t next_free_ = 0;
  std::optional<abi::Ipa> entry_;
};

// True iff the command line has a parameter of this name.
bool has_parameter(const std::string& line, std::string_view name) {
  for (std::size_t at = 0; (at = line.find(name, at)) != std::string::npos; at += name.size()) {
    const bool starts = at == 0 || line[at - 1] == ' ';
    const std::size_t end = at + name.size();
    if (starts && (end == line.size() || line[end] == ' ' || line[end] == '=')) return true;
  }
  return false;
}

}  // namespace

tl::expected<BootPlan, ConfigError> plan_boot(const VmConfig& config) {
  if (auto valid = validate(config); !valid) return tl::unexpected(valid.error());
  return Planner(config).plan();
}

std::string command_line(const VmConfig& config) {
  if (!config.console || has_parameter(config.append, "earlycon")) return config.append;
  // earlycon runs before the kernel knows that it is a realm, so it must be told the shared alias of the PL011.
  const std::string earlycon = fmt::format("earlycon=pl011,{:#x}", kPl011.value | shared_alias_bit(config));
  return config.append.empty() ? earlycon : config.append + " " + earlycon;
}

std::vector<std::byte> device_tree(const VmConfig& config, const BootPlan& plan, std::span<const std::byte> seed) {
  DeviceTree tree;
  tree.vcpus = config.vcpus;
  tree.memory = config.memory;
  tree.psci = config.psci;
  tree.console = config.console;
  tree.entropy = config.entropy;
  tree.pmu = config.pmu.has_value();
  tree.bootargs = command_line(config);
  tree.initrd = plan.layout.initrd;
  tree.initrd_size = plan.layout.initrd_size;
  if (config.rng_seed) tree.rng_seed = seed;
  tree.kaslr_seed = config.kaslr_seed;
  return build_device_tree(tree);
}

}  // namespace host::vmm
