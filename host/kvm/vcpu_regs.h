// SPDX-License-Identifier: GPL-2.0-or-later
// General registers of a vCPU: the host's copy for a REC, the CPU itself for a plain VM.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

inline std::uint64_t vcpu_get_reg(Host& host, Vcpu& vcpu, unsigned n) {
  if (n >= 31) return 0;
  return vcpu_is_rec(host, vcpu) ? vcpu.regs[n] : host.port.guests.guest(vcpu.guest_cpu).x(n);
}
inline void vcpu_set_reg(Host& host, Vcpu& vcpu, unsigned n, std::uint64_t value) {
  if (n >= 31) return;
  if (vcpu_is_rec(host, vcpu)) {
    vcpu.regs[n] = value;
  } else {
    host.port.guests.guest(vcpu.guest_cpu).set_x(n, value);
  }
}

}  // namespace host::kvm
