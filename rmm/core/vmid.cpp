// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/vmid.h"

namespace rmm::core {

bool reserve_vmid(const Context& context, abi::Vmid vmid) {
  const port::LockGuard guard(context.platform.sync, context.state.vmid_lock, "reserve_vmid", vmid.value);
  if (context.state.vmids[vmid.value]) return false;
  context.state.vmids[vmid.value] = true;
  return true;
}

void release_vmid(const Context& context, abi::Vmid vmid) {
  const port::LockGuard guard(context.platform.sync, context.state.vmid_lock, "release_vmid", vmid.value);
  context.state.vmids[vmid.value] = false;
}

}  // namespace rmm::core
