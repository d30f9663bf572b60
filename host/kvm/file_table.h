// SPDX-License-Identifier: GPL-2.0-or-later
// Open files of the VMM process and what their last close does.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// The lowest free descriptor, from 3 on.
Fd install_fd(Host& host, FileDescriptor file);
// Null for a descriptor that is not open.
FileDescriptor* find_file(Host& host, Fd fd);
// 0 or -EBADF. A VM dies with the last of its descriptors: the VM's, its vCPUs', guest_memfds' and devices'.
long close_fd(Host& host, Fd fd);

}  // namespace host::kvm
