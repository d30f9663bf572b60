// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rmm/rmi_bench.h"

using namespace rmi;

TEST_CASE("RMI_REC_CREATE makes a READY REC with the parameters' registers") {
  Bench b;
  TestRealm r(b);
  const abi::Pa rec = r.add_rec();
  CHECK(b.state_of(rec) == GranuleState::kRec);
  const auto& state = b.rec(rec);
  CHECK(state.owner.pa() == r.rd);
  CHECK(state.mpidr.value == 0);
  CHECK(state.runnable.peek());
  CHECK(state.state.peek() == rmm::core::RecState::kReady);
  REQUIRE(state.num_aux == b.monitor.limits().num_rec_aux);
  for (unsigned i = 0; i < state.num_aux; ++i) CHECK(b.state_of(state.aux[i].pa()) == GranuleState::kRecAux);
  for (unsigned i = 0; i < 8; ++i) CHECK(b.cpu(rec).x(i) == i + 1);
  for (unsigned i = 8; i < 31; ++i) CHECK(b.cpu(rec).x(i) == 0);
  CHECK(b.cpu(rec).pc() == 0x1000);
  CHECK(b.realm(r.rd).rec_index == 1);
  CHECK(b.realm(r.rd).num_recs.peek() == 1);
  CHECK(b.refcount(r.rd) == 1);
  CHECK(b.refcount(rec) == 0);
}

TEST_CASE("B4.4.18 Aff0: RECs follow each other in MPIDR order, sixteen to a cluster", "[easily-skipped]") {
  Bench b;
  TestRealm r(b);
  abi::Pa rec;
  for (int i = 0; i <= 17; ++i) rec = r.add_rec();
  CHECK(b.rec(rec).mpidr.value == 0x101);
  CHECK(rmm::core::rec_from_mpidr(b.state, b.realm(r.rd), abi::Mpidr{0x101}) == &b.rec(rec));
  CHECK(rmm::core::rec_from_mpidr(b.state, b.realm(r.rd), abi::Mpidr{0x102}) == nullptr);
  CHECK(rmm::core::rec_index(0x0102'030f) == 0x0102'03f);
  CHECK(rmm::core::mpidr_el1(0x0102'030f).value == 0x01'0002'030f);
}

TEST_CASE("RMI_REC_CREATE fails by its conditions") {
  Bench b;
  TestRealm r(b);
  const abi::Pa rec = b.delegated(), params = b.ns(), spare = b.delegated();
  const RecParams good = r.rec_params();
  const auto with = [&](auto change) {
    RecParams p = good;
    change(p);
    b.put(params, p);
  };
  b.put(params, good);
  b.fails_input("params_align", kRmiRecCreate, r.rd, rec, params + 8);
  b.fails_input("params_bound", kRmiRecCreate, r.rd, rec, 0);
  b.fails_input("params_pas", kRmiRecCreate, r.rd, rec, spare);
  b.fails_input("rec_align", kRmiRecCreate, r.rd, rec + 8, params);
  b.fails_input("rec_bound", kRmiRecCreate, r.rd, 0, params);
  b.fails_input("rec_state", kRmiRecCreate, r.rd, r.rtt_base, params);
  b.fails_input("rd_align", kRmiRecCreate, r.rd + 8, rec, params);
  b.fails_input("rd_bound", kRmiRecCreate, 0, rec, params);
  b.fails_input("rd_state", kRmiRecCreate, spare, rec, params);
  b.fails_input("rd_state", kRmiRecCreate, rec, rec, params);  // M7
  with([](RecParams& p) { p.mpidr = 1; });
  b.fails_input("mpidr_index", kRmiRecCreate, r.rd, rec, params);
  with([](RecParams& p) { p.num_aux = 3; });
  b.fails_input("num_aux", kRmiRecCreate, r.rd, rec, params);
  with([](RecParams& p) { p.num_aux = ~0ULL; });
  b.fails_input("num_aux", kRmiRecCreate, r.rd, rec, params);
  with([](RecParams& p) { p.aux[1] += 8; });
  b.fails_input("aux_align", kRmiRecCreate, r.rd, rec, params);
  with([](RecParams& p) { p.aux[1] = p.aux[0]; });
  b.fails_input("aux_alias", kRmiRecCreate, r.rd, rec, params);
  with([&](RecParams& p) { p.aux[0] = rec.value; });
  b.fails_input("aux_alias", kRmiRecCreate, r.rd, rec, params);
  with([&](RecParams& p) { p.aux[0] = r.rd.value; });
  b.fails_input("aux_state", kRmiRecCreate, r.rd, rec, params);
  with([](RecParams& p) { p.aux[1] = 0x1000; });
  b.fails_input("aux_state", kRmiRecCreate, r.rd, rec, params);
  b.put(params, good);
  r.activate();
  b.fails("realm_state", RmiStatus::kErrorRealm, 0, kRmiRecCreate, r.rd, rec, params);
  b.realm(r.rd).state = rmm::port::Shared(rmm::core::RealmState::kSystemOff);
  b.fails("realm_state", RmiStatus::kErrorRealm, 0, kRmiRecCreate, r.rd, rec, params);
}

TEST_CASE("B3.9 AuxAlias: two equal auxiliary granules are found wherever they stand in the list") {
  Bench b({.num_rec_aux = 4});
  TestRealm r(b);
  const abi::Pa rec = b.delegated(), params = b.ns();
  const RecParams good = r.rec_params();
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      RecParams p = good;
      p.aux[i] = p.aux[j];
      b.put(params, p);
      b.fails_input("aux_alias", kRmiRecCreate, r.rd, rec, params);
    }
}

TEST_CASE("RMI_REC_CREATE sets MPIDR_EL1 of the REC's CPU") {
  Bench b;
  TestRealm r(b);
  r.add_rec();
  const abi::Pa second = r.add_rec();
  CHECK(b.cpu(second).sysreg(abi::SysReg::kMpidrEl1) == 1);
}

TEST_CASE("RMI_REC_CREATE num_recs: the maximum number of RECs is 2^order - 1") {
  Bench b({.max_recs_order = 1, .num_rec_aux = 0});
  TestRealm r(b);
  r.add_rec();
  const abi::Pa rec = b.delegated(), params = b.ns();
  b.put(params, r.rec_params());
  b.fails("num_recs", RmiStatus::kErrorRealm, 0, kRmiRecCreate, r.rd, rec, params);
}

TEST_CASE("RMI_REC_AUX_COUNT says the platform's number and fails by its conditions") {
  Bench b({.num_rec_aux = 16});
  TestRealm r(b);
  CHECK(b.succeeds(kRmiRecAuxCount, r.rd).x[1] == 16);
  r.add_rec();
  CHECK(b.fails_input("rd_align", kRmiRecAuxCount, r.rd + 8).x[1] == 0);
  b.fails_input("rd_bound", kRmiRecAuxCount, 0);
  b.fails_input("rd_state", kRmiRecAuxCount, r.rtt_base);
}

TEST_CASE("RMI_REC_DESTROY returns the REC's granules and its CPU context") {
  Bench b;
  TestRealm r(b);
  const abi::Pa rec = r.add_rec();
  const abi::Pa aux = b.rec(rec).aux[1].pa();
  b.fails_input("rec_align", kRmiRecDestroy, rec + 8);
  b.fails_input("rec_bound", kRmiRecDestroy, 0);
  b.fails_input("rec_gran_state", kRmiRecDestroy, aux);
  b.succeeds(kRmiRecDestroy, rec);
  CHECK(b.state_of(rec) == GranuleState::kDelegated);
  CHECK(b.state_of(aux) == GranuleState::kDelegated);
  CHECK(b.realm(r.rd).num_recs.peek() == 0);
  CHECK(b.realm(r.rd).rec_index == 1);
  CHECK(b.refcount(r.rd) == 0);
  CHECK(b.platform.cpus.cpus.empty());
  CHECK(b.state.recs.empty());
}

namespace {

// An ACTIVE realm with one runnable REC and a run page.
struct Enterable {
  explicit Enterable(Bench& bench) : b(bench), r(bench), rec(r.add_rec()), run(b.ns()) {
    r.activate();
    b.put(run, RecEnter{});
  }
  RecExit exit() {
    return abi::decode<RecExit>(
        std::span(b.platform.memory.bytes(run + kRecRunExitOffset), abi::Layout<RecExit>::kSize));
  }
  Bench& b;
  TestRealm r;
  abi::Pa rec, run;
};

}  // namespace

TEST_CASE("RMI_REC_ENTER runs the REC and describes its exit in the run page, read once") {
  Bench b;
  Enterable e(b);
  b.recorder.ns_reads = 0;
  b.succeeds(kRmiRecEnter, e.rec, e.run);
  CHECK(b.cpu(e.rec).runs == 1);
  CHECK(e.exit().exit_reason == static_cast<std::uint8_t>(RecExitReason::kIrq));
  CHECK(b.recorder.ns_reads == 1);
  CHECK(b.rec(e.rec).state.peek() == rmm::core::RecState::kReady);
  CHECK(b.refcount(e.rec) == 0);
}

TEST_CASE("while a REC runs it holds no lock, and RECs and host commands see it running") {
  Bench b;
  Enterable e(b);
  bool ran = false;
  b.cpu(e.rec).script.push_back([&](fake::RealmCpu&) {
    ran = true;
    CHECK(b.platform.sync.held == 0);
    CHECK(b.refcount(e.rec) == 1);
    b.fails("rec_state", RmiStatus::kErrorRec, 0, kRmiRecEnter, e.rec, e.run);
    b.fails("rec_state", RmiStatus::kErrorRec, 0, kRmiRecDestroy, e.rec);
    b.fails("rec_state", RmiStatus::kErrorRec, 0, kRmiRttSetRipas, e.r.rd, e.rec, 0, kPage);
    b.fails("realm_live", RmiStatus::kErrorRealm, 0, kRmiRealmDestroy, e.r.rd);
    return abi::Exception{.kind = abi::ExceptionKind::kIrq};
  });
  b.succeeds(kRmiRecEnter, e.rec, e.run);
  CHECK(ran);
}

TEST_CASE("RMI_REC_ENTER fails by the conditions on its granules") {
  Bench b;
  Enterable e(b);
  b.fails_input("run_align", kRmiRecEnter, e.rec, e.run + 8);
  b.fails_input("run_bound", kRmiRecEnter, e.rec, 0);
  b.fails_input("run_pas", kRmiRecEnter, e.rec, b.delegated());
  b.fails_input("rec_align", kRmiRecEnter, e.rec + 8, e.run);
  b.fails_input("rec_bound", kRmiRecEnter, 0, e.run);
  b.fails_input("rec_gran_state", kRmiRecEnter, e.r.rd, e.run);
  CHECK(b.cpu(e.rec).runs == 0);
}

TEST_CASE("RMI_REC_ENTER fails by the conditions on realm and REC") {
  Bench b;
  TestRealm fresh(b, {.vmid = 9});
  const abi::Pa fresh_rec = fresh.add_rec();
  Enterable e(b);
  b.fails("realm_new", RmiStatus::kErrorRealm, 0, kRmiRecEnter, fresh_rec, e.run);
  b.put(e.run, RecEnter{.flags = kEnterEmulMmio});
  b.fails("rec_mmio", RmiStatus::kErrorRec, 0, kRmiRecEnter, e.rec, e.run);
  b.put(e.run, RecEnter{.gicv3_hcr = abi::gic::kHcrEn});
  b.fails("rec_gicv3", RmiStatus::kErrorRec, 0, kRmiRecEnter, e.rec, e.run);
  b.put(e.run, RecEnter{});
  b.rec(e.rec).psci.pending = true;
  b.fails("rec_psci", RmiStatus::kErrorRec, 0, kRmiRecEnter, e.rec, e.run);
  b.rec(e.rec).psci.pending = false;
  b.rec(e.rec).runnable = rmm::port::Shared(false);
  b.fails("rec_runnable", RmiStatus::kErrorRec, 0, kRmiRecEnter, e.rec, e.run);
  b.realm(e.r.rd).state = rmm::port::Shared(rmm::core::RealmState::kSystemOff);
  b.fails("system_off", RmiStatus::kErrorRealm, 1, kRmiRecEnter, e.rec, e.run);
}

TEST_CASE("D14: a fault on REC_ENTER's entry structure means that nothing ran, on its exit structure that it ran") {
  Bench b;
  Enterable e(b);
  bool on_write = false;
  b.platform.memory.before_ns_access = [&](abi::Pa pa, bool write) {
    if (write == on_write) b.platform.gpt.force(pa, abi::Pas::kRealm);
  };
  Answer a = b.call(kRmiRecEnter, e.rec, e.run);
  CHECK(a.condition == "_enter_fault");
  CHECK(a.status == RmiStatus::kErrorInput);
  CHECK(b.cpu(e.rec).runs == 0);
  b.platform.gpt.force(e.run, abi::Pas::kNonSecure);
  on_write = true;
  a = b.call(kRmiRecEnter, e.rec, e.run);
  CHECK(a.condition == "_exit_fault");
  CHECK(a.status == RmiStatus::kErrorInput);
  CHECK(b.cpu(e.rec).runs == 1);
  CHECK(b.rec(e.rec).state.peek() == rmm::core::RecState::kReady);
}

namespace {

struct Psci {
  Psci(Bench& bench, bool target_runnable)
      : b(bench), r(bench), caller(r.add_rec()), target(r.add_rec(target_runnable)) {
    r.activate();
    for (unsigned i = 0; i < 31; ++i) b.cpu(target).set_x(i, 0x99);
  }
  void request(std::uint32_t fid) { b.rec(caller).psci = {.pending = true, .fid = fid, .args = {1, 0x8000, 0x42}}; }
  std::uint64_t complete(std::int64_t status = 0) {
    b.succeeds(kRmiPsciComplete, caller, target, status);
    CHECK_FALSE(b.rec(caller).psci.pending);
    for (unsigned i = 1; i <= 3; ++i) CHECK(b.cpu(caller).x(i) == 0);
    return b.cpu(caller).x(0);
  }
  Bench& b;
  TestRealm r;
  abi::Pa caller, target;
};

}  // namespace

TEST_CASE("RMI_PSCI_COMPLETE of CPU_ON starts a target that is off") {
  for (const std::uint32_t fid : {kPsciCpuOn, kPsciCpuOn32}) {
    Bench b;
    Psci p(b, false);
    p.request(fid);
    CHECK(p.complete() == 0);
    CHECK(b.rec(p.target).runnable.peek());
    CHECK(b.cpu(p.target).pc() == 0x8000);
    CHECK(b.cpu(p.target).x(0) == 0x42);
    for (unsigned i = 1; i < 31; ++i) CHECK(b.cpu(p.target).x(i) == 0);
    CHECK(b.cpu(p.target).sysreg(abi::SysReg::kMpidrEl1) == b.rec(p.target).mpidr.value);
    CHECK(b.rec(p.target).mpidr.value != 0);
  }
}

TEST_CASE("RMI_PSCI_COMPLETE of CPU_ON says ALREADY_ON, or what the host denies") {
  Bench b;
  Psci on(b, true);
  on.request(kPsciCpuOn);
  CHECK(on.complete() == static_cast<std::uint64_t>(PsciStatus::kAlreadyOn));
  CHECK(b.cpu(on.target).x(0) == 0x99);
  Bench b2;
  Psci off(b2, false);
  off.request(kPsciCpuOn);
  CHECK(off.complete(-3) == static_cast<std::uint64_t>(PsciStatus::kDenied));
  CHECK_FALSE(b2.rec(off.target).runnable.peek());
}

TEST_CASE("RMI_PSCI_COMPLETE of CPU_ON leaves a target alone that is still running out of CPU_OFF") {
  Bench b;
  Psci p(b, false);
  p.request(kPsciCpuOn);
  b.rec(p.target).state = rmm::port::Shared(rmm::core::RecState::kRunning);
  CHECK(p.complete() == static_cast<std::uint64_t>(PsciStatus::kAlreadyOn));
  CHECK(b.cpu(p.target).x(0) == 0x99);
}

TEST_CASE("RMI_PSCI_COMPLETE of AFFINITY_INFO says on or off") {
  for (const bool on : {true, false}) {
    Bench b;
    Psci p(b, on);
    p.request(kPsciAffinityInfo);
    CHECK(p.complete() == (on ? 0 : 1));
  }
}

TEST_CASE("RMI_PSCI_COMPLETE fails by its conditions") {
  Bench b;
  TestRealm other(b, {.vmid = 5});
  const abi::Pa foreign = other.add_rec();
  Psci p(b, true);
  const abi::Pa third = b.delegated();
  b.fails_input("pending", kRmiPsciComplete, p.caller, p.target, 0);
  p.request(kPsciCpuOn);
  b.fails_input("alias", kRmiPsciComplete, p.caller, p.caller, 0);
  b.fails_input("calling_align", kRmiPsciComplete, p.caller + 8, p.target, 0);
  b.fails_input("calling_bound", kRmiPsciComplete, 0, p.target, 0);
  b.fails_input("calling_state", kRmiPsciComplete, third, p.target, 0);
  b.fails_input("target_align", kRmiPsciComplete, p.caller, p.target + 8, 0);
  b.fails_input("target_bound", kRmiPsciComplete, p.caller, 0, 0);
  b.fails_input("target_state", kRmiPsciComplete, p.caller, third, 0);
  b.fails_input("owner", kRmiPsciComplete, p.caller, foreign, 0);
  b.fails_input("status", kRmiPsciComplete, p.caller, p.target, -3);  // denied, but the target is on
  b.fails_input("status", kRmiPsciComplete, p.caller, p.target, -2);
  b.rec(p.caller).psci.args[0] = 2;
  b.fails_input("target", kRmiPsciComplete, p.caller, p.target, 0);
  p.request(kPsciAffinityInfo);
  b.fails_input("status", kRmiPsciComplete, p.caller, p.target, -3);
  b.rec(p.caller).state = rmm::port::Shared(rmm::core::RecState::kRunning);
  b.fails_input("pending", kRmiPsciComplete, p.caller, p.target, 0);
}
