// SPDX-License-Identifier: GPL-2.0-or-later
// The virtio register transport (virtio 1.2, 4.2, version 2) of a device with one queue. The device itself is a
// VirtioFunction.
#pragma once

#include <cstdint>
#include <functional>
#include <tuple>

#include "host/vmm/devices/bus.h"
#include "host/vmm/devices/guest_memory.h"
#include "host/vmm/devices/virtqueue.h"

namespace host::vmm {

struct VirtioMmioState {
  std::uint32_t status = 0, interrupt_status = 0;
  std::uint32_t device_features_sel = 0, driver_features_sel = 0, queue_sel = 0;
  std::uint64_t driver_features = 0;
  VirtqueueState queue;
  bool irq = false;  // level of the interrupt line as KVM was told
  auto members() {
    return std::tie(status, interrupt_status, device_features_sel, driver_features_sel, queue_sel, driver_features,
                    queue, irq);
  }
};

// What a virtio device does with its buffers.
class VirtioFunction {
 public:
  virtual ~VirtioFunction() = default;
  virtual std::uint32_t device_id() const = 0;  // virtio 1.2, 5
  // Serves one chain; returns how many bytes were written into it, or nullopt if a buffer isn't in RAM.
  virtual std::optional<std::uint32_t> serve(const QueueChain& chain, GuestMemory& memory) = 0;
};

class VirtioMmio : public MmioDevice {
 public:
  VirtioMmio(VirtioMmioState& state, VirtioFunction& function, GuestMemory& memory, std::function<void(bool)> set_irq)
      : state_(state), function_(function), memory_(memory), set_irq_(std::move(set_irq)) {}

  std::uint64_t read(std::uint64_t offset, unsigned size) override;
  void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;

 private:
  void write_status(std::uint32_t value);
  void write_queue(std::uint64_t offset, std::uint32_t value);
  void process_queue();
  void update_irq();

  VirtioMmioState& state_;
  VirtioFunction& function_;
  GuestMemory& memory_;
  std::function<void(bool)> set_irq_;
};

}  // namespace host::vmm
