// SPDX-License-Identifier: GPL-2.0-or-later
// The vgic's critical section: the lock, and the kicks that must wait until it is free (a kick may park the caller and
// reaches into vCPU state that lies outside the vgic's lock).
#pragma once

#include <array>
#include <bit>

#include "host/kvm/vgic/vgic.h"

namespace host::kvm {

class Vgic::Kicks {
 public:
  void add(std::uint16_t vcpu) {
    words_[vcpu / 64] |= 1ULL << (vcpu % 64);
    any_ = true;
  }
  void deliver(VgicHost& host) {
    if (!any_) return;
    for (unsigned word = 0; word < words_.size(); ++word) {
      for (std::uint64_t left = words_[word]; left != 0; left &= left - 1) {
        host.vgic_kick(word * 64 + static_cast<unsigned>(std::countr_zero(left)));
      }
    }
  }

 private:
  std::array<std::uint64_t, kVgicMaxVcpus / 64> words_{};
  bool any_ = false;
};

class Vgic::Critical {
 public:
  Critical(Vgic& vgic, const char* point) : vgic_(vgic), point_(point) {
    vgic_.sync_.acquire(vgic_.state_.lock, {point_, vgic_.object_, rmm::port::Access::kAcquire});
  }
  ~Critical() {
    vgic_.sync_.release(vgic_.state_.lock, {point_, vgic_.object_, rmm::port::Access::kRelease});
    kicks.deliver(vgic_.host_);
  }
  Critical(const Critical&) = delete;
  Critical& operator=(const Critical&) = delete;

  Kicks kicks;

 private:
  Vgic& vgic_;
  const char* point_;
};

}  // namespace host::kvm
