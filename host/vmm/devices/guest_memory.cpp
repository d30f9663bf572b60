// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/devices/guest_memory.h"

#include "host/vmm/layout.h"

namespace host::vmm {

bool SlotMemory::read(abi::Ipa ipa, std::span<std::byte> out) {
  kvm::Hva hva;
  return locate(ipa, out.size(), hva) && kvm_.user_read(hva, out) == 0;
}

bool SlotMemory::write(abi::Ipa ipa, std::span<const std::byte> in) {
  kvm::Hva hva;
  return locate(ipa, in.size(), hva) && kvm_.user_write(hva, in) == 0;
}

bool SlotMemory::locate(abi::Ipa ipa, std::size_t size, kvm::Hva& hva) const {
  const std::uint64_t address = ipa.value & ~alias_bit_;
  if (ram_hva_ == 0 || address < kRamBase.value) return false;
  const std::uint64_t offset = address - kRamBase.value;
  if (offset > size_ || size > size_ - offset) return false;
  hva = {ram_hva_ + offset};
  return true;
}

}  // namespace host::vmm
