// SPDX-License-Identifier: GPL-2.0-or-later
// Exceptions that the host injects into a guest.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// A synchronous external abort. A REC takes it from the RMM at the next entry, which honours it only after a data abort
// at an unprotected address. Always 1.
int kvm_inject_sea(Host& host, Vcpu& vcpu, bool iabt, std::uint64_t far);
// An undefined instruction (plain VM only: the host cannot make a REC take one).
void kvm_inject_undefined(Host& host, Vcpu& vcpu);
// Skips the current instruction of a plain VM.
void kvm_incr_pc(Host& host, Vcpu& vcpu);

}  // namespace host::kvm
