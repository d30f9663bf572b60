// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/mutation/judges.h"

#include <exception>
#include <memory>
#include <utility>

#include "rmm/check/invariants.h"
#include "rmm/check/model_check.h"
#include "tests/rmm/invariants_watched_bench.h"

namespace mutation {
namespace {

std::string g_finding;  // of the process: there is one judge at a time

void note(const std::string& text) {
  if (g_finding.empty()) g_finding = text;
}

class ByModel : public rmi::Judge {
 public:
  // Unless a failed assertion ends the test in the middle of something.
  ~ByModel() override {
    if (std::uncaught_exceptions() > 0) return;
    check_->read_back();
    look();
  }
  ByModel() = default;
  ByModel(const ByModel&) = delete;
  ByModel& operator=(const ByModel&) = delete;

  rmm::port::Platform wire(const rmm::port::Platform& plain, rmm::core::MonitorState& state,
                           const rmm::core::Limits& limits) override {
    observers_ = std::make_unique<watched::Both>(*plain.observer);
    const rmm::port::Platform machine{plain.memory, plain.gpt,     plain.tlb,        plain.cpus,       plain.sync,
                                      plain.clock,  plain.entropy, observers_.get(), plain.attestation};
    check_ = std::make_unique<rmm::check::ModelCheck>(machine, state, limits);
    observers_->second = check_.get();
    return check_->watched_platform();
  }
  abi::SmcRegs call(rmm::Monitor& monitor, rmm::port::Pe& pe, const abi::SmcRegs& regs) override {
    const abi::SmcRegs out =
        check_->rmi(pe, regs, [&](rmm::port::Pe& p, const abi::SmcRegs& given) { return monitor.rmi(p, given); });
    look();
    return out;
  }

 private:
  void look() const {
    if (check_->difference()) note(check_->difference()->lines.empty() ? "difference" : check_->difference()->lines[0]);
  }
  std::unique_ptr<watched::Both> observers_;
  std::unique_ptr<rmm::check::ModelCheck> check_;
};

class ByInvariants : public rmi::Judge {
 public:
  ~ByInvariants() override {
    if (std::uncaught_exceptions() > 0) return;
    invariants_->sweep();
    look();
  }
  ByInvariants() = default;
  ByInvariants(const ByInvariants&) = delete;
  ByInvariants& operator=(const ByInvariants&) = delete;

  rmm::port::Platform wire(const rmm::port::Platform& plain, rmm::core::MonitorState& state,
                           const rmm::core::Limits& limits) override {
    observers_ = std::make_unique<watched::Both>(*plain.observer);
    const rmm::port::Platform machine{plain.memory, plain.gpt,     plain.tlb,        plain.cpus,       plain.sync,
                                      plain.clock,  plain.entropy, observers_.get(), plain.attestation};
    invariants_ = std::make_unique<rmm::check::Invariants>(machine, state, findings_, limits);
    observers_->second = invariants_.get();
    return invariants_->watched_platform();
  }
  abi::SmcRegs call(rmm::Monitor& monitor, rmm::port::Pe& pe, const abi::SmcRegs& regs) override {
    const abi::SmcRegs out = monitor.rmi(pe, regs);
    look();
    return out;
  }

 private:
  void look() const {
    if (const auto found = findings_.found(); !found.empty()) note(found[0]);
  }
  std::unique_ptr<watched::Both> observers_;
  rmm::check::Findings findings_;
  std::unique_ptr<rmm::check::Invariants> invariants_;
};

}  // namespace

void appoint(JudgeKind kind) {
  switch (kind) {
    case JudgeKind::kUnit: rmi::appoint_judge = nullptr; break;
    case JudgeKind::kModel: rmi::appoint_judge = [] { return std::make_unique<ByModel>(); }; break;
    case JudgeKind::kInvariants: rmi::appoint_judge = [] { return std::make_unique<ByInvariants>(); }; break;
  }
}

std::string take_finding() { return std::exchange(g_finding, {}); }

}  // namespace mutation
