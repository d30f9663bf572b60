// SPDX-License-Identifier: GPL-2.0-or-later
// The virtio entropy device (virtio 1.2, 5.4): fills buffers from the machine's seed.
#pragma once

#include "host/port/console.h"
#include "host/vmm/devices/virtio_mmio.h"

namespace host::vmm {

class VirtioRng : public VirtioFunction {
 public:
  explicit VirtioRng(port::HostEntropy& entropy) : entropy_(entropy) {}
  std::uint32_t device_id() const override { return 4; }
  std::optional<std::uint32_t> serve(const QueueChain& chain, GuestMemory& memory) override;

 private:
  port::HostEntropy& entropy_;
};

}  // namespace host::vmm
