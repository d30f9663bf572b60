// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/devices/virtio_rng.h"

#include <algorithm>
#include <array>

namespace host::vmm {

namespace {

// A device may give less than a buffer holds (5.4.6.1); this bounds what one chain costs.
constexpr std::size_t kMostPerChain = 4096;

}  // namespace

std::optional<std::uint32_t> VirtioRng::serve(const QueueChain& chain, GuestMemory& memory) {
  std::array<std::byte, kMostPerChain> random{};
  std::size_t given = 0;
  for (const QueueBuffer& buffer : chain.buffers) {
    if (!buffer.device_writes) continue;
    const std::size_t size = std::min<std::size_t>(buffer.size, kMostPerChain - given);
    const auto bytes = std::span(random).first(size);
    entropy_.fill(bytes);
    if (!memory.write(buffer.ipa, bytes)) return std::nullopt;
    given += size;
  }
  return static_cast<std::uint32_t>(given);
}

}  // namespace host::vmm
