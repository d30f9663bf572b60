// SPDX-License-Identifier: GPL-2.0-or-later
// The sentence about a system call that failed.
#pragma once

#include <string>
#include <string_view>

namespace host::vmm {

// "EINVAL" for -22; the number for values without a name here.
std::string errno_name(long result);

// "KVM_CREATE_VM was refused (EINVAL)."
std::string refusal(std::string_view call, long result);

}  // namespace host::vmm
