// SPDX-License-Identifier: GPL-2.0-or-later
// Everything the host layer may ask of the machine. Members are never null except `observer`.
#pragma once

#include "host/port/console.h"
#include "host/port/guest_cpu.h"
#include "host/port/ns_memory.h"
#include "host/port/observer.h"
#include "host/port/smc.h"
#include "host/port/threads.h"

namespace host::port {

struct HostPlatform {
  SmcConduit& smc;
  NsMemory& memory;
  GuestCpus& guests;
  Threads& threads;
  rmm::port::Sync& sync;
  HostClock& clock;
  HostEntropy& entropy;
  Observer* observer = nullptr;
};

}  // namespace host::port
