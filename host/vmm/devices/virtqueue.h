// SPDX-License-Identifier: GPL-2.0-or-later
// A split virtqueue from the device's side (virtio 1.2, 2.7). Everything in it was written by the guest, so every
// address, index and length is checked and every walk is bounded by the queue's size.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "host/vmm/devices/guest_memory.h"
#include "rmm/abi/addr.h"

namespace host::vmm {

inline constexpr std::uint32_t kMaxQueueSize = 256;

struct VirtqueueState {
  std::uint32_t size = 0;  // entries, a power of two
  bool ready = false;
  std::uint64_t descriptors = 0, available = 0, used = 0;  // IPAs as the driver gave them
  std::uint16_t next_available = 0, next_used = 0;
  auto members() { return std::tie(size, ready, descriptors, available, used, next_available, next_used); }
};

struct QueueBuffer {
  abi::Ipa ipa;
  std::uint32_t size = 0;
  bool device_writes = false;
};

struct QueueChain {
  std::uint16_t head = 0;
  std::vector<QueueBuffer> buffers;
};

enum class QueueError : std::uint8_t { kNone, kBroken };

class Virtqueue {
 public:
  Virtqueue(VirtqueueState& state, GuestMemory& memory) : state_(state), memory_(memory) {}

  // The next chain the driver made available; nullopt when there is none, or when the ring is broken (error()).
  std::optional<QueueChain> pop();
  // Returns a chain to the driver. `written` counts bytes the device wrote into it.
  void push(std::uint16_t head, std::uint32_t written);
  // True unless the driver asked not to be interrupted.
  bool wants_interrupt();
  // Broken: the driver's ring makes no sense. The device then wants a reset (virtio 1.2, 2.1.1).
  QueueError error() const { return error_; }

 private:
  std::optional<std::uint16_t> load16(std::uint64_t ipa);
  bool store(std::uint64_t ipa, std::span<const std::byte> bytes);
  bool append_descriptor(std::uint16_t index, QueueChain& chain, std::optional<std::uint16_t>& next);

  VirtqueueState& state_;
  GuestMemory& memory_;
  QueueError error_ = QueueError::kNone;
};

}  // namespace host::vmm
