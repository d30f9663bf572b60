// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rmm/conditions_suite.h"

#include "rmm/abi/arch/esr.h"
#include "rmm/call/unknown.h"
#include "rmm/run/realm_call.h"
#include "rmm/v1_0/table.h"
#include "tests/rmm/conditions_fingerprint.h"

namespace conditions {
namespace {

namespace v1_0 = abi::v1_0;

Observed host_call_now(Scene& s) {
  abi::SmcRegs regs;
  regs.x = s.x;
  Observed seen;
  const std::string before = fingerprint(s.b);
  const int held = s.b.platform.sync.held;
  seen.x = s.b.smc(regs).x;
  seen.unchanged = fingerprint(s.b) == before;
  seen.locks_held = s.b.platform.sync.held - held;
  seen.condition = s.b.recorder.condition;
  seen.values = s.b.recorder.values;
  return seen;
}

void enter(Scene& s) {
  const abi::Pa page = s.b.ns();
  s.b.put(page, rmi::RecEnter{});
  s.b.succeeds(v1_0::kRmiRecEnter, s.rec, page);
}

Observed host_call_inside(Scene& s) {
  Observed seen;
  s.b.cpu(s.rec).script.push_back([&](fake::RealmCpu&) {
    seen = host_call_now(s);
    return abi::Exception{.kind = abi::ExceptionKind::kIrq};
  });
  enter(s);
  return seen;
}

Observed realm_call(Scene& s) {
  constexpr abi::Exception kSmc{.esr = abi::esr::make(abi::esr::Ec::kSmc64, 0)};
  Observed seen;
  seen.answered = false;
  std::string before;
  auto& script = s.b.cpu(s.rec).script;
  for (const auto& registers : s.prelude) {
    script.push_back([registers, kSmc](fake::RealmCpu& cpu) {
      for (unsigned n = 0; n < registers.size(); ++n) cpu.set_x(n, registers[n]);
      return kSmc;
    });
  }
  script.push_back([&](fake::RealmCpu& cpu) {
    for (unsigned n = 0; n < kRegisters; ++n) cpu.set_x(n, s.x[n]);
    before = fingerprint(s.b);
    return kSmc;
  });
  script.push_back([&](fake::RealmCpu& cpu) {
    for (unsigned n = 0; n < kRegisters; ++n) seen.x[n] = cpu.x(n);
    seen.answered = true;
    seen.unchanged = fingerprint(s.b) == before;
    seen.locks_held = s.b.platform.sync.held;
    seen.condition = s.b.recorder.condition;
    seen.values = s.b.recorder.values;
    seen.values = s.b.recorder.values;
    return abi::Exception{.kind = abi::ExceptionKind::kIrq};
  });
  enter(s);
  return seen;
}

bool is_one_of(std::string_view id, std::string_view list) {
  bool found = false;
  rmm::call::for_each_id(list, [&](std::string_view each) { found = found || each == id; });
  return found;
}

std::uint64_t rmi_status(std::string_view command, std::string_view id) {
  using v1_0::RmiStatus;
  RmiStatus status = RmiStatus::kErrorInput;
  if (is_one_of(id, "realm_state realm_live num_recs realm_new system_off")) status = RmiStatus::kErrorRealm;
  if (is_one_of(id, "rec_owner rec_runnable rec_mmio rec_gicv3 rec_psci")) status = RmiStatus::kErrorRec;
  if (id == "rec_state" && command != "RMI_REC_CREATE") status = RmiStatus::kErrorRec;
  if (is_one_of(id, "rtt_walk rtte_state rtt_live rtt_homo base_align no_progress")) status = RmiStatus::kErrorRtt;
  return id == "_unknown_fid" ? abi::kSmcNotSupported : static_cast<std::uint64_t>(status);
}

std::uint64_t psci_status(std::string_view id) {
  const std::int64_t status = id == "entry" ? -9 : id == "runnable" ? -4 : -2;
  return static_cast<std::uint64_t>(status);
}

}  // namespace

Observed make_call(Scene& scene, rmm::port::Interface interface) {
  if (interface != rmm::port::Interface::kRmi) return realm_call(scene);
  return scene.inside ? host_call_inside(scene) : host_call_now(scene);
}

std::vector<const rmm::call::Command*> all_rows() {
  std::vector<const rmm::call::Command*> rows;
  for (const auto* row : rmm::v1_0::rmi_rows()) rows.push_back(row->command);
  for (const auto& service : rmm::run::services()) rows.push_back(service.row);
  rows.push_back(&rmm::call::kUnknownRmi);
  return rows;
}

const rmm::call::Command& row_of(std::string_view command) {
  for (const auto* row : all_rows())
    if (row->name == command) return *row;
  std::fprintf(stderr, "no row is named %s\n", std::string(command).c_str());
  std::abort();
}

// The letters I, R, C, T@n of the pages, and the codes of RSI and PSCI; written down here a second time on purpose.
std::uint64_t specified_status(const rmm::call::Command& row, std::string_view id) {
  switch (row.interface) {
    case rmm::port::Interface::kRmi: return rmi_status(row.name, id);
    case rmm::port::Interface::kRsi: return id == "state" ? 2 : id == "unknown" ? 4 : 1;
    default: return psci_status(id);
  }
}

const std::vector<Suite>& all_suites() {
  static const std::vector<Suite> suites = [] {
    std::vector<Suite> all;
    for (const auto& part : {granule_suites(), data_suites(), realm_suites(), rec_suites(), rtt_suites(),
                             unprotected_suites(), ripas_suites(), realm_call_suites()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return suites;
}

}  // namespace conditions
