// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bare/machine.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/core/rtt_walk.h"

namespace sim::bare {
namespace {

namespace esr = abi::esr;
using rmm::core::RttState;

abi::Exception irq() { return {.kind = abi::ExceptionKind::kIrq}; }

// ISS of a Data Abort (Arm ARM D24.2.40).
std::uint64_t data_abort_iss(const RealmAccess& access) {
  std::uint64_t iss = access.way == Way::kStore ? esr::kWnr : 0;
  if (!access.described) return iss;
  const std::uint64_t sas = access.size == 1 ? 0 : access.size == 2 ? 1 : access.size == 4 ? 2 : 3;
  iss |= esr::kIsv | (sas << esr::kSasShift) | (std::uint64_t{access.reg} << esr::kSrtShift);
  if (access.sign_extends && access.way == Way::kLoad && access.size < 8) iss |= esr::kSse;
  if (access.size == 8) iss |= esr::kSf;
  return iss;
}

}  // namespace

Machine::Machine(const Settings& settings)
    : settings_(settings),
      platform_(settings.banks, this),
      firmware_(settings.signs ? std::make_unique<sim::Attestation>(platform_.clock) : nullptr),
      raw_{platform_.memory, platform_.gpt,     platform_.tlb, platform_.cpus,     turns_,
           platform_.clock,  platform_.entropy, &observers_,   firmware_services()},
      state_(rmm::Monitor::boot_state(platform_.gpt)),
      invariants_(settings.check == Check::kInvariants || settings.check == Check::kLocal
                      ? std::make_unique<rmm::check::Invariants>(raw_, state_, findings_, settings_.limits)
                      : nullptr),
      model_(settings.check == Check::kModel ? std::make_unique<rmm::check::ModelCheck>(raw_, state_, settings_.limits)
                                             : nullptr),
      monitor_(monitor_ports(), settings_.limits, state_) {
  for (unsigned n = 0; n < pes_.size(); ++n) pes_.at(n).pe = Pe(static_cast<std::uint16_t>(n));
  if (firmware_) firmware_->set_fault([this] { return !attests_; });
  if (settings.check == Check::kLocal) invariants_->sweep_only_when_asked();
  if (invariants_) observers_.add(*invariants_);
  if (model_) observers_.add(*model_);
}

Machine::~Machine() { rest(); }

port::Attestation* Machine::firmware_services() {
  if (firmware_) return firmware_.get();
  return &platform_.attestation;
}

port::Platform Machine::monitor_ports() {
  if (settings_.check == Check::kInvariants) return invariants_->watched_platform();
  return model_ ? model_->watched_platform() : raw_;
}

const rmm::core::Realm* Machine::realm_at(abi::Pa rd) const {
  const rmm::core::Granule& granule = state_.granules.peek(abi::GranulePa::containing(rd));
  if (granule.state != rmm::core::GranuleState::kRd) return nullptr;
  const auto it = state_.realms.find(granule.object);
  return it == state_.realms.end() ? nullptr : &it->second;
}

const rmm::core::Rec* Machine::rec_at(abi::Pa rec) const {
  const rmm::core::Granule& granule = state_.granules.peek(abi::GranulePa::containing(rec));
  if (granule.state != rmm::core::GranuleState::kRec) return nullptr;
  const auto it = state_.recs.find(granule.object);
  return it == state_.recs.end() ? nullptr : &it->second;
}

// What a realm does, until something of it is an exception.
abi::Exception Machine::play(RealmCpu& cpu, port::Pe& pe) {
  OnePe& one = pes_.at(pe.id().value);
  one.cpu = &cpu;
  for (;;) {
    if (one.act == nullptr) {
      turns_.park();
      continue;
    }
    const auto exception = play_act(one, cpu);
    one.act = nullptr;
    if (!exception) continue;
    one.excepted = true;
    return *exception;
  }
}

std::optional<abi::Exception> Machine::play_act(OnePe& one, RealmCpu& cpu) {
  return std::visit(
      [&](const auto& act) -> std::optional<abi::Exception> {
        using What = std::remove_cvref_t<decltype(act)>;
        if constexpr (std::is_same_v<What, RealmCall>) {
          for (unsigned n = 0; n < act.count; ++n) cpu.set_x(n, act.x.at(n));
          return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
        } else if constexpr (std::is_same_v<What, RealmAccess>) {
          return access(one, cpu, act);
        } else if constexpr (std::is_same_v<What, RealmException>) {
          return act.exception;
        } else if constexpr (std::is_same_v<What, RealmRegister>) {
          cpu.set_sysreg(act.reg, act.value);
          return std::nullopt;
        } else if constexpr (std::is_same_v<What, RealmData>) {
          put_data(one, act);
          return std::nullopt;
        } else {
          return irq();  // an act of the host: it wants its PE back
        }
      },
      *one.act);
}

// Arm ARM D8.2.3, D8.4: where stage 2 stops, and why. What is mapped for the realm makes no exception.
std::optional<abi::Exception> Machine::access(const OnePe& one, const RealmCpu& cpu, const RealmAccess& access) {
  const rmm::core::Rec* rec = rec_at(one.rec);
  if (rec == nullptr) return irq();
  const rmm::core::Realm& realm = state_.realms.at(rec->realm);
  std::uint64_t fault = esr::kFscAddressSize;
  if (access.ipa < realm.ipa_end()) {
    const rmm::core::RttWalk walk = rmm::core::walk(core(), realm, access.ipa, rmm::core::kPageLevel);
    const auto level = static_cast<std::uint64_t>(walk.level);
    if (realm.is_protected(access.ipa)) {
      if (walk.entry.state == RttState::kAssigned && walk.entry.ripas == abi::v1_0::Ripas::kRam) return std::nullopt;
      fault = esr::kFscTranslation | level;
    } else if (walk.entry.state != RttState::kAssignedNs) {
      fault = esr::kFscTranslation | level;
    } else {
      const std::uint64_t s2ap = (walk.entry.attributes >> 6) & 3;
      const bool allowed = access.way != Way::kFetch && (s2ap & (access.way == Way::kStore ? 2U : 1U)) != 0;
      if (allowed) return std::nullopt;
      fault = esr::kFscPermission | level;
    }
  }
  (void)cpu;
  const std::uint64_t far = 0xffff'8000'0000'0000 | (access.ipa.value & 0xfff);
  const std::uint64_t hpfar = esr::hpfar_from_ipa(access.ipa.value);
  if (access.way == Way::kFetch)
    return abi::Exception{.esr = esr::make(esr::Ec::kInstructionAbortLower, fault), .far = far, .hpfar = hpfar};
  return abi::Exception{
      .esr = esr::make(esr::Ec::kDataAbortLower, data_abort_iss(access) | fault), .far = far, .hpfar = hpfar};
}

void Machine::put_data(const OnePe& one, const RealmData& data) {
  const rmm::core::Rec* rec = rec_at(one.rec);
  if (rec == nullptr || !abi::is_aligned(data.ipa.value, abi::Layout<abi::v1_0::RsiHostCall>::kSize)) return;
  const rmm::core::Realm& realm = state_.realms.at(rec->realm);
  if (!realm.is_protected(data.ipa)) return;
  const rmm::core::Translation at = rmm::core::translate(core(), realm, data.ipa);
  if (at.walk.entry.state != RttState::kAssigned || at.walk.entry.ripas != abi::v1_0::Ripas::kRam) return;
  abi::encode(data.data, {platform_.memory.bytes(at.pa), abi::Layout<abi::v1_0::RsiHostCall>::kSize});
}

void Machine::execute(unsigned pe) {
  OnePe& one = pes_.at(pe);
  one.regs = model_ ? model_->rmi(one.pe, one.regs,
                                  [this](port::Pe& on, const abi::SmcRegs& given) { return monitor_.rmi(on, given); })
                    : monitor_.rmi(one.pe, one.regs);
  one.ended = true;
}

void Machine::leave(unsigned pe) {
  static const Act kHostWantsPe = SetPending{};
  OnePe& one = pes_.at(pe);
  constexpr unsigned kPatience = 64;
  for (unsigned tries = 0; turns_.is_parked(pe); ++tries) {
    if (tries == kPatience) {
      std::fprintf(stderr, "PE %u: a realm does not leave although the host has an interrupt\n", pe);
      std::abort();
    }
    one.act = &kHostWantsPe;
    turns_.resume(pe);
  }
}

void Machine::rest() {
  for (unsigned pe = 0; pe < Turns::kPes; ++pe) leave(pe);
}

void Machine::write(const HostWrite& write) {
  if (!in_dram(write.at)) return;
  const auto granule = abi::GranulePa::containing(write.at);
  if (platform_.gpt.pas(granule) != abi::Pas::kNonSecure) return;  // a fault of the host, which it survives
  std::byte* bytes = platform_.memory.bytes(granule.pa());
  std::visit(
      [&](const auto& page) {
        using What = std::remove_cvref_t<decltype(page)>;
        if constexpr (std::is_same_v<What, Fill>) {
          std::memset(bytes, page.byte, abi::kGranuleSize);
        } else if constexpr (!std::is_same_v<What, std::monostate>) {
          std::memset(bytes, 0, abi::Layout<What>::kSize);
          abi::encode(page, {bytes, abi::Layout<What>::kSize});
        }
      },
      write.page);
}

void Machine::around(const Move& move) {
  if (const auto* host_write = std::get_if<HostWrite>(&move.act)) {
    write(*host_write);
  } else if (const auto* pas = std::get_if<SetPas>(&move.act)) {
    const auto granule = abi::GranulePa::containing(pas->at);
    if (in_dram(pas->at) && platform_.gpt.pas(granule) != abi::Pas::kRealm && pas->pas != abi::Pas::kRealm)
      platform_.gpt.force(pas->at, pas->pas);
  } else if (const auto* pending = std::get_if<SetPending>(&move.act)) {
    Pe& pe = pes_.at(move.pe).pe;
    pe.irq = pending->irq;
    pe.fiq = pending->fiq;
    pe.misr = pending->misr;
  } else if (const auto* firmware = std::get_if<SetFirmware>(&move.act)) {
    attests_ = firmware->attests;
    platform_.attestation.fails = !attests_;
  }
}

// Makes the PE ready for a move that the monitor hears of. False: there is nothing to do.
bool Machine::prepare(const Move& move) {
  OnePe& one = pes_.at(move.pe);
  one.excepted = false;
  if (const auto* call = std::get_if<HostCall>(&move.act)) {
    leave(move.pe);
    one.regs = call->regs;
    one.ended = false;
    if (call->regs.fid() == abi::v1_0::kRmiRecEnter) one.rec = {call->regs.x[1]};
    return true;
  }
  if (!turns_.is_parked(move.pe)) return false;
  one.act = &move.act;
  return true;
}

Result Machine::result(const Move& move) const {
  const OnePe& one = pes_.at(move.pe);
  return {.happened = true, .answered = one.ended, .excepted = one.excepted, .regs = one.regs};
}

Result Machine::perform(const Move& move) {
  const bool host = std::holds_alternative<HostCall>(move.act);
  if (!host && !is_of_realm(move.act)) {
    around(move);
    return {.happened = true, .regs = {}};
  }
  if (!prepare(move)) return {};
  if (!host) {
    turns_.resume(move.pe);
  } else if (std::get<HostCall>(move.act).regs.fid() == abi::v1_0::kRmiRecEnter) {
    turns_.start(move.pe, [this, pe = move.pe] { execute(pe); });
  } else {
    turns_.run_here(move.pe, [&] { execute(move.pe); });
  }
  return result(move);
}

std::array<Result, 2> Machine::perform(const Together& together) {
  const auto& [a, b] = together.moves;
  if (a.pe == b.pe) return {perform(a), perform(b)};
  std::array<bool, 2> ready{};
  for (std::size_t n = 0; n < 2; ++n) {
    const Move& move = together.moves.at(n);
    ready.at(n) = (std::holds_alternative<HostCall>(move.act) || is_of_realm(move.act)) && prepare(move);
  }
  if (!ready[0] || !ready[1]) {
    std::array<Result, 2> results;
    for (std::size_t n = 0; n < 2; ++n) results.at(n) = perform(together.moves.at(n));
    return results;
  }
  for (const Move& move : together.moves)
    if (std::holds_alternative<HostCall>(move.act)) turns_.prepare(move.pe, [this, pe = move.pe] { execute(pe); });
  steps_ = turns_.run_together({a.pe, b.pe}, together.schedule);
  return {result(a), result(b)};
}

std::vector<std::string> Machine::findings() const {
  std::vector<std::string> out = findings_.found();
  if (model_ && model_->difference()) out = model_->difference()->lines;
  return out;
}

void Machine::look_at_everything() {
  if (invariants_) invariants_->sweep();
  if (model_) model_->read_back();
}

}  // namespace sim::bare
