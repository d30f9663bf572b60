// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/model_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/gic.h"
#include "rmm/abi/arch/pmu.h"
#include "rmm/abi/arch/sysreg.h"
#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/spec/command.h"
#include "rmm/spec/ipa_map.h"

namespace rmm::check {
namespace {

using abi::v1_0::RecExitReason;

constexpr std::size_t kHistory = 1'000'000;        // lines of the script: enough for a Linux boot, from its begin
constexpr std::uint64_t kReadBackInterval = 8192;  // transitions

// Commands that hold several locks when they act and let them go one after the other: the first one counts. The others
// hold one, and take and release those of granules below it while they act: the last one counts, and what they give
// back before it is judged granule by granule.
bool holds_several_locks(std::uint32_t fid) {
  using namespace abi::v1_0;
  switch (fid) {
    case kRmiDataCreate:
    case kRmiDataCreateUnknown:
    case kRmiRealmCreate:
    case kRmiRecCreate:
    case kRmiRttCreate:
    case kRmiRttSetRipas:
    case kRmiPsciComplete: return true;
    default: return false;
  }
}

bool is_interrupt(std::uint8_t reason) {
  return reason == static_cast<std::uint8_t>(RecExitReason::kIrq) ||
         reason == static_cast<std::uint8_t>(RecExitReason::kFiq);
}

abi::Exception interrupt(std::uint8_t reason) {
  const bool fiq = reason == static_cast<std::uint8_t>(RecExitReason::kFiq);
  return {.kind = fiq ? abi::ExceptionKind::kFiq : abi::ExceptionKind::kIrq};
}

}  // namespace

abi::Pas ModelCheck::Surroundings::pas(abi::Pa granule) const {
  // GRANULE_DELEGATE and UNDELEGATE are judged when they have acted, by the PAS from before.
  if (const auto& before = check_.actor().pas_before; before && before->first == granule) return before->second;
  return check_.platform_.gpt.pas(abi::GranulePa::containing(granule));
}

bool ModelCheck::Surroundings::was_read(abi::Pa granule) const {
  const auto& reads = check_.actor().reads;
  return std::any_of(reads.begin(), reads.end(), [&](const auto& read) {
    return abi::GranulePa::containing(read.first) == abi::GranulePa::containing(granule);
  });
}

std::optional<std::vector<std::byte>> ModelCheck::Surroundings::non_secure(abi::Pa from, std::size_t size) const {
  for (const auto& [base, bytes] : check_.actor().reads) {
    if (from.value < base.value || from.value + size > base.value + bytes.size()) continue;
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(from - base);
    return std::vector<std::byte>(begin, begin + static_cast<std::ptrdiff_t>(size));
  }
  if (!check_.state_.granules.is_delegable(from)) return std::nullopt;
  std::vector<std::byte> bytes(size);
  if (!check_.platform_.memory.read_ns(from, bytes)) return std::nullopt;
  return bytes;
}

std::vector<std::byte> ModelCheck::Surroundings::realm_memory(abi::Pa from, std::size_t size) const {
  std::vector<std::byte> bytes(size);
  const auto granule = abi::GranulePa::containing(from);
  if (!check_.state_.granules.is_delegable(from) || pas(from) != abi::Pas::kRealm) return bytes;
  const auto content = check_.platform_.memory.peek(granule).subspan(from - granule.pa(), size);
  std::copy(content.begin(), content.end(), bytes.begin());
  return bytes;
}

ModelCheck::ModelCheck(const port::Platform& platform, const core::MonitorState& state, const core::Limits& limits)
    : platform_(platform),
      state_(state),
      abstraction_(platform_, state_),
      surroundings_(*this),
      model_platform_(model_platform(platform_.gpt, limits)),
      judge_(model_platform_, surroundings_, kHistory),
      ports_(platform_, *this),
      runs_(platform_.cpus, *this),
      next_read_back_(kReadBackInterval) {}

port::Platform ModelCheck::watched_platform() {
  const port::Platform watched = ports_.platform();
  return {watched.memory,  watched.gpt,      watched.tlb,        runs_, watched.sync, watched.clock,
          watched.entropy, watched.observer, watched.attestation};
}

abi::SmcRegs ModelCheck::rmi(port::Pe& pe, const abi::SmcRegs& regs, const Monitor& monitor) {
  if (difference_) return monitor(pe, regs);
  Actor& self = actor();
  self = {};
  self.pe = &pe;
  self.commanding = true;
  self.enters = regs.fid() == abi::v1_0::kRmiRecEnter;
  self.rec = {regs.x[1]};
  const spec::Call call{.regs = regs, .rec = {}};
  judge_.begin(this->self(), call);
  self.judged = judge_.version();
  const abi::SmcRegs out = monitor(pe, regs);
  self.commanding = false;
  if (difference_) return out;
  ++transitions_;
  spec::Observed observed;
  observed.regs = out;
  observed.condition = self.condition;
  observed.exit_fault = self.condition == "_exit_fault" && self.phase == Phase::kDisclosed;
  if (observed.exit_fault) observed.condition = {};
  const spec::Verdict verdict = judge_.end(this->self(), observed);
  if (self.settled || self.enters)
    accept(verdict);
  else
    compare(call, verdict, self.written);
  if (transitions_ >= next_read_back_) read_back();
  return out;
}

bool ModelCheck::others_are_at_rest() const {
  return std::all_of(actors_.begin(), actors_.end(), [this](const auto& entry) {
    return entry.first == self() || !entry.second.commanding || entry.second.in_realm;
  });
}

void ModelCheck::read_back() {
  if (difference_ || !others_are_at_rest() || actor().commanding) return;
  next_read_back_ = transitions_ + kReadBackInterval;
  ++read_backs_;
  const spec::State monitor = abstraction_.whole();
  spec::Scope scope = spec::Scope::everything(judge_.state(), monitor);
  // A REC that runs is its PE's: it was compared when it was entered and will be when it leaves.
  std::erase_if(scope.recs, [&](abi::Pa rec) {
    const auto it = monitor.recs.find(rec);
    return it != monitor.recs.end() && it->second.running;
  });
  std::vector<std::string> lines = judge_.compare(monitor, scope);
  for (std::string& line : lines) line.insert(0, "read back as a whole: ");
  if (!lines.empty()) found(std::move(lines));
}

void ModelCheck::state_was_replaced() {
  runs_.forget();
  actors_.clear();
  difference_.reset();
  judge_.state() = abstraction_.whole();
}

void ModelCheck::found(std::vector<std::string> lines) {
  if (difference_) return;
  constexpr std::size_t kMaxLines = 40;
  if (lines.size() > kMaxLines) {
    const std::size_t more = lines.size() - kMaxLines;
    lines.resize(kMaxLines);
    lines.push_back(fmt::format("and {} more", more));
  }
  difference_ = {std::move(lines), {spec::script_machine(model_platform_)}};
  difference_->script.insert(difference_->script.end(), judge_.history().begin(), judge_.history().end());
  if (on_difference_) on_difference_();
}

void ModelCheck::accept(const spec::Verdict& verdict) {
  if (!verdict.ok()) found(verdict.findings);
}

spec::Scope ModelCheck::held_by_others() const {
  spec::Scope held;
  for (const auto& [id, other] : actors_) {
    if (id == self() || !other.commanding) continue;
    held.realms.insert(other.held.begin(), other.held.end());
    held.recs.insert(other.held.begin(), other.held.end());
  }
  return held;
}

void ModelCheck::compare(const spec::Call& call, const spec::Verdict& verdict, spec::Scope written, bool unsettled) {
  if (!verdict.ok()) {
    found(verdict.findings);
    return;
  }
  written.add(verdict.touched);
  written.remove(held_by_others());
  const spec::State monitor = abstraction_.of(written);
  std::erase_if(written.recs, [&](abi::Pa rec) {
    const auto it = monitor.recs.find(rec);
    return it != monitor.recs.end() && it->second.running;
  });
  std::vector<std::string> lines = judge_.compare(monitor, written);
  for (const abi::Pa pa : verdict.wiped) {
    if (surroundings_.pas(pa) != abi::Pas::kRealm) continue;
    const auto content = platform_.memory.peek(abi::GranulePa::containing(pa));
    if (std::any_of(content.begin(), content.end(), [](std::byte byte) { return byte != std::byte{0}; }))
      lines.push_back(fmt::format("granule {:#x}: its old content is still there (A2.2.4)", pa.value));
  }
  if (lines.empty()) return;
  for (std::string& line : lines) line.insert(0, fmt::format("{}: ", spec::script_line(call)));
  if (unsettled) {
    for (const spec::Outcome& outcome : judge_.allowed(self())) lines.push_back("allowed: " + spec::describe(outcome));
  }
  found(std::move(lines));
}

bool ModelCheck::is_granule_lock(const port::Lock& lock, const port::Step& step) const {
  return &lock == &state_.granules.peek(abi::GranulePa::containing(abi::Pa{step.object})).lock;
}

const port::RealmCpu* ModelCheck::cpu_of(abi::Pa rec) const {
  const core::Granule& granule = state_.granules.peek(abi::GranulePa::containing(rec));
  const auto it = state_.recs.find(granule.object);
  if (granule.state != core::GranuleState::kRec || it == state_.recs.end()) return nullptr;
  return &platform_.cpus.at(it->second.cpu);
}

void ModelCheck::take_registers(const port::RealmCpu& cpu, spec::Gprs& gprs, std::uint64_t& pc) {
  for (unsigned n = 0; n < gprs.size(); ++n) gprs.at(n) = cpu.x(n);
  pc = cpu.pc();
}

spec::PeView ModelCheck::pe_view(Actor& self, const port::RealmCpu& cpu) const {
  spec::PeView view{.ich = self.pe->ich(),
                    .cntp_ctl = cpu.sysreg(abi::SysReg::kCntpCtlEl0),
                    .cntp_cval = cpu.sysreg(abi::SysReg::kCntpCvalEl0),
                    .cntv_ctl = cpu.sysreg(abi::SysReg::kCntvCtlEl0),
                    .cntv_cval = cpu.sysreg(abi::SysReg::kCntvCvalEl0)};
  // The monitor has switched the interface off by now; MISR is that of the enabled one (IHI 0069H 12.4.8).
  self.pe->ich().hcr |= abi::gic::kHcrEn;
  view.misr = self.pe->ich_misr();
  self.pe->ich().hcr = view.ich.hcr;
  // The overflow interrupt request (Arm ARM D13.3.1) while all counters are EL1's.
  view.pmu_overflow = spec::has_pmu(judge_.state(), self.rec) &&
                      (cpu.sysreg(abi::pmu::kPmcrEl0) & abi::pmu::kPmcrE) != 0 &&
                      (cpu.sysreg(abi::pmu::kPmovssetEl0) & cpu.sysreg(abi::pmu::kPmintensetEl1)) != 0;
  return view;
}

spec::Observed ModelCheck::observed_call(const port::RealmCpu& cpu, std::string_view condition) const {
  spec::Observed observed;
  for (unsigned n = 0; n < observed.regs.x.size(); ++n) observed.regs.x.at(n) = cpu.x(n);
  observed.condition = condition;
  return observed;
}

void ModelCheck::command_end(const port::CommandEnd& event) {
  Actor& self = actor();
  if (!self.commanding) return;
  if (event.interface == port::Interface::kRmi) {
    self.condition = event.failed_condition;
  } else if (self.calls) {
    self.answered = true;
    self.call_condition = event.failed_condition;
  }
}

void ModelCheck::granule_transition(const port::GranuleTransition& event) {
  actor().written.granules.insert(event.granule.pa());
}

void ModelCheck::rtt_write(const port::RttWrite& event) {
  actor().written.tables.insert(spec::table_at(event.rd, event.ipa, event.level));
}

void ModelCheck::realm_state(abi::Pa rd, std::string_view, std::string_view) { actor().written.realms.insert(rd); }

void ModelCheck::host_was_read(abi::Pa pa, std::span<const std::byte> bytes) {
  actor().reads.emplace_back(pa, std::vector<std::byte>(bytes.begin(), bytes.end()));
}

void ModelCheck::pas_was_set(abi::GranulePa granule, abi::Pas pas) {
  // Between Non-secure and Realm is all that the monitor may ask for.
  const abi::Pas before = pas == abi::Pas::kRealm ? abi::Pas::kNonSecure : abi::Pas::kRealm;
  if (actor().commanding) actor().pas_before = {granule.pa(), before};
}

void ModelCheck::shared_is_accessed(const port::Step& step) {
  Actor& self = actor();
  const bool of_rec = self.enters && step.object == self.rec.value && step.access == port::Access::kWrite;
  if (of_rec && std::string_view(step.point) == "rec_state") self.stores_rec = true;
}

void ModelCheck::lock_was_taken(const port::Lock& lock, const port::Step& step) {
  Actor& self = actor();
  if (!self.commanding || !is_granule_lock(lock, step)) return;
  const abi::Pa pa{step.object};
  self.held.push_back(pa);
  const auto state = state_.granules.peek(abi::GranulePa::containing(pa)).state;
  if (state == core::GranuleState::kRd) self.written.realms.insert(pa);
  if (state == core::GranuleState::kRec) self.written.recs.insert(pa);
}

void ModelCheck::lock_is_released(const port::Lock& lock, const port::Step& step) {
  Actor& self = actor();
  if (!self.commanding || difference_ || !is_granule_lock(lock, step)) return;
  const abi::Pa pa{step.object};
  std::erase(self.held, pa);
  if (self.enters && self.phase != Phase::kRealm)
    rec_unlocks(self, pa);
  else
    command_unlocks(self, pa);
}

void ModelCheck::refresh(Actor& self) {
  // A realm's memory and host pages may have changed since the begin as well.
  if (self.judged == judge_.version() && self.reads.empty() && !self.calls) return;
  judge_.refresh(this->self());
  self.judged = judge_.version();
}

void ModelCheck::command_unlocks(Actor& self, abi::Pa granule) {
  if (self.settled) return;
  if (self.enters) {  // a call of the realm
    if (self.calls) settle(self);
    return;
  }
  if (self.held.empty() || holds_several_locks(judge_.call(this->self()).fid())) {
    settle(self);
  } else if (self.written.granules.contains(granule)) {
    refresh(self);
    const spec::Verdict verdict =
        judge_.give_back(this->self(), granule, [this](const spec::Scope& scope) { return abstraction_.of(scope); });
    if (verdict.touched.granules.empty()) return;
    self.judged = judge_.version();
    self.written.granules.erase(granule);
    compare(judge_.call(this->self()), verdict, {}, true);
  }
}

void ModelCheck::settle(Actor& self) {
  spec::Scope written = std::exchange(self.written, {});
  if (self.calls) written.recs.clear();
  refresh(self);
  self.pas_before.reset();
  const spec::Call call = judge_.call(this->self());
  const spec::Verdict verdict = judge_.settle(
      this->self(), [this](const spec::Scope& scope) { return abstraction_.of(scope); }, held_by_others());
  self.settled = judge_.is_settled(this->self());
  compare(call, verdict, std::move(written), !self.settled);
}

void ModelCheck::rec_unlocks(Actor& self, abi::Pa granule) {
  if (self.phase == Phase::kClaimed && granule != self.rec) {
    ++transitions_;
    accept(judge_.open_entry(this->self()));  // RSI_HOST_CALL ends: it wrote to the realm's memory
    return;
  }
  if (self.phase == Phase::kChecks) refresh(self);
  if (granule != self.rec || !std::exchange(self.stores_rec, false)) return;
  if (self.phase == Phase::kChecks) {
    self.phase = Phase::kClaimed;
    accept(judge_.claim(this->self()));
  } else {
    judge_.rested(this->self());
    compare(judge_.call(this->self()), {}, std::exchange(self.written, {}));
  }
}

void ModelCheck::realm_resumes(const port::RealmCpu& cpu) {
  Actor& self = actor();
  if (!self.commanding || difference_) return;
  if (self.phase == Phase::kClaimed) {
    ++transitions_;
    self.phase = Phase::kRealm;
    take_registers(cpu, self.gprs, self.pc);
    accept(judge_.entered(this->self(), self.gprs, self.pc));
  } else if (self.calls) {
    end_call(self, cpu);
  }
  self.in_realm = true;
}

void ModelCheck::end_call(Actor& self, const port::RealmCpu& cpu) {
  ++transitions_;
  self.calls = false;
  const spec::Call call = judge_.call(this->self());
  const spec::Verdict verdict = judge_.end(this->self(), observed_call(cpu, self.call_condition));
  spec::Scope written = std::exchange(self.written, {});
  written.recs.clear();
  if (std::exchange(self.settled, false))
    accept(verdict);
  else
    compare(call, verdict, std::move(written));
}

void ModelCheck::realm_stopped(const port::RealmCpu& cpu, const abi::Exception& exception) {
  Actor& self = actor();
  self.in_realm = false;
  if (!self.commanding || difference_) return;
  self.exception = exception;
  self.version = judge_.version();
  take_registers(cpu, self.gprs, self.pc);
  const bool smc = exception.kind == abi::ExceptionKind::kSync && abi::esr::ec(exception.esr) == abi::esr::Ec::kSmc64;
  if (!smc) {
    judge_.excepts(this->self(), exception);
    return;
  }
  self.calls = true;
  self.answered = false;
  self.settled = false;
  self.call_condition = {};
  self.written = {};
  spec::Call call;
  std::copy_n(self.gprs.begin(), call.regs.x.size(), call.regs.x.begin());
  call.rec = self.rec;
  judge_.begin(this->self(), call);
  self.judged = judge_.version();
}

void ModelCheck::rec_exit(const port::RecExitEvent& event) {
  Actor& self = actor();
  if (!self.commanding || difference_) return;
  const port::RealmCpu* cpu = cpu_of(self.rec);
  if (cpu == nullptr) return;
  const std::uint8_t reason = event.exit->exit_reason;
  self.cause = {};
  self.shown = {};
  const auto registers_of_now = [&] { take_registers(*cpu, self.gprs, self.pc); };
  if (self.phase == Phase::kClaimed) {  // the realm did not run
    registers_of_now();
    if (is_interrupt(reason)) {
      accept(judge_.entered(this->self(), self.gprs, self.pc));
      self.cause.exception = interrupt(reason);
    } else {
      self.cause.kind = spec::ExitCause::Kind::kEntryAccess;
    }
  } else if (self.calls && !self.answered) {
    ++transitions_;
    self.calls = false;
    self.settled = false;
    accept(judge_.call_exits(this->self()));
    self.cause.kind = reason == static_cast<std::uint8_t>(RecExitReason::kSync) ? spec::ExitCause::Kind::kRealmAccess
                                                                                : spec::ExitCause::Kind::kCall;
  } else if (self.calls || (self.exception.kind == abi::ExceptionKind::kSync && is_interrupt(reason))) {
    // The exception was dealt with; before the realm went on an interrupt of the host came first.
    if (self.calls) end_call(self, *cpu);
    registers_of_now();
    self.cause.exception = interrupt(reason);
  } else {
    self.cause.exception = self.exception;
    self.cause.map_is_of_fault = self.version == judge_.version();
  }
  self.written = {};
  self.written.recs.insert(self.rec);
  self.shown.gprs = self.gprs;
  self.shown.pc = self.pc;
  self.shown.pe = pe_view(self, *cpu);
  self.phase = Phase::kLeaving;
}

void ModelCheck::host_is_written(abi::Pa, std::span<const std::byte> bytes) {
  Actor& self = actor();
  if (!self.commanding || difference_ || self.phase != Phase::kLeaving) return;
  ++transitions_;
  self.phase = Phase::kDisclosed;
  self.shown.page.assign(bytes.begin(), bytes.end());
  accept(judge_.left(this->self(), self.cause, self.shown));
}

}  // namespace rmm::check
