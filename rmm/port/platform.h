// SPDX-License-Identifier: GPL-2.0-or-later
// Everything the monitor may ask of the machine, in one place. Null: nobody observes; there is no attestation
// service, and its commands are not supported.
#pragma once

#include "rmm/port/attestation.h"
#include "rmm/port/clock.h"
#include "rmm/port/entropy.h"
#include "rmm/port/gpt.h"
#include "rmm/port/granule_memory.h"
#include "rmm/port/observer.h"
#include "rmm/port/realm_cpu.h"
#include "rmm/port/sync.h"
#include "rmm/port/tlb.h"

namespace rmm::port {

struct Platform {
  GranuleMemory& memory;
  Gpt& gpt;
  Tlb& tlb;
  RealmCpus& cpus;
  Sync& sync;
  Clock& clock;
  Entropy& entropy;
  Observer* observer = nullptr;
  Attestation* attestation = nullptr;
};

}  // namespace rmm::port
