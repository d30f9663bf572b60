// SPDX-License-Identifier: GPL-2.0-or-later
// RECs: creation at activation, destruction with their vCPU.
#include "host/kvm/log.h"
#include "host/kvm/rmi.h"
#include "host/kvm/rtt.h"
#include "host/kvm/wire_page.h"
#include "rmm/abi/v1_0/structures.h"

namespace host::kvm {
namespace {

void free_rec_aux(Host& host, RealmRec& rec) {
  while (rec.num_aux > 0) free_delegated_page(host, rec.aux[--rec.num_aux], PageUse::kRecAux);
}

int alloc_rec_aux(Host& host, RealmRec& rec, std::uint64_t count) {
  if (count > rec.aux.size()) return -kENXIO;
  while (rec.num_aux < count) {
    const auto page = alloc_delegated_page(host, PageUse::kRecAux);
    if (!page) return page.error();
    rec.aux[rec.num_aux++] = *page;
  }
  return 0;
}

abi::v1_0::RecParams rec_params(const Vcpu& vcpu) {
  abi::v1_0::RecParams p;
  // Which vCPU boots is the host's choice: as in Linux the first. The others wait for the realm's PSCI CPU_ON.
  p.flags = vcpu.vcpu_id == 0 ? abi::v1_0::kRecFlagRunnable : 0;
  p.mpidr = vcpu.mpidr.value;  // RmiRecMpidr has Aff3 at 31:24; vCPU MPIDRs here never use it
  p.pc = vcpu.pc;
  for (std::size_t i = 0; i < p.gprs.size(); ++i) p.gprs[i] = vcpu.regs[i];
  p.num_aux = vcpu.rec.num_aux;
  for (std::size_t i = 0; i < vcpu.rec.num_aux; ++i) p.aux[i] = vcpu.rec.aux[i].pa().value;
  return p;
}

int rec_create(Host& host, Vcpu& vcpu, abi::GranulePa rd) {
  auto& rec = vcpu.rec;
  const auto count = host.rmi.rmi_rec_aux_count(rd);
  if (!ok(count.result)) return -kENXIO;
  if (const int e = alloc_rec_aux(host, rec, count.value); e != 0) return e;
  const auto params = host.pages.alloc_page(PageUse::kParams);
  if (!params) return -kENOMEM;
  write_wire_page(host, *params, rec_params(vcpu));
  const auto r = host.rmi.rmi_rec_create(rd, rec.rec, *params);
  host.pages.free_page(*params, PageUse::kParams);
  if (ok(r)) return 0;
  warn(host, "REC_CREATE of vCPU {} failed: status {:#x}", vcpu.vcpu_id, r.raw());
  return -kENXIO;
}

}  // namespace

int kvm_create_rec(Host& host, Vcpu& vcpu) {
  Vm& vm = vm_of(host, vcpu);
  auto& rec = vcpu.rec;
  if (!vm.realm.has_rd) return -kENOENT;
  if (rec.created) return -kEBUSY;
  if ((vcpu.features & (1U << kVcpuPsci02)) == 0) return -kEINVAL;
  const auto run = host.pages.alloc_page(PageUse::kRecRun);
  if (!run) return -kENOMEM;
  const auto page = alloc_delegated_page(host, PageUse::kRec);
  if (!page) {
    host.pages.free_page(*run, PageUse::kRecRun);
    return page.error();
  }
  if (!host.port.memory.zero(*run)) panic("granule protection fault on the run page {:#x}", run->pa().value);
  rec.run = *run;
  rec.rec = *page;
  if (const int e = rec_create(host, vcpu, vm.realm.rd); e != 0) {
    free_rec_aux(host, rec);
    free_delegated_page(host, rec.rec, PageUse::kRec);
    host.pages.free_page(rec.run, PageUse::kRecRun);
    rec = {};
    return e;
  }
  rec.created = true;
  return 0;
}

void kvm_destroy_rec(Host& host, Vcpu& vcpu) {
  auto& rec = vcpu.rec;
  if (!rec.created) return;
  host.pages.free_page(rec.run, PageUse::kRecRun);
  const auto r = host.rmi.rmi_rec_destroy(rec.rec);
  if (ok(r)) {
    free_rec_aux(host, rec);
    free_delegated_page(host, rec.rec, PageUse::kRec);
  } else {
    warn(host, "REC_DESTROY of vCPU {} failed: status {:#x}", vcpu.vcpu_id, r.raw());
    while (rec.num_aux > 0) host.pages.leak_page(rec.aux[--rec.num_aux], PageUse::kRecAux);
    host.pages.leak_page(rec.rec, PageUse::kRec);
  }
  rec = {};
}

}  // namespace host::kvm
