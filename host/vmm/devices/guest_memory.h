// SPDX-License-Identifier: GPL-2.0-or-later
// RAM as a device of the VMM reaches it: the VMM's own mapping of the memslot. For a realm that is what the realm has
// shared; its private memory is elsewhere and cannot be reached.
#pragma once

#include <cstddef>
#include <span>

#include "host/kvm/uapi.h"
#include "rmm/abi/addr.h"

namespace host::vmm {

class GuestMemory {
 public:
  virtual ~GuestMemory() = default;
  // False when the range isn't wholly in RAM; then nothing was transferred.
  virtual bool read(abi::Ipa ipa, std::span<std::byte> out) = 0;
  virtual bool write(abi::Ipa ipa, std::span<const std::byte> in) = 0;
};

// Guests hand out addresses with or without the alias bit; both mean the same shared memory here.
class SlotMemory : public GuestMemory {
 public:
  SlotMemory(kvm::KvmSystem& kvm, const std::uint64_t& ram_hva, std::uint64_t size, std::uint64_t alias_bit)
      : kvm_(kvm), ram_hva_(ram_hva), size_(size), alias_bit_(alias_bit) {}
  bool read(abi::Ipa ipa, std::span<std::byte> out) override;
  bool write(abi::Ipa ipa, std::span<const std::byte> in) override;

 private:
  bool locate(abi::Ipa ipa, std::size_t size, kvm::Hva& hva) const;

  kvm::KvmSystem& kvm_;
  const std::uint64_t& ram_hva_;  // follows the state: a reset maps RAM anew
  std::uint64_t size_, alias_bit_;
};

}  // namespace host::vmm
