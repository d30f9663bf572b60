// SPDX-License-Identifier: GPL-2.0-or-later
// Bringing a realm to life. In the implicit life cycle KVM does it, and the VMM only hands over the images. In the
// explicit one the VMM does it in the order of kvmtool's older cca branches: configure, create, INIT_RIPAS over all of
// RAM, populate in address order, finalize the vCPUs in ascending order, activate. The order is part of the realm's
// initial measurement.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "host/vmm/layout.h"
#include "host/vmm/machine.h"
#include "host/vmm/refusal.h"

namespace host::vmm {

namespace {

using kvm::Ioctl;
using kvm::RmeAction;

tl::unexpected<std::string> refused(std::string_view call, long result) {
  return tl::unexpected(refusal(call, result));
}

// Images go to the realm through a buffer of this size, so that a boot costs no second copy of them in host memory.
constexpr std::uint64_t kStagingSize = 2 * kMiB;

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

Vmm::Done Vmm::populate(const LoadPiece& piece) {
  const std::uint64_t total = abi::align_up(piece.bytes.size(), abi::kGranuleSize);
  const std::uint64_t staging_size = std::min(kStagingSize, total);
  const kvm::Hva staging = kvm_.user_mmap(staging_size);
  Done done;
  for (std::uint64_t at = 0; done && at < total; at += staging_size) {
    const std::uint64_t size = std::min(staging_size, total - at);
    // The last granule is padded with zeros, not with what the buffer held before.
    std::vector<std::byte> chunk(static_cast<std::size_t>(size));
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size, piece.bytes.size() - at));
    std::copy_n(piece.bytes.begin() + static_cast<std::ptrdiff_t>(at), count, chunk.begin());
    if (const long result = kvm_.user_write(staging, chunk); result < 0) {
      done = refused(fmt::format("Copying the {}", piece.what), result);
      break;
    }
    // v12 returns the bytes it populated; the caller goes on from there.
    for (std::uint64_t populated = 0; populated < size;) {
      kvm::ArmRmiPopulate populate;
      populate.base = piece.ipa.value + at + populated;
      populate.size = size - populated;
      populate.source_uaddr = staging.value + populated;
      populate.flags = piece.measured ? kvm::kArmRmiPopulateFlagsMeasure : 0;
      const long result = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_ARM_RMI_POPULATE, &populate);
      if (result <= 0) {
        done = result == 0
                   ? tl::unexpected(fmt::format("KVM_ARM_RMI_POPULATE makes no progress at {:#x} ({}).", populate.base,
                                                piece.what))
                   : refused(fmt::format("KVM_ARM_RMI_POPULATE of the {} at {:#x}", piece.what, populate.base), result);
        break;
      }
      populated += static_cast<std::uint64_t>(result);
    }
  }
  kvm_.user_munmap(staging, staging_size);
  return done;
}

bool Vmm::explicit_realm() const { return config_.realm && config_.life_cycle == kvm::LifeCycle::kExplicit; }

// KVM reads an action's structure out of the VMM's memory.
Vmm::Done Vmm::rme_action(RmeAction action, std::string_view what, std::span<const std::byte> argument) {
  kvm::EnableCap cap{static_cast<std::uint32_t>(kvm::Cap::KVM_CAP_ARM_RME), 0, {static_cast<std::uint64_t>(action)}};
  const kvm::Hva memory = argument.empty() ? kvm::Hva{} : kvm_.user_mmap(argument.size());
  cap.args[1] = memory.value;
  long result = argument.empty() ? 0 : kvm_.user_write(memory, argument);
  if (result == 0) result = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_ENABLE_CAP, &cap);
  if (!argument.empty()) kvm_.user_munmap(memory, argument.size());
  if (result < 0) return refused(fmt::format("KVM_ENABLE_CAP(KVM_CAP_ARM_RME), {},", what), result);
  return {};
}

Vmm::Done Vmm::create_realm() {
  if (!explicit_realm()) return {};
  kvm::ArmRmeConfig hash{kvm::kArmRmeConfigHashAlgo, {}};
  const std::uint32_t algorithm = config_.hash_algorithm == HashAlgorithm::kSha512 ? kvm::kArmRmeConfigHashAlgoSha512
                                                                                   : kvm::kArmRmeConfigHashAlgoSha256;
  std::memcpy(hash.value.data(), &algorithm, sizeof(algorithm));
  if (Done done = rme_action(RmeAction::KVM_CAP_ARM_RME_CONFIG_REALM, "the hash algorithm", bytes_of(hash)); !done)
    return done;
  if (!config_.personalization_value.empty()) {
    kvm::ArmRmeConfig rpv{kvm::kArmRmeConfigRpv, {}};
    std::copy(config_.personalization_value.begin(), config_.personalization_value.end(), rpv.value.begin());
    if (Done done = rme_action(RmeAction::KVM_CAP_ARM_RME_CONFIG_REALM, "the personalization value", bytes_of(rpv));
        !done)
      return done;
  }
  if (Done done = rme_action(RmeAction::KVM_CAP_ARM_RME_CREATE_REALM, "creating the realm", {}); !done) return done;
  const kvm::ArmRmeInitRipas ram{kRamBase.value, config_.memory, {}};
  return rme_action(RmeAction::KVM_CAP_ARM_RME_INIT_RIPAS_REALM, "making memory RAM", bytes_of(ram));
}

// The image is in the VMM's own mapping of the slot already: that is where KVM takes it from.
Vmm::Done Vmm::populate_in_place(const LoadPiece& piece) {
  const kvm::ArmRmePopulateRealm populate{piece.ipa.value,
                                          abi::align_up(piece.bytes.size(), abi::kGranuleSize),
                                          piece.measured ? kvm::kArmRmePopulateFlagsMeasure : 0,
                                          {}};
  return rme_action(RmeAction::KVM_CAP_ARM_RME_POPULATE_REALM,
                    fmt::format("populating the {} at {:#x}", piece.what, piece.ipa.value), bytes_of(populate));
}

Vmm::Done Vmm::activate_realm() {
  if (!explicit_realm()) return {};
  for (unsigned i = 0; i < config_.vcpus; ++i) {
    std::int32_t feature = kvm::kVcpuRec;
    if (const long result = kvm_.ioctl({state_.vcpus[i].fd}, Ioctl::KVM_ARM_VCPU_FINALIZE, &feature); result < 0)
      return refused(fmt::format("KVM_ARM_VCPU_FINALIZE of vCPU {}", i), result);
  }
  if (Done done = rme_action(RmeAction::KVM_CAP_ARM_RME_ACTIVATE_REALM, "activating the realm", {}); !done) return done;
  // From now on the memory is the realm's: the shared copies of its images go.
  if (Done done = make_ram_private(); !done) return done;
  kvm_.user_madvise_dontneed({state_.ram_hva}, config_.memory);
  return {};
}

}  // namespace host::vmm
