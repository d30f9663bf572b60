// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/realm_onlooker.h"

#include <array>
#include <utility>

#include "rmm/abi/arch/sysreg.h"
#include "rmm/core/rtt.h"

namespace sim::app {
namespace {

using abi::SysReg;

constexpr std::array<std::pair<SysReg, std::string_view>, 24> kWatchedRegisters = {{
    {SysReg::kSctlrEl1, "SCTLR_EL1"},
    {SysReg::kCpacrEl1, "CPACR_EL1"},
    {SysReg::kTtbr0El1, "TTBR0_EL1"},
    {SysReg::kTtbr1El1, "TTBR1_EL1"},
    {SysReg::kTcrEl1, "TCR_EL1"},
    {SysReg::kSpsrEl1, "SPSR_EL1"},
    {SysReg::kElrEl1, "ELR_EL1"},
    {SysReg::kAfsr0El1, "AFSR0_EL1"},
    {SysReg::kAfsr1El1, "AFSR1_EL1"},
    {SysReg::kEsrEl1, "ESR_EL1"},
    {SysReg::kFarEl1, "FAR_EL1"},
    {SysReg::kParEl1, "PAR_EL1"},
    {SysReg::kMairEl1, "MAIR_EL1"},
    {SysReg::kVbarEl1, "VBAR_EL1"},
    {SysReg::kContextidrEl1, "CONTEXTIDR_EL1"},
    {SysReg::kTpidrEl1, "TPIDR_EL1"},
    {SysReg::kCntkctlEl1, "CNTKCTL_EL1"},
    {SysReg::kTpidrEl0, "TPIDR_EL0"},
    {SysReg::kTpidrroEl0, "TPIDRRO_EL0"},
    {SysReg::kMpidrEl1, "MPIDR_EL1"},
    {SysReg::kCntpCtlEl0, "CNTP_CTL_EL0"},
    {SysReg::kCntpCvalEl0, "CNTP_CVAL_EL0"},
    {SysReg::kCntvCtlEl0, "CNTV_CTL_EL0"},
    {SysReg::kCntvCvalEl0, "CNTV_CVAL_EL0"},
}};

}  // namespace

std::string_view watched_register_name(std::size_t word) {
  return word < kWatchedRegisters.size() ? kWatchedRegisters[word].second : "a system register";
}

RealmOnlooker::RealmOnlooker(const rmm::port::Platform& platform, rmm::core::MonitorState& state, VmOf vm_of,
                             CurrentPe current_pe, std::deque<ObservationLog>& logs)
    : platform_(platform),
      state_(state),
      vm_of_(std::move(vm_of)),
      current_pe_(std::move(current_pe)),
      logs_(logs),
      runs_(platform.cpus, *this) {}

rmm::port::Platform RealmOnlooker::watched_platform() {
  const auto& p = platform_;
  return {p.memory, p.gpt, p.tlb, runs_, p.sync, p.clock, p.entropy, p.observer, p.attestation};
}

const rmm::core::Rec* RealmOnlooker::rec_of(const rmm::port::RealmCpu& cpu) const {
  for (const auto& [index, rec] : state_.recs)
    if (&platform_.cpus.at(rec.cpu) == &cpu) return &rec;
  return nullptr;
}

void RealmOnlooker::realm_resumes(const rmm::port::RealmCpu& cpu) {
  const rmm::core::Rec* rec = rec_of(cpu);
  const auto vm = rec == nullptr ? std::nullopt : vm_of_(rec->owner);
  if (!vm || *vm >= logs_.size()) return;
  const std::uint64_t who = rec->mpidr.value;
  Observation& seen = observation_;
  seen.clear();
  std::array<std::uint64_t, 33> general{};
  for (unsigned n = 0; n < 31; ++n) general[n] = cpu.x(n);
  general[31] = cpu.pc();
  general[32] = cpu.pstate();
  seen.see_value(SightKind::kGeneralRegisters, who, general);
  std::array<std::uint64_t, kWatchedRegisters.size()> system{};
  for (std::size_t i = 0; i < system.size(); ++i) system[i] = cpu.sysreg(kWatchedRegisters[i].first);
  seen.see_value(SightKind::kSystemRegisters, who, system);
  seen.see_value(SightKind::kVirtualInterrupts, who, current_pe_().ich());
  seen.see_value(SightKind::kTime, 0, platform_.clock.now_ns());
  logs_[*vm].add(seen);
}

void RealmOnlooker::look_at_memory(unsigned vm, const rmm::core::Realm& realm) {
  if (vm >= logs_.size()) return;
  const std::uint64_t end = 1ULL << (realm.ipa_width - 1);
  for (std::uint64_t ipa = 0; ipa < end;) {
    const auto walk = rmm::core::walk({platform_, state_}, realm, {ipa}, rmm::core::kPageLevel);
    const std::uint64_t size = walk.size();
    if (walk.entry.state == rmm::core::RttState::kAssigned) {
      for (std::uint64_t at = 0; at < size; at += abi::kGranuleSize) {
        observation_.clear();
        observation_.see(SightKind::kRealmMemory, ipa + at,
                         platform_.memory.peek(abi::GranulePa::containing(walk.entry.address + at)));
        logs_[vm].add(observation_);
      }
    }
    ipa = abi::align_down(ipa, size) + size;
  }
}

}  // namespace sim::app
