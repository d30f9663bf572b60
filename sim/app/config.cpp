// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/config.h"

#include <array>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rmm/abi/arch/pmu.h"
#include "sim/app/json_reader.h"
#include "sim/app/text.h"

namespace sim::app {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

tl::unexpected<InputError> error(std::string message) { return tl::unexpected(InputError{std::move(message)}); }

struct Places {
  std::string config_dir, executable_dir, cache_dir;
};

// "@cache/x", "@guest/x", absolute, or relative to the configuration file.
std::string resolve(const std::string& path, const Places& places) {
  if (path.empty()) return path;
  if (path.starts_with("@cache/")) return (fs::path(places.cache_dir) / path.substr(7)).string();
  if (path.starts_with("@guest/")) return (fs::path(places.executable_dir) / "guest" / path.substr(7)).string();
  return fs::path(path).is_absolute() ? path : (fs::path(places.config_dir) / path).string();
}

void read_machine(const json& object, MachineConfig& out, std::string& problem) {
  ObjectReader reader(object, "machine", problem);
  reader.size("memory", out.memory);
  read_machine_choices(reader, out, problem);
  reader.finish();
}

void read_host(const json& object, host::kvm::KvmBehaviour& out, std::string& problem) {
  ObjectReader reader(object, "host", problem);
  for (const auto& field : host::kvm::behaviour_fields()) {
    unsigned value = field.get(out);
    if (field.is_flag()) {
      bool flag = value != 0;
      reader.flag(field.name, flag);
      value = flag ? 1 : 0;
    } else {
      reader.choice(field.name, field.values, value);
    }
    field.set(out, value);
  }
  reader.finish();
}

// Text as it stands, or after "0x" the bytes as pairs of hexadecimal digits.
std::optional<std::string> personalization_value(const std::string& text) {
  if (!text.starts_with("0x")) return text;
  std::string bytes;
  for (std::size_t at = 2; at < text.size(); at += 2) {
    const auto byte = parse_number("0x" + text.substr(at, 2));
    if (!byte || at + 2 > text.size()) return std::nullopt;
    bytes.push_back(static_cast<char>(*byte));
  }
  return bytes;
}

void read_realm_choices(ObjectReader& reader, const std::string& where, host::vmm::VmConfig& vm, std::string& problem) {
  static constexpr std::array<std::string_view, 2> kHashes = {"sha-256", "sha-512"};
  unsigned hash = 0;
  reader.choice("hash_algorithm", kHashes, hash);
  vm.hash_algorithm = hash == 0 ? host::vmm::HashAlgorithm::kSha256 : host::vmm::HashAlgorithm::kSha512;
  std::string text;
  reader.text("personalization_value", text);
  const auto value = personalization_value(text);
  if (problem.empty() && !value)
    problem = fmt::format("{}.personalization_value must be text, or 0x and pairs of hexadecimal digits", where);
  vm.personalization_value = value.value_or("");
}

void read_binaries(const json& array, const std::string& where, const Places& places, host::vmm::VmConfig& vm,
                   std::string& problem) {
  for (std::size_t i = 0; i < array.size(); ++i) {
    ObjectReader reader(array[i], fmt::format("{}.binaries[{}]", where, i), problem);
    host::vmm::Binary binary;
    reader.text("path", binary.path);
    reader.size("ipa", binary.ipa.value);
    reader.flag("measured", binary.measured);
    reader.finish();
    if (problem.empty() && binary.path.empty()) problem = fmt::format("{}.binaries[{}] needs a \"path\"", where, i);
    binary.path = resolve(binary.path, places);
    vm.binaries.push_back(std::move(binary));
  }
}

void read_vm(const json& object, std::size_t index, const Places& places, host::vmm::VmConfig& vm,
             std::string& problem) {
  const std::string where = fmt::format("vms[{}]", index);
  ObjectReader reader(object, where, problem);
  vm.name = fmt::format("vm{}", index);
  reader.text("name", vm.name);
  reader.flag("realm", vm.realm);
  reader.number("vcpus", vm.vcpus, 1, 512);
  reader.size("memory", vm.memory);
  unsigned ipa_bits = 0;
  reader.number("ipa_bits", ipa_bits, 0, 64);
  vm.ipa_bits = ipa_bits;
  reader.text("kernel", vm.kernel);
  reader.text("initrd", vm.initrd);
  reader.text("append", vm.append);
  vm.kernel = resolve(vm.kernel, places);
  vm.initrd = resolve(vm.initrd, places);

  std::string boot = "linux", binary, psci = "smc", smccc = "kernel";
  reader.text("boot", boot);
  reader.text("binary", binary);
  reader.text("psci", psci);
  reader.text("smccc", smccc);
  if (problem.empty() && boot != "linux" && boot != "raw")
    problem = fmt::format("{}.boot must be \"linux\" or \"raw\", found \"{}\"", where, boot);
  if (problem.empty() && psci != "smc" && psci != "hvc")
    problem = fmt::format("{}.psci must be \"smc\" or \"hvc\", found \"{}\"", where, psci);
  if (problem.empty() && smccc != "kernel" && smccc != "user")
    problem = fmt::format("{}.smccc must be \"kernel\" or \"user\", found \"{}\"", where, smccc);
  vm.smccc = smccc == "user" ? host::vmm::SmcccIn::kUser : host::vmm::SmcccIn::kKernel;
  vm.boot = boot == "raw" ? host::vmm::Boot::kRaw : host::vmm::Boot::kLinux;
  vm.psci = psci == "hvc" ? host::vmm::PsciConduit::kHvc : host::vmm::PsciConduit::kSmc;
  if (!binary.empty())
    vm.binaries.push_back({.path = resolve(binary, places), .bytes = {}, .ipa = {0x80000000}, .measured = true});
  if (const json* array = reader.array("binaries")) read_binaries(*array, where, places, vm, problem);
  std::uint64_t entry = ~0ULL, dtb = ~0ULL, kaslr = 0;
  reader.size("entry", entry);
  reader.size("dtb", dtb);
  if (entry != ~0ULL) vm.entry = abi::Ipa{entry};
  if (dtb != ~0ULL) vm.dtb = abi::Ipa{dtb};
  if (const json* registers = reader.array("registers")) {
    for (const json& value : *registers) {
      const auto number = value.is_number_unsigned() ? std::optional(value.get<std::uint64_t>())
                          : value.is_string()        ? parse_number(value.get<std::string>())
                                                     : std::nullopt;
      if (problem.empty() && !number)
        problem = fmt::format("{}.registers must be whole numbers, found {}", where, shown(value));
      vm.registers.push_back(number.value_or(0));
    }
    if (problem.empty() && vm.registers.size() > 8) problem = fmt::format("{}.registers sets X0 to X7 at most", where);
  }
  read_realm_choices(reader, where, vm, problem);
  constexpr unsigned kNoPmu = ~0U;
  unsigned counters = kNoPmu;
  reader.number("pmu", counters, 0, abi::pmu::kMaxCounters);
  if (counters != kNoPmu) vm.pmu = static_cast<std::uint8_t>(counters);
  reader.flag("console", vm.console);
  reader.flag("entropy", vm.entropy);
  reader.flag("rng_seed", vm.rng_seed);
  reader.number("kaslr_seed", kaslr, 0, ~0ULL);
  if (object.is_object() && object.contains("kaslr_seed")) vm.kaslr_seed = kaslr;
  reader.flag("measure_kernel", vm.measure_kernel);
  reader.flag("measure_initrd", vm.measure_initrd);
  reader.flag("measure_dtb", vm.measure_dtb);
  reader.number("reset_limit", vm.reset_limit, 0, 1000);
  reader.finish();
}

tl::expected<void, InputError> check(const RunConfig& config) {
  const MachineConfig& machine = config.machine;
  if (machine.memory % abi::kGranuleSize != 0 || machine.memory < 16 * host::vmm::kMiB ||
      machine.memory > 1024 * host::vmm::kGiB)
    return error(fmt::format("machine.memory must be a multiple of 4 KiB from 16 MiB to 1 TiB, found {}",
                             format_size(machine.memory)));
  if (auto valid = check_machine_choices(machine); !valid) return valid;
  if (config.vms.empty()) return error("vms is empty; describe at least one virtual machine");
  std::uint64_t wanted = 0;
  for (const auto& vm : config.vms) {
    if (const auto valid = host::vmm::validate(vm); !valid)
      return error(fmt::format("VM '{}': {}", vm.name, host::vmm::to_string(valid.error())));
    if (vm.pmu && (!machine.pmu_counters || *vm.pmu > *machine.pmu_counters))
      return error(fmt::format(
          "VM '{}' wants a PMU with {} counters but the machine has {}; raise machine.pmu_counters "
          "or leave the VM's \"pmu\" out",
          vm.name, *vm.pmu, machine.pmu_counters ? std::to_string(*machine.pmu_counters) : std::string("none")));
    if (vm.memory > machine.memory)
      return error(fmt::format(
          "VM '{}' wants {} of memory but the machine has {}; raise machine.memory or lower the VM's memory", vm.name,
          format_size(vm.memory), format_size(machine.memory)));
    wanted += vm.memory;
    for (const auto& other : config.vms)
      if (&other != &vm && other.name == vm.name)
        return error(fmt::format("two VMs are named '{}'; names must differ", vm.name));
  }
  if (wanted > machine.memory)
    return error(fmt::format("the VMs want {} of memory together but the machine has {}; raise machine.memory",
                             format_size(wanted), format_size(machine.memory)));
  return {};
}

}  // namespace

std::uint64_t automatic_memory(const std::vector<host::vmm::VmConfig>& vms) {
  constexpr std::uint64_t kStep = 256 * host::vmm::kMiB;
  std::uint64_t wanted = 0;
  for (const auto& vm : vms) wanted += vm.memory + vm.memory / 4;
  return abi::align_up(wanted + kStep, kStep);
}

std::string cache_directory() {
  if (const char* dir = std::getenv("CCASIM_CACHE"); dir != nullptr && *dir != '\0') return dir;
  if (const char* dir = std::getenv("XDG_CACHE_HOME"); dir != nullptr && *dir != '\0')
    return (fs::path(dir) / "ccasim").string();
  const char* home = std::getenv("HOME");
  return (fs::path(home != nullptr ? home : ".") / ".cache" / "ccasim").string();
}

tl::expected<RunConfig, InputError> load_config(const RunOptions& options, const std::string& executable_dir,
                                                const std::string& cache_dir) {
  const auto text = read_config_file(options.config);
  if (!text) return tl::unexpected(text.error());
  return parse_config(*text, options, executable_dir, cache_dir);
}

tl::expected<RunConfig, InputError> parse_config(const std::string& text, const RunOptions& options,
                                                 const std::string& executable_dir, const std::string& cache_dir) {
  auto root = parse_config_text(options.config, text);
  if (!root) return tl::unexpected(root.error());

  // Overrides go into the JSON before it is read, so that they get the same checks and messages.
  auto override_value = [&](const char* path, const auto& value) -> tl::expected<void, InputError> {
    return value ? assign_config(*root, path, json(*value)) : tl::expected<void, InputError>{};
  };
  const auto absolute = [](const std::optional<std::string>& path) {
    return path ? std::optional(fs::absolute(*path).string())
                : std::nullopt;  // the person's path, not the configuration's
  };
  for (const auto& [path, value] : options.set)
    if (const auto done = assign_config(*root, path, config_value(value)); !done) return tl::unexpected(done.error());
  for (const auto& done : {override_value("vms.0.kernel", absolute(options.kernel)),
                           override_value("vms.0.initrd", absolute(options.initrd)),
                           override_value("vms.0.memory", options.memory), override_value("vms.0.vcpus", options.vcpus),
                           override_value("machine.cpu", options.cpu), override_value("machine.seed", options.seed)})
    if (!done) return tl::unexpected(done.error());

  if (root->is_object() && root->contains("platform"))
    return error(
        fmt::format("'{}' describes the platform of a payload; start it with `ccasim payload`", options.config));
  const Places places{fs::absolute(options.config).parent_path().string(), executable_dir, cache_dir};
  RunConfig config;
  std::string problem;
  ObjectReader reader(*root, "the configuration", problem);
  if (const json* machine = reader.object("machine")) read_machine(*machine, config.machine, problem);
  if (const json* host = reader.object("host")) read_host(*host, config.host, problem);
  if (const json* vms = reader.array("vms")) {
    for (std::size_t i = 0; i < vms->size(); ++i) read_vm((*vms)[i], i, places, config.vms.emplace_back(), problem);
  }
  reader.finish();
  if (!problem.empty()) return error(fmt::format("'{}': {}", options.config, problem));
  for (auto& vm : config.vms) vm.life_cycle = config.host.life_cycle;
  if (options.append && !config.vms.empty()) {
    std::string& line = config.vms[0].append;
    line += (line.empty() ? "" : " ") + *options.append;
  }
  if (config.machine.memory == 0) config.machine.memory = automatic_memory(config.vms);
  if (const auto valid = check(config); !valid)
    return error(fmt::format("'{}': {}", options.config, valid.error().message));
  return config;
}

}  // namespace sim::app
