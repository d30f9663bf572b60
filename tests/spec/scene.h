// SPDX-License-Identifier: GPL-2.0-or-later
// Realms in several stages of life, and for each command a call that succeeds there.
#pragma once

#include "tests/spec/bench.h"

namespace rmm::spec {

struct Scene : Bench {
  static constexpr std::uint64_t kHalf = 1ULL << 39;  // unprotected from here on
  static constexpr std::uint64_t kDesc = 0xa0000000 | (5ULL << 2) | (3ULL << 6);

  Pa fresh = realm();        // NEW, nothing in it
  Pa made = realm();         // NEW, with tables, a DATA granule at 0x2000 and a mapping at kHalf + 0x2000
  Pa made_rec;               // its REC
  Pa active = realm();       // ACTIVE, RAM from 0 to 0x10000, DATA granules at 0x1000 and 0x2000
  Pa caller, target, third;  // its RECs: running, not runnable, ready
  Pa source = granule();     // Non-secure
  Pa run = granule();
  Pa params = granule();

  Scene() {
    data(made, 0x2000);
    tables(made, 0x400000);
    tables(made, kHalf);
    done(abi::v1_0::kRmiRttMapUnprotected, {made.value, kHalf + 0x2000, 3, kDesc});
    made_rec = rec(made);
    tables(active, 0);
    init_ripas(active, 0, 0x10000);
    data(active, 0x1000);
    data(active, 0x2000);
    caller = rec(active);
    target = rec(active, false);
    third = rec(active);
    activate(active);
    state.recs.at(caller).running = true;
  }

  Rec& rec_of(Pa pa) { return state.recs.at(pa); }
  Realm& realm_of(Pa rd) { return state.realms.at(rd); }

  // The third REC waits for RMI_PSCI_COMPLETE.
  void request(std::uint64_t fid, std::uint64_t mpidr, std::uint64_t entry = 0x8000, std::uint64_t context = 99) {
    Rec& from = rec_of(third);
    from.psci_pending = true;
    from.pause = Pause::kPsci;
    from.gprs[0] = fid;
    from.gprs[1] = mpidr;
    from.gprs[2] = entry;
    from.gprs[3] = context;
  }
  // The third REC waits for RMI_RTT_SET_RIPAS.
  void ripas_request(std::uint64_t base, std::uint64_t top, Ripas value, bool change_destroyed = false) {
    Rec& from = rec_of(third);
    from.ripas_addr = {base};
    from.ripas_top = {top};
    from.ripas_value = value;
    from.change_destroyed = change_destroyed;
    from.pause = Pause::kRipasChange;
  }

  Call good(std::uint32_t fid) {
    using namespace abi::v1_0;
    switch (fid) {
      case kRmiVersion: return host(fid, {0x10000});
      case kRmiFeatures: return host(fid, {0});
      case kRmiGranuleDelegate: return host(fid, {granule().value});
      case kRmiGranuleUndelegate: return host(fid, {delegated().value});
      case kRmiDataCreate: return host(fid, {made.value, delegated().value, 0x1000, source.value, 1});
      case kRmiDataCreateUnknown: return host(fid, {made.value, delegated().value, 0x1000});
      case kRmiDataDestroy: return host(fid, {made.value, 0x2000});
      case kRmiRealmActivate:
      case kRmiRealmDestroy:
      case kRmiRecAuxCount: return host(fid, {fresh.value});
      case kRmiRealmCreate: show(params, realm_params()); return host(fid, {delegated().value, params.value});
      case kRmiRecCreate:
        show(params, rec_params(made));
        return host(fid, {made.value, delegated().value, params.value});
      case kRmiRecDestroy: return host(fid, {third.value});
      case kRmiRecEnter: show(run, RecEnter{}); return host(fid, {third.value, run.value});
      case kRmiRttCreate: return host(fid, {made.value, delegated().value, 0x200000, 3});
      case kRmiRttDestroy:
      case kRmiRttFold: return host(fid, {made.value, 0x400000, 3});
      case kRmiRttReadEntry: return host(fid, {made.value, 0x2000, 3});
      case kRmiRttMapUnprotected: return host(fid, {made.value, kHalf + 0x1000, 3, kDesc});
      case kRmiRttUnmapUnprotected: return host(fid, {made.value, kHalf + 0x2000, 3});
      case kRmiRttInitRipas: return host(fid, {made.value, 0x4000, 0x6000});
      case kRmiRttSetRipas:
        ripas_request(0x4000, 0x6000, Ripas::kEmpty);
        return host(fid, {active.value, third.value, 0x4000, 0x6000});
      case kRmiPsciComplete: request(kPsciCpuOn, 1); return host(fid, {third.value, target.value, 0});
      case kRsiVersion: return guest(caller, fid, {0x10000});
      case kRsiFeatures:
      case kRsiMeasurementRead: return guest(caller, fid, {0});
      case kRsiMeasurementExtend: return guest(caller, fid, {1, 32, 1, 2, 3, 4});
      case kRsiAttestationTokenInit: return guest(caller, fid, {1, 2, 3, 4, 5, 6, 7, 8});
      case kRsiAttestationTokenContinue:
        rec_of(caller).attest_in_progress = true;
        return guest(caller, fid, {0x1000, 0x100, 0x200});
      case kRsiRealmConfig: return guest(caller, fid, {0x1000});
      case kRsiHostCall: return guest(caller, fid, {0x1100});
      case kRsiIpaStateSet: return guest(caller, fid, {0x3000, 0x5000, 1, 0});
      case kRsiIpaStateGet: return guest(caller, fid, {0x3000, 0x5000});
      case kPsciCpuOn: return guest(caller, fid, {1, 0x8000, 7});
      case kPsciAffinityInfo: return guest(caller, fid, {1, 0});
      case kPsciCpuSuspend: return guest(caller, fid, {0, 0, 0});
      case kPsciFeatures: return guest(caller, fid, {kPsciCpuOn});
      default: return guest(caller, fid, {});  // without arguments
    }
  }
};

}  // namespace rmm::spec
