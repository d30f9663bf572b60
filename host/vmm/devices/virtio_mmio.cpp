// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/devices/virtio_mmio.h"

#include <bit>

namespace host::vmm {

namespace {

// virtio 1.2, 4.2.2
enum Register : std::uint64_t {
  kMagicValue = 0x000,
  kVersion = 0x004,
  kDeviceId = 0x008,
  kVendorId = 0x00c,
  kDeviceFeatures = 0x010,
  kDeviceFeaturesSel = 0x014,
  kDriverFeatures = 0x020,
  kDriverFeaturesSel = 0x024,
  kQueueSel = 0x030,
  kQueueNumMax = 0x034,
  kQueueNum = 0x038,
  kQueueReady = 0x044,
  kQueueNotify = 0x050,
  kInterruptStatus = 0x060,
  kInterruptAck = 0x064,
  kStatus = 0x070,
  kQueueDescLow = 0x080,
  kQueueDescHigh = 0x084,
  kQueueDriverLow = 0x090,
  kQueueDriverHigh = 0x094,
  kQueueDeviceLow = 0x0a0,
  kQueueDeviceHigh = 0x0a4,
};

constexpr std::uint32_t kMagic = 0x74726976;   // "virt"
constexpr std::uint32_t kVendor = 0x43434153;  // "SACC", ours
constexpr std::uint32_t kStatusDriverOk = 4, kStatusFeaturesOk = 8, kStatusNeedsReset = 64;
constexpr std::uint32_t kInterruptUsedBuffer = 1, kInterruptConfig = 2;
// VIRTIO_F_VERSION_1, and VIRTIO_F_ACCESS_PLATFORM: without it a guest would hand out addresses of private memory.
constexpr std::uint64_t kVersion1 = 1ULL << 32, kAccessPlatform = 1ULL << 33;
constexpr std::uint64_t kOfferedFeatures = kVersion1 | kAccessPlatform;

void set_low(std::uint64_t& address, std::uint32_t value) { address = (address & ~0xffffffffULL) | value; }
void set_high(std::uint64_t& address, std::uint32_t value) {
  address = (address & 0xffffffffULL) | static_cast<std::uint64_t>(value) << 32;
}

}  // namespace

std::uint64_t VirtioMmio::read(std::uint64_t offset, unsigned size) {
  if (size != 4) return 0;  // 4.2.2.2: registers are accessed as 32-bit words; this device has no configuration space
  switch (offset) {
    case kMagicValue: return kMagic;
    case kVersion: return 2;
    case kDeviceId: return function_.device_id();
    case kVendorId: return kVendor;
    case kDeviceFeatures:
      return state_.device_features_sel < 2 ? (kOfferedFeatures >> (32 * state_.device_features_sel)) & 0xffffffff : 0;
    case kQueueNumMax: return state_.queue_sel == 0 ? kMaxQueueSize : 0;
    case kQueueReady: return state_.queue_sel == 0 && state_.queue.ready ? 1 : 0;
    case kInterruptStatus: return state_.interrupt_status;
    case kStatus: return state_.status;
    default: return 0;  // write-only and reserved registers, ConfigGeneration
  }
}

void VirtioMmio::write(std::uint64_t offset, std::uint64_t value64, unsigned size) {
  if (size != 4) return;
  const auto value = static_cast<std::uint32_t>(value64);
  switch (offset) {
    case kDeviceFeaturesSel: state_.device_features_sel = value; break;
    case kDriverFeaturesSel: state_.driver_features_sel = value; break;
    case kDriverFeatures:
      if ((state_.status & kStatusFeaturesOk) != 0) break;
      if (state_.driver_features_sel == 0) set_low(state_.driver_features, value);
      if (state_.driver_features_sel == 1) set_high(state_.driver_features, value);
      break;
    case kQueueSel: state_.queue_sel = value; break;
    case kQueueNotify:
      if (value == 0) process_queue();
      break;
    case kInterruptAck: state_.interrupt_status &= ~value; break;
    case kStatus: write_status(value); break;
    default: write_queue(offset, value); break;
  }
  update_irq();
}

void VirtioMmio::write_status(std::uint32_t value) {
  if (value == 0) {  // device reset, 2.4; the interrupt line follows in update_irq
    const bool irq = state_.irq;
    state_ = {};
    state_.irq = irq;
    return;
  }
  const bool acceptable =
      (state_.driver_features & ~kOfferedFeatures) == 0 && (state_.driver_features & kVersion1) != 0;
  if (!acceptable) value &= ~kStatusFeaturesOk;
  state_.status = value | (state_.status & kStatusNeedsReset);
}

void VirtioMmio::write_queue(std::uint64_t offset, std::uint32_t value) {
  if (state_.queue_sel != 0) return;
  VirtqueueState& queue = state_.queue;
  if (offset == kQueueReady) {
    queue.ready = value == 1 && queue.size != 0;
    return;
  }
  if (queue.ready) return;  // 4.2.2.2: the driver must not touch a live queue
  switch (offset) {
    case kQueueNum: queue.size = value <= kMaxQueueSize && std::has_single_bit(value) ? value : 0; break;
    case kQueueDescLow: set_low(queue.descriptors, value); break;
    case kQueueDescHigh: set_high(queue.descriptors, value); break;
    case kQueueDriverLow: set_low(queue.available, value); break;
    case kQueueDriverHigh: set_high(queue.available, value); break;
    case kQueueDeviceLow: set_low(queue.used, value); break;
    case kQueueDeviceHigh: set_high(queue.used, value); break;
    default: break;  // read-only and reserved registers
  }
}

void VirtioMmio::process_queue() {
  if ((state_.status & kStatusDriverOk) == 0 || (state_.status & kStatusNeedsReset) != 0) return;
  Virtqueue queue(state_.queue, memory_);
  bool broken = false, served = false;
  while (!broken) {
    const auto chain = queue.pop();
    if (!chain) break;
    const auto written = function_.serve(*chain, memory_);
    if (!written) {
      broken = true;
      break;
    }
    queue.push(chain->head, *written);
    served = true;
    broken = queue.error() != QueueError::kNone;
  }
  if (served && queue.wants_interrupt()) state_.interrupt_status |= kInterruptUsedBuffer;
  if (broken || queue.error() != QueueError::kNone) {
    state_.status |= kStatusNeedsReset;
    state_.interrupt_status |= kInterruptConfig;
  }
}

void VirtioMmio::update_irq() {
  const bool level = state_.interrupt_status != 0;
  if (level == state_.irq) return;
  state_.irq = level;
  set_irq_(level);
}

}  // namespace host::vmm
