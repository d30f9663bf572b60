// SPDX-License-Identifier: GPL-2.0-or-later
// What a plain VM reads from its ID registers: the CPU's values without the features that this host does not run. The
// same features are hidden from realms by the monitor.
#pragma once

#include <cstdint>

#include "host/kvm/host.h"

namespace host::kvm {

// True iff `key` (abi::sysreg_key) lies in the ID space op0 3, op1 0, CRn 0, CRm 1 to 7.
bool is_id_reg(std::uint32_t key);
// The value after hiding.
std::uint64_t kvm_read_sanitised_id_reg(Host& host, Vcpu& vcpu, std::uint32_t key);

}  // namespace host::kvm
