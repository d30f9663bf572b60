// SPDX-License-Identifier: GPL-2.0-or-later
// What a person can choose about one virtual machine, and the one message each impossible choice gets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "host/kvm/uapi.h"
#include "rmm/abi/addr.h"

namespace host::vmm {

inline constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;

// A mistake in a configuration or in a file it names: what is wrong, and what to do next. Both are full sentences
// without a final newline.
struct ConfigError {
  std::string message;
  std::string next_step;
  bool operator==(const ConfigError&) const = default;
};

// "message next step", for one line on stderr.
std::string to_string(const ConfigError& error);

// A flat binary placed at an IPA inside RAM. `bytes` counts when `path` is empty.
struct Binary {
  std::string path;
  std::vector<std::byte> bytes;
  abi::Ipa ipa;  // 4 KiB aligned
  bool measured = true;
};

enum class Boot : std::uint8_t {
  kLinux,  // arm64 boot protocol: X0 = device tree, entry as the Image or ELF file says
  kRaw,    // X0..X7 = `registers`, entry as given; a device tree only when `dtb` says where
};

// What measures a realm (RMM 1.0 B4.4.7).
enum class HashAlgorithm : std::uint8_t { kSha256, kSha512 };

enum class PsciConduit : std::uint8_t { kSmc, kHvc };

// Who answers PSCI and the hypervisor's own calls: KVM, or this VMM (KVM_ARM_VM_SMCCC_FILTER, KVM_EXIT_HYPERCALL).
enum class SmcccIn : std::uint8_t { kKernel, kUser };

struct VmConfig {
  std::string name = "vm";
  bool realm = true;
  std::uint32_t vcpus = 1;            // 1..512
  std::uint64_t memory = 512 * kMiB;  // bytes
  std::uint32_t ipa_bits = 0;         // 32..48; 0 = automatic_ipa_bits()
  std::string kernel;                 // path: Image, Image.gz, Image.zst, zboot EFI, ELF
  std::string initrd;                 // path
  std::string append;                 // kernel command line
  std::vector<Binary> binaries;
  Boot boot = Boot::kLinux;
  std::optional<abi::Ipa> entry;         // raw boot: default is the ELF entry, else the first binary's address
  std::optional<abi::Ipa> dtb;           // raw boot: where to put a device tree (its address is then X0)
  std::vector<std::uint64_t> registers;  // raw boot: X0..X7 of vCPU 0; missing ones are 0
  bool console = true;                   // PL011
  bool entropy = false;                  // virtio-mmio entropy device
  bool measure_kernel = true, measure_initrd = true, measure_dtb = true;  // realms: extend the RIM with contents
  kvm::LifeCycle life_cycle = kvm::LifeCycle::kImplicit;  // what the host kernel offers: who brings a realm to life
  std::optional<std::uint8_t> pmu;                        // realms: event counters of its PMU; absent = no PMU
  HashAlgorithm hash_algorithm = HashAlgorithm::kSha256;  // realms; kSha512 needs the explicit life cycle
  std::string personalization_value;  // realms: at most 64 bytes, zero padded; any needs the explicit life cycle
  PsciConduit psci = PsciConduit::kSmc;
  SmcccIn smccc = SmcccIn::kKernel;
  bool rng_seed = true;                     // chosen/rng-seed from the machine's seed
  std::optional<std::uint64_t> kaslr_seed;  // chosen/kaslr-seed; absent = no address randomisation
  std::uint32_t reset_limit = 3;            // resets the guest may ask for before the VM ends
  std::uint32_t fault_repeat_limit = 1024;  // identical memory faults of a vCPU in a row before the VM is killed
};

// Checks everything that needs no file. The first impossible value wins.
tl::expected<void, ConfigError> validate(const VmConfig& config);

// As kvmtool: max(32, bits of the last RAM address), plus one for a realm, whose top IPA bit selects the shared alias.
std::uint32_t automatic_ipa_bits(bool realm, std::uint64_t memory);

// The width the VM gets: config.ipa_bits, or the automatic one.
std::uint32_t effective_ipa_bits(const VmConfig& config);

// The bit that makes the shared alias of an address; 0 for a plain VM.
std::uint64_t shared_alias_bit(const VmConfig& config);

}  // namespace host::vmm
