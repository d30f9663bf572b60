// SPDX-License-Identifier: GPL-2.0-or-later
// The words of `ccasim explain EXIT` against what the monitor does.
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "rmm/run/exit_forms.h"
#include "tests/rmm/run_bench.h"

using namespace bench;
using rmm::run::ExitForm;

namespace {

struct Case {
  std::string_view reason, form;
  abi::Exception exception;
  std::vector<std::uint64_t> smc;  // arguments, if the exception is an SMC
};

std::vector<Case> cases() {
  const std::uint64_t mmio = kShared | 0x0900'0018;
  const esr::SysRegIss sgi{.op0 = 3, .op1 = 0, .crn = 12, .crm = 11, .op2 = 5, .rt = 3, .is_read = false};
  return {
      {"SYNC", "WFI, WFE, WFIT or WFET", {.esr = esr::make(esr::Ec::kWfx, 2), .wfx_timeout = 77}, {}},
      {"SYNC", "instruction abort", fetch_abort(kUnassigned.value, kTranslation3), {}},
      {"SYNC", "data abort at a Protected IPA", data_abort(kUnassigned.value, emulatable(8, 4, true)), {}},
      {"SYNC", "data abort at an Unprotected IPA, emulatable", data_abort(mmio, emulatable(4, 7, true)), {}},
      {"SYNC", "data abort at an Unprotected IPA, not emulatable", data_abort(mmio, kTranslation3), {}},
      {"SYNC", "an RSI command met missing memory", {}, {v1_0::kRsiHostCall, kUnassigned.value}},
      {"SYNC", "trapped system register", {.esr = esr::make(esr::Ec::kSysReg, esr::make_sysreg_iss(sgi))}, {}},
      {"IRQ", "", {.kind = abi::ExceptionKind::kIrq, .esr = 0xdead}, {}},
      {"FIQ", "", {.kind = abi::ExceptionKind::kFiq, .esr = 0xdead}, {}},
      {"PSCI", "", {}, {v1_0::kPsciCpuOn, 1, kAssigned.value, 0x5ec2e7}},
      {"RIPAS_CHANGE", "", {}, {v1_0::kRsiIpaStateSet, kEmpty.value, kEmpty.value + 0x1000, 1, 0}},
      {"HOST_CALL", "", {}, {v1_0::kRsiHostCall, kAssigned.value}},
      {"SERROR", "", {.kind = abi::ExceptionKind::kSerror, .esr = (0x2fULL << 26) | 0x11}, {}},
  };
}

const ExitForm& form_of(const Case& c) {
  for (const ExitForm& form : rmm::run::exit_forms())
    if (rmm::run::exit_name(form.reason) == c.reason && form.form == c.form) return form;
  FAIL("no form " << c.reason << ", " << c.form);
  std::abort();
}

// Fields as the table names them: gprs[n] is "gprs" where the table says so.
std::set<std::string> shown(const v1_0::RecExit& exit, bool whole_gprs) {
  std::set<std::string> out;
  for (const std::string& name : named_fields(exit)) {
    if (name == "exit_reason") continue;
    if (!name.starts_with("gprs"))
      out.insert(name);
    else
      out.insert(whole_gprs ? "gprs" : "gprs[" + name.substr(4) + "]");
  }
  return out;
}

}  // namespace

TEST_CASE("each form of a REC exit shows exactly the fields that its explanation names") {
  std::set<const ExitForm*> seen;
  for (const Case& c : cases()) {
    INFO(c.reason << ": " << c.form);
    const ExitForm& form = form_of(c);
    Bench b;
    b.cpu().gprs.fill(0x5ec2e7);
    b.memory.write64(kData, 0x1234);
    for (unsigned n = 0; n < 31; ++n) b.memory.write64(kData + 8 + n * 8, 0x100 + n);
    if (c.smc.empty())
      b.then(c.exception);
    else
      b.smc(c.smc);
    b.enter_flags(v1_0::kEnterTrapWfi | v1_0::kEnterTrapWfe);
    CHECK(b.exit.exit_reason == reason(form.reason));
    std::set<std::string> expected;
    for (const auto& field : form.fields) expected.emplace(field.name);
    CHECK(shown(b.exit, expected.contains("gprs")) == expected);
    seen.insert(&form);
  }
  CHECK(seen.size() == rmm::run::exit_forms().size());
}
