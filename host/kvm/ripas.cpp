// SPDX-License-Identifier: GPL-2.0-or-later
// Completing the realm's RIPAS change requests (docs/host-series.md; R9 to R16).
#include "host/kvm/log.h"
#include "host/kvm/mmu.h"
#include "host/kvm/rec_run.h"
#include "host/kvm/rmi.h"
#include "host/kvm/rtt.h"

namespace host::kvm {
namespace {

using abi::v1_0::Ripas;

struct IpaStateSet {
  int error = 0;
  abi::Ipa top;  // how far it came, also after an error (R11)
};

// One pass under mmu_lock over [start, end).
IpaStateSet realm_set_ipa_state(Host& host, Vcpu& vcpu, abi::Ipa start, abi::Ipa end, Ripas ripas) {
  Vm& vm = vm_of(host, vcpu);
  IpaStateSet done{0, start};
  while (done.top < end && done.error == 0) {
    const auto r = host.rmi.rmi_rtt_set_ripas(vm.realm.rd, vcpu.rec.rec, done.top, end);
    if (ok(r.result)) {
      if (r.top <= done.top) break;  // e.g. a DESTROYED entry that the realm protected: the realm sees how far it came
      done.top = r.top;
    } else if (is_rtt_error(r.result)) {
      const int reached = r.result.index;
      const int level = find_map_level(vm, done.top, end);
      done.error = reached >= level ? -kEINVAL : realm_create_rtt_levels(host, vm, &vcpu, done.top, reached, level);
    } else {
      warn(host, "RTT_SET_RIPAS at {:#x} failed: status {:#x}", done.top.value, r.result.raw());
      done.error = -kENXIO;
    }
  }
  // What became EMPTY goes back to the host, also when the rest failed.
  if (ripas == Ripas::kEmpty && done.top > start) {
    realm_unmap_private_range(host, vm, start.value, done.top.value, false);
  }
  return done;
}

}  // namespace

void kvm_complete_ripas_change(Host& host, Vcpu& vcpu) {
  Vm& vm = vm_of(host, vcpu);
  RecRunPage run(host, vcpu.rec);
  abi::Ipa base{run.exit<&abi::v1_0::RecExit::ripas_base>()};
  const abi::Ipa top{run.exit<&abi::v1_0::RecExit::ripas_top>()};
  const auto ripas = static_cast<Ripas>(run.exit<&abi::v1_0::RecExit::ripas_value>());
  if (base >= top) return;
  // R15: a range that was refused at its exit is answered with the reject flag alone.
  if ((run.enter_flags() & abi::v1_0::kEnterRipasResponse) != 0) return;
  while (base < top) {
    // Without memory the pass below gets as far as it can; no progress ends the loop, the realm then asks again.
    (void)kvm_mmu_topup_memory_cache(host, vcpu);
    IpaStateSet done;
    {
      rmm::port::WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", step_object(StepObject::kMmuLock, vm));
      done = realm_set_ipa_state(host, vcpu, base, top, ripas);
    }
    const bool progress = done.top > base;
    base = done.top;
    if (!progress || (done.error != 0 && done.error != -kENOMEM)) break;
  }
  // R10: the entry may be abandoned after this and the exit page seen again. The RMM ignores what stands here.
  run.set_exit<&abi::v1_0::RecExit::ripas_base>(base.value);
}

RmiReturn realm_psci_complete(Host& host, Vcpu& source, Vcpu& target, abi::v1_0::PsciStatus status) {
  const auto r = host.rmi.rmi_psci_complete(source.rec.rec, target.rec.rec, status);
  if (!ok(r)) warn(host, "PSCI_COMPLETE of vCPU {} failed: status {:#x}", source.vcpu_id, r.raw());
  return r;
}

}  // namespace host::kvm
