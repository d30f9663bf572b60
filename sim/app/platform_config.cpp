// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/platform_config.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/app/json_reader.h"
#include "sim/app/text.h"
#include "sim/gic/physical_gic.h"

namespace sim::app {
namespace {

using nlohmann::json;

constexpr std::uint64_t kFrameSize = 0x1000;  // of a UART, of a watchdog's frame
constexpr std::uint64_t kAddressLimit = 1ULL << 48;
constexpr std::uint64_t kMaxNvm = 1ULL << 20;
constexpr std::uint64_t kMaxDram = 1ULL << 40;
constexpr std::uint64_t kAffinityMask = 0xff'00ff'ffff;
constexpr std::size_t kMaxPes = 64;
constexpr unsigned kFirstPpi = 16, kFirstSpi = 32;

tl::unexpected<InputError> error(std::string message) { return tl::unexpected(InputError{std::move(message)}); }

// Reads each element of an array of objects. `read_one(reader, where, element)`.
template <class Element, class ReadOne>
void read_list(ObjectReader& platform, std::string_view key, std::vector<Element>& out, std::string& problem,
               ReadOne read_one) {
  const json* array = platform.array(key);
  if (array == nullptr) return;
  for (std::size_t i = 0; i < array->size(); ++i) {
    ObjectReader reader((*array)[i], fmt::format("platform.{}[{}]", key, i), problem);
    read_one(reader, out.emplace_back());
    reader.finish();
  }
}

void read_address(ObjectReader& reader, std::string_view key, abi::Pa& out) {
  reader.number(key, out.value, 0, kAddressLimit - 1);
}

void read_spi(ObjectReader& reader, const GicConfig& gic, std::optional<unsigned>& out) {
  unsigned intid = 0;
  reader.number("interrupt", intid, kFirstSpi, kFirstSpi + gic.spis - 1);
  if (intid != 0) out = intid;
}

void read_byte(ObjectReader& reader, std::string_view key, std::uint8_t& out) {
  unsigned byte = out;
  reader.number(key, byte, 0, 0xff);
  out = static_cast<std::uint8_t>(byte);
}

void read_affinities(const json& array, std::vector<abi::Mpidr>& out, std::string& problem) {
  out.clear();
  for (const json& value : array) {
    std::optional<std::uint64_t> number;
    if (value.is_number_unsigned()) number = value.get<std::uint64_t>();
    if (value.is_string()) number = parse_number(value.get<std::string>());
    if (problem.empty() && (!number || (*number & ~kAffinityMask) != 0))
      problem = fmt::format(
          "platform.pes.affinities must be affinities as MPIDR_EL1 has them (Aff3 in bits 39 to 32, Aff2 to Aff0 below "
          "bit 24), found {}",
          shown(value));
    out.push_back({number.value_or(0)});
  }
}

void read_pes(const json& object, PesConfig& out, std::string& problem) {
  ObjectReader reader(object, "platform.pes", problem);
  if (const json* affinities = reader.array("affinities")) read_affinities(*affinities, out.affinities, problem);
  reader.flag("multithreaded", out.multithreaded);
  reader.number("el1_physical_timer", out.el1_physical_timer, kFirstPpi, kFirstSpi - 1);
  reader.number("el1_virtual_timer", out.el1_virtual_timer, kFirstPpi, kFirstSpi - 1);
  reader.number("el2_physical_timer", out.el2_physical_timer, kFirstPpi, kFirstSpi - 1);
  reader.number("el2_virtual_timer", out.el2_virtual_timer, kFirstPpi, kFirstSpi - 1);
  reader.number("maintenance", out.maintenance, kFirstPpi, kFirstSpi - 1);
  reader.number("pmu", out.pmu, kFirstPpi, kFirstSpi - 1);
  reader.finish();
}

void read_gic(const json& object, GicConfig& out, std::string& problem) {
  ObjectReader reader(object, "platform.gic", problem);
  read_address(reader, "distributor", out.distributor);
  read_address(reader, "redistributors", out.redistributors);
  reader.number("spis", out.spis, 32, 960);
  if (problem.empty() && out.spis % 32 != 0)
    problem = fmt::format("platform.gic.spis must be a multiple of 32, found {}", out.spis);
  reader.finish();
}

void read_counter(ObjectReader& platform, Counter& out, std::string& problem) {
  constexpr std::uint64_t kSecond = 1'000'000'000;  // ns
  std::uint64_t hz = out.frequency_hz();
  platform.number("counter_hz", hz, 1'000'000, kSecond);
  if (problem.empty() && kSecond % hz != 0)
    problem = fmt::format("platform.counter_hz must divide {}, found {}", kSecond, hz);
  if (problem.empty()) out.ns_per_count = kSecond / hz;
}

void read_platform(const json& object, PlatformConfig& out, std::string& problem) {
  ObjectReader reader(object, "platform", problem);
  read_list(reader, "dram", out.dram, problem, [](ObjectReader& bank, MemoryBank& to) {
    read_address(bank, "base", to.base);
    bank.size("size", to.size);
  });
  if (const json* pes = reader.object("pes")) read_pes(*pes, out.pes, problem);
  read_counter(reader, out.counter, problem);
  if (const json* gic = reader.object("gic")) {
    read_gic(*gic, out.gic, problem);
  } else if (problem.empty()) {
    problem = "platform needs a \"gic\"";
  }
  read_list(reader, "uarts", out.uarts, problem, [&](ObjectReader& uart, UartConfig& to) {
    read_address(uart, "base", to.base);
    read_spi(uart, out.gic, to.interrupt);
    uart.flag("console", to.console);
  });
  read_list(reader, "sp805", out.sp805, problem, [&](ObjectReader& watchdog, Sp805Config& to) {
    read_address(watchdog, "base", to.base);
    read_spi(watchdog, out.gic, to.interrupt);
    watchdog.number("clock_hz", to.clock_hz, 1, 1'000'000'000);
  });
  read_list(reader, "generic_watchdogs", out.generic_watchdogs, problem,
            [&](ObjectReader& watchdog, GenericWatchdogConfig& to) {
              read_address(watchdog, "control", to.control);
              read_address(watchdog, "refresh", to.refresh);
              read_spi(watchdog, out.gic, to.interrupt);
              watchdog.flag("reset", to.reset);
            });
  for (const auto& [key, to] : {std::pair{"nvm", &out.nvm}, std::pair{"constant", &out.constant}})
    read_list(reader, key, *to, problem, [](ObjectReader& region, FilledRegionConfig& filled) {
      read_address(region, "base", filled.base);
      region.size("size", filled.size);
      read_byte(region, "byte", filled.byte);
    });
  reader.finish();
}

// One part of the physical address space, and what a message calls it.
struct Claim {
  std::string name;
  abi::Pa base;
  std::uint64_t size;
};

std::vector<Claim> claims(const PlatformConfig& config) {
  std::vector<Claim> all;
  const auto add = [&all](std::string name, abi::Pa base, std::uint64_t size) {
    all.push_back({std::move(name), base, size});
  };
  for (std::size_t i = 0; i < config.dram.size(); ++i)
    add(fmt::format("dram[{}]", i), config.dram[i].base, config.dram[i].size);
  add("gic.distributor", config.gic.distributor, PhysicalGic::kDistributorSize);
  add("gic.redistributors", config.gic.redistributors, config.pes.affinities.size() * PhysicalGic::kRedistributorSize);
  for (std::size_t i = 0; i < config.uarts.size(); ++i)
    add(fmt::format("uarts[{}]", i), config.uarts[i].base, kFrameSize);
  for (std::size_t i = 0; i < config.sp805.size(); ++i)
    add(fmt::format("sp805[{}]", i), config.sp805[i].base, kFrameSize);
  for (std::size_t i = 0; i < config.generic_watchdogs.size(); ++i) {
    add(fmt::format("generic_watchdogs[{}].control", i), config.generic_watchdogs[i].control, kFrameSize);
    add(fmt::format("generic_watchdogs[{}].refresh", i), config.generic_watchdogs[i].refresh, kFrameSize);
  }
  for (std::size_t i = 0; i < config.nvm.size(); ++i)
    add(fmt::format("nvm[{}]", i), config.nvm[i].base, config.nvm[i].size);
  for (std::size_t i = 0; i < config.constant.size(); ++i)
    add(fmt::format("constant[{}]", i), config.constant[i].base, config.constant[i].size);
  return all;
}

// Whole granules, so that a translation that reaches a device reaches nothing else.
tl::expected<void, InputError> check_map(const PlatformConfig& config) {
  std::vector<Claim> map = claims(config);
  for (const Claim& claim : map) {
    if (claim.size == 0 || !abi::is_aligned(claim.base.value, abi::kGranuleSize) ||
        !abi::is_aligned(claim.size, abi::kGranuleSize) || claim.size > kAddressLimit - claim.base.value)
      return error(fmt::format("platform.{} must lie on whole granules of 4 KiB below 256 TiB, found {} at 0x{:x}",
                               claim.name, format_size(claim.size), claim.base.value));
  }
  std::stable_sort(map.begin(), map.end(), [](const Claim& a, const Claim& b) { return a.base < b.base; });
  for (std::size_t i = 1; i < map.size(); ++i) {
    const Claim &below = map[i - 1], &above = map[i];
    if (above.base - below.base < below.size)
      return error(fmt::format("platform.{} at 0x{:x} overlaps platform.{}, which is at 0x{:x} to 0x{:x}", above.name,
                               above.base.value, below.name, below.base.value, below.base.value + below.size - 1));
  }
  return {};
}

tl::expected<void, InputError> check_pes(const PesConfig& pes) {
  if (pes.affinities.empty() || pes.affinities.size() > kMaxPes)
    return error(
        fmt::format("platform.pes.affinities must name 1 to {} PEs, found {}", kMaxPes, pes.affinities.size()));
  for (auto a = pes.affinities.begin(); a != pes.affinities.end(); ++a)
    if (std::find(pes.affinities.begin(), a, *a) != a)
      return error(fmt::format("platform.pes.affinities names 0x{:x} twice", a->value));
  const std::vector<std::pair<std::string_view, unsigned>> ppis = {{"el1_physical_timer", pes.el1_physical_timer},
                                                                   {"el1_virtual_timer", pes.el1_virtual_timer},
                                                                   {"el2_physical_timer", pes.el2_physical_timer},
                                                                   {"el2_virtual_timer", pes.el2_virtual_timer},
                                                                   {"maintenance", pes.maintenance},
                                                                   {"pmu", pes.pmu}};
  for (std::size_t i = 0; i < ppis.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (ppis[i].second == ppis[j].second)
        return error(fmt::format("platform.pes.{} and platform.pes.{} are both interrupt {}", ppis[j].first,
                                 ppis[i].first, ppis[i].second));
  return {};
}

tl::expected<void, InputError> check(const PlatformConfig& config) {
  if (auto valid = check_machine_choices(config.machine); !valid) return valid;
  if (config.dram.empty()) return error("platform.dram is empty; describe at least one bank of DRAM");
  if (auto valid = check_pes(config.pes); !valid) return valid;
  if (auto valid = check_map(config); !valid) return valid;
  std::uint64_t nvm = 0;
  for (const FilledRegionConfig& region : config.nvm) nvm += region.size;  // each fits below 256 TiB, apart from others
  if (nvm > kMaxNvm)
    return error(fmt::format("platform.nvm may have {} together, found {}; larger memory is platform.dram",
                             format_size(kMaxNvm), format_size(nvm)));
  if (config.machine.memory > kMaxDram)
    return error(fmt::format("platform.dram may have {} together, found {}", format_size(kMaxDram),
                             format_size(config.machine.memory)));
  return {};
}

}  // namespace

tl::expected<PlatformConfig, InputError> load_platform_config(
    const std::string& path, const std::vector<std::pair<std::string, std::string>>& set) {
  const auto text = read_config_file(path);
  if (!text) return tl::unexpected(text.error());
  return parse_platform_config(path, *text, set);
}

tl::expected<PlatformConfig, InputError> parse_platform_config(
    const std::string& path, const std::string& text, const std::vector<std::pair<std::string, std::string>>& set) {
  auto root = parse_config_text(path, text);
  if (!root) return tl::unexpected(root.error());
  for (const auto& [where, value] : set)
    if (const auto done = assign_config(*root, where, config_value(value)); !done) return tl::unexpected(done.error());
  if (root->is_object() && root->contains("vms"))
    return error(
        fmt::format("'{}' describes virtual machines; start it with `ccasim run`. A payload needs a platform, "
                    "e.g. configs/fvp.json",
                    path));
  PlatformConfig config;
  config.machine.cpu = "max";
  std::string problem;
  ObjectReader reader(*root, "the configuration", problem);
  if (const json* machine = reader.object("machine")) {
    ObjectReader choices(*machine, "machine", problem);
    read_machine_choices(choices, config.machine, problem);
    choices.finish();
  }
  if (const json* platform = reader.object("platform")) {
    read_platform(*platform, config, problem);
  } else if (problem.empty()) {
    problem = "a \"platform\" is missing; see configs/fvp.json";
  }
  reader.finish();
  if (!problem.empty()) return error(fmt::format("'{}': {}", path, problem));
  std::stable_sort(config.dram.begin(), config.dram.end(),
                   [](const MemoryBank& a, const MemoryBank& b) { return a.base < b.base; });
  for (const MemoryBank& bank : config.dram) config.machine.memory += bank.size;
  if (const auto valid = check(config); !valid) return error(fmt::format("'{}': {}", path, valid.error().message));
  return config;
}

}  // namespace sim::app
