// SPDX-License-Identifier: GPL-2.0-or-later
// /dev/kvm: the entry of this folder. State lives in KvmState; Kvm acts on it.
#pragma once

#include <span>

#include "host/kvm/host.h"
#include "host/kvm/uapi.h"

namespace host::kvm {

class Kvm final : public KvmSystem {
 public:
  // Both must outlive the object. On a fresh state the allocator takes the machine's DRAM; the RMM is probed at the
  // first open_dev_kvm.
  Kvm(KvmState& state, port::HostPlatform& platform);
  Kvm(const Kvm&) = delete;
  Kvm& operator=(const Kvm&) = delete;

  Fd open_dev_kvm() override;
  long ioctl(Fd fd, Ioctl request, IoctlArg arg = {}) override;
  long close(Fd fd) override;
  KvmRun& run(Fd vcpu) override;
  Hva user_mmap(std::uint64_t size) override;
  void user_munmap(Hva base, std::uint64_t size) override;
  void user_madvise_dontneed(Hva base, std::uint64_t size) override;
  long user_write(Hva to, std::span<const std::byte> data) override;
  long user_read(Hva from, std::span<std::byte> data) override;
  void signal_vcpu_thread(Fd vcpu) override;

  // Failure injection. Empty functions inject nothing.
  void set_allocation_failure(AllocationFailure hook) { allocation_failure_ = std::move(hook); }
  void set_smc_failure(SmcFailure hook) { smc_failure_ = std::move(hook); }

 private:
  KvmState& state_;
  port::HostPlatform& platform_;
  AllocationFailure allocation_failure_;
  SmcFailure smc_failure_;
  PageAllocator pages_;
  RmiCmds rmi_;
  Host host_;
};

}  // namespace host::kvm
