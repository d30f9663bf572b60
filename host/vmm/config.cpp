// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "host/vmm/layout.h"

namespace host::vmm {

namespace {

// The widths that RMM 1.0 and KVM without LPA2 can represent.
constexpr std::uint32_t kMinIpaBits = 32, kMaxIpaBits = 48;
constexpr std::uint64_t kMinMemory = kMiB;
constexpr std::size_t kMaxCommandLine = 2047;  // COMMAND_LINE_SIZE of arm64 Linux, without its final zero

using Checked = tl::expected<void, ConfigError>;

template <class... Args>
tl::unexpected<ConfigError> wrong(std::string next_step, fmt::format_string<Args...> message, Args&&... args) {
  return tl::unexpected(ConfigError{fmt::format(message, std::forward<Args>(args)...), std::move(next_step)});
}

Checked check_sizes(const VmConfig& c) {
  if (c.vcpus == 0 || c.vcpus > kMaxVcpus)
    return wrong(fmt::format("Give 1 to {} vCPUs.", kMaxVcpus), "A VM with {} vCPUs is impossible.", c.vcpus);
  if (c.memory < kMinMemory)
    return wrong("Give at least 1 MiB; a Linux guest wants 256 MiB.", "{} bytes of memory are too little.", c.memory);
  if (!abi::is_aligned(c.memory, abi::kGranuleSize))
    return wrong("Give a multiple of 4 KiB.", "{} bytes of memory are not a whole number of granules.", c.memory);
  const std::uint64_t largest = (1ULL << (kMaxIpaBits - (c.realm ? 1 : 0))) - kRamBase.value;
  if (c.memory > largest)
    return wrong(fmt::format("Give at most {} GiB.", largest / kGiB),
                 "{} bytes of memory don't fit into a guest physical address space of {} bits.", c.memory, kMaxIpaBits);
  return {};
}

Checked check_ipa_bits(const VmConfig& c) {
  if (c.ipa_bits == 0) return {};
  if (c.ipa_bits < kMinIpaBits || c.ipa_bits > kMaxIpaBits)
    return wrong(fmt::format("Give {} to {}, or 0 to choose automatically.", kMinIpaBits, kMaxIpaBits),
                 "A guest physical address space of {} bits is impossible.", c.ipa_bits);
  // RAM starts at 2 GiB, so a realm of 32 bits would have none of it below its shared half.
  const std::uint64_t limit = 1ULL << (c.ipa_bits - (c.realm ? 1 : 0));
  if (kRamBase.value + c.memory > limit)
    return wrong(fmt::format("Give {} bits or more, or 0 to choose automatically.",
                             std::max(kMinIpaBits + (c.realm ? 1 : 0),
                                      static_cast<std::uint32_t>(std::bit_width(kRamBase.value + c.memory - 1)) +
                                          (c.realm ? 1 : 0))),
                 "RAM ends at {:#x}, above the {} half of an address space of {} bits.", kRamBase.value + c.memory,
                 c.realm ? "protected" : "usable", c.ipa_bits);
  return {};
}

Checked check_binaries(const VmConfig& c) {
  for (const Binary& binary : c.binaries) {
    const std::string name = binary.path.empty() ? "built-in binary" : binary.path;
    if (binary.path.empty() && binary.bytes.empty())
      return wrong("Give its path, or leave it out.", "The binary at {:#x} has no contents.", binary.ipa.value);
    if (!abi::is_granule_aligned(binary.ipa))
      return wrong("Give an address that is a multiple of 0x1000.", "{}: address {:#x} is not 4 KiB aligned.", name,
                   binary.ipa.value);
    if (binary.ipa < kRamBase || binary.ipa.value - kRamBase.value >= c.memory)
      return wrong(
          fmt::format("RAM is {:#x} to {:#x}: choose an address there.", kRamBase.value, kRamBase.value + c.memory),
          "{}: address {:#x} is not in RAM.", name, binary.ipa.value);
  }
  return {};
}

Checked check_boot(const VmConfig& c) {
  if (c.boot == Boot::kLinux) {
    if (c.kernel.empty())
      return wrong("Give a kernel, or choose the raw boot protocol and a binary.", "No kernel to boot.");
    if (c.entry || c.dtb || !c.registers.empty())
      return wrong("Leave them out, or choose the raw boot protocol.",
                   "An entry address, a device tree address and registers belong to the raw boot protocol only.");
    return {};
  }
  if (c.kernel.empty() && c.binaries.empty()) return wrong("Give a kernel or a binary.", "Nothing to boot.");
  if (c.registers.size() > 8)
    return wrong("Give at most eight values.", "{} registers: a vCPU starts with X0 to X7 only.", c.registers.size());
  if (c.dtb && !c.registers.empty())
    return wrong("Leave one of the two out.", "X0 can't hold both the device tree's address and a register value.");
  if (c.entry && (c.entry->value & 3) != 0)
    return wrong("Give a multiple of 4.", "Entry address {:#x} is not instruction aligned.", c.entry->value);
  if (c.dtb && !abi::is_granule_aligned(*c.dtb))
    return wrong("Give a multiple of 0x1000.", "Device tree address {:#x} is not 4 KiB aligned.", c.dtb->value);
  if (!c.initrd.empty() && !c.dtb)
    return wrong("Give a device tree address too: it tells the guest where the initrd is.",
                 "An initrd without a device tree would never be found.");
  return {};
}

Checked check_guest_facts(const VmConfig& c) {
  if (c.append.size() > kMaxCommandLine)
    return wrong(fmt::format("Shorten it to {} characters.", kMaxCommandLine),
                 "The kernel command line has {} characters.", c.append.size());
  if (c.append.find('\0') != std::string::npos || c.append.find('\n') != std::string::npos)
    return wrong("Write it as one line.", "The kernel command line holds a line break or a zero byte.");
  if (c.realm && c.psci == PsciConduit::kHvc)
    return wrong("Choose smc.", "A realm reaches PSCI only by SMC; HVC goes nowhere.");
  if (c.fault_repeat_limit == 0)
    return wrong("Give at least 1.", "With a fault repeat limit of 0 the first memory fault would kill the VM.");
  return {};
}

Checked check_realm_choices(const VmConfig& c) {
  if (c.pmu && !c.realm)
    return wrong("Leave it out, or make the VM a realm.", "A plain VM has no PMU here: {} counters can't be had.",
                 *c.pmu);
  const bool sha512 = c.hash_algorithm == HashAlgorithm::kSha512, rpv = !c.personalization_value.empty();
  if (c.personalization_value.size() > kvm::kArmRmeConfigRpvSize)
    return wrong(fmt::format("Give at most {}.", kvm::kArmRmeConfigRpvSize), "The personalization value has {} bytes.",
                 c.personalization_value.size());
  if (!sha512 && !rpv) return {};
  const char* what = sha512 ? "SHA-512 as the hash algorithm" : "a personalization value";
  if (!c.realm)
    return wrong("Leave it out, or make the VM a realm.", "A plain VM is not measured: it can't have {}.", what);
  if (c.life_cycle == kvm::LifeCycle::kImplicit)
    return wrong("The explicit life cycle (host.life_cycle) does: choose it, or leave the value out.",
                 "The host kernel's implicit life cycle doesn't let a VMM choose {}.", what);
  return {};
}

}  // namespace

std::string to_string(const ConfigError& error) { return error.message + " " + error.next_step; }

tl::expected<void, ConfigError> validate(const VmConfig& config) {
  for (auto* check :
       {&check_sizes, &check_ipa_bits, &check_binaries, &check_boot, &check_guest_facts, &check_realm_choices}) {
    if (Checked checked = (*check)(config); !checked) return checked;
  }
  return {};
}

std::uint32_t automatic_ipa_bits(bool realm, std::uint64_t memory) {
  const std::uint64_t last = kRamBase.value + memory - 1;
  return std::max<std::uint32_t>(kMinIpaBits, static_cast<std::uint32_t>(std::bit_width(last))) + (realm ? 1 : 0);
}

std::uint32_t effective_ipa_bits(const VmConfig& config) {
  return config.ipa_bits != 0 ? config.ipa_bits : automatic_ipa_bits(config.realm, config.memory);
}

std::uint64_t shared_alias_bit(const VmConfig& config) {
  return config.realm ? 1ULL << (effective_ipa_bits(config) - 1) : 0;
}

}  // namespace host::vmm
