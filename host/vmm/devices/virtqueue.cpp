// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/devices/virtqueue.h"

#include <array>
#include <cstring>

namespace host::vmm {

namespace {

// virtio 1.2, 2.7.5: struct virtq_desc.
constexpr std::uint64_t kDescriptorSize = 16;
constexpr std::uint16_t kDescNext = 1, kDescWrite = 2, kDescIndirect = 4;
// 2.7.6 and 2.7.8: both rings start with flags and idx.
constexpr std::uint64_t kRingIndex = 2, kRingEntries = 4, kAvailableEntry = 2, kUsedEntry = 8;
constexpr std::uint16_t kAvailNoInterrupt = 1;

template <class T>
T load(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

std::optional<QueueChain> Virtqueue::pop() {
  if (!state_.ready || state_.size == 0) return std::nullopt;
  const auto driver_index = load16(state_.available + kRingIndex);
  if (!driver_index) return std::nullopt;
  const auto outstanding = static_cast<std::uint16_t>(*driver_index - state_.next_available);
  if (outstanding == 0) return std::nullopt;
  if (outstanding > state_.size) {
    error_ = QueueError::kBroken;
    return std::nullopt;
  }
  const std::uint64_t slot = state_.next_available % state_.size;
  const auto head = load16(state_.available + kRingEntries + slot * kAvailableEntry);
  if (!head) return std::nullopt;

  QueueChain chain{*head, {}};
  std::optional<std::uint16_t> next = *head;
  while (next) {
    // A chain longer than the queue can only be a loop.
    if (chain.buffers.size() == state_.size || !append_descriptor(*next, chain, next)) {
      error_ = QueueError::kBroken;
      return std::nullopt;
    }
  }
  ++state_.next_available;
  return chain;
}

bool Virtqueue::append_descriptor(std::uint16_t index, QueueChain& chain, std::optional<std::uint16_t>& next) {
  if (index >= state_.size) return false;
  std::array<std::byte, kDescriptorSize> raw{};
  if (!memory_.read({state_.descriptors + index * kDescriptorSize}, raw)) return false;
  const auto flags = load<std::uint16_t>(raw, 12);
  if ((flags & kDescIndirect) != 0) return false;  // VIRTIO_F_INDIRECT_DESC is not offered
  chain.buffers.push_back({{load<std::uint64_t>(raw, 0)}, load<std::uint32_t>(raw, 8), (flags & kDescWrite) != 0});
  next = (flags & kDescNext) != 0 ? std::optional(load<std::uint16_t>(raw, 14)) : std::nullopt;
  return true;
}

void Virtqueue::push(std::uint16_t head, std::uint32_t written) {
  std::array<std::byte, kUsedEntry> entry{};
  const std::uint32_t id = head;
  std::memcpy(entry.data(), &id, sizeof id);
  std::memcpy(entry.data() + 4, &written, sizeof written);
  const std::uint64_t slot = state_.next_used % state_.size;
  if (!store(state_.used + kRingEntries + slot * kUsedEntry, entry)) return;
  ++state_.next_used;
  std::array<std::byte, 2> index{};
  std::memcpy(index.data(), &state_.next_used, sizeof state_.next_used);
  store(state_.used + kRingIndex, index);
}

bool Virtqueue::wants_interrupt() {
  const auto flags = load16(state_.available);
  return flags && (*flags & kAvailNoInterrupt) == 0;
}

std::optional<std::uint16_t> Virtqueue::load16(std::uint64_t ipa) {
  std::array<std::byte, 2> raw{};
  if (!memory_.read({ipa}, raw)) {
    error_ = QueueError::kBroken;
    return std::nullopt;
  }
  return load<std::uint16_t>(raw, 0);
}

bool Virtqueue::store(std::uint64_t ipa, std::span<const std::byte> bytes) {
  if (memory_.write({ipa}, bytes)) return true;
  error_ = QueueError::kBroken;
  return false;
}

}  // namespace host::vmm
