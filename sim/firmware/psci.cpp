// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/firmware/psci.h"

#include <utility>

#include "rmm/abi/v1_0/function_ids.h"

namespace sim {
namespace {

namespace v1_0 = abi::v1_0;

// DEN0022F 5.2.2
constexpr std::int64_t kSuccess = 0;
constexpr std::int64_t kNotSupported = -1;
constexpr std::int64_t kInvalidParameters = -2;
constexpr std::int64_t kAlreadyOn = -4;
constexpr std::int64_t kOnPendingError = -5;
constexpr std::int64_t kInvalidAddress = -9;

constexpr std::int64_t kVersion1_1 = 0x10001;
constexpr std::int64_t kNoMigration = 2;    // MIGRATE_INFO_TYPE: no trusted OS that would need migration
constexpr std::int64_t kSuspendFormat = 0;  // PSCI_FEATURES of CPU_SUSPEND: original format, platform coordinated
constexpr std::uint64_t kAffinityMask = 0xff'00ff'ffffULL;
// CPU_SUSPEND's power_state, original format: 25:24 level, 16 type (1: power down), 15:0 the platform's.
constexpr std::uint64_t kStateReserved = ~0x0301'ffffULL;
constexpr std::uint64_t kStatePowerDown = 1U << 16;

bool is_served(std::uint32_t fid) {
  switch (fid) {
    case v1_0::kPsciVersion:
    case v1_0::kPsciCpuSuspend:
    case v1_0::kPsciCpuSuspend32:
    case v1_0::kPsciCpuOff:
    case v1_0::kPsciCpuOn:
    case v1_0::kPsciCpuOn32:
    case v1_0::kPsciAffinityInfo:
    case v1_0::kPsciAffinityInfo32:
    case v1_0::kPsciMigrateInfoType:
    case v1_0::kPsciSystemOff:
    case v1_0::kPsciSystemReset:
    case v1_0::kPsciFeatures: return true;
    default: return false;
  }
}

std::int64_t features(std::uint32_t fid) {
  if (fid == v1_0::kPsciCpuSuspend || fid == v1_0::kPsciCpuSuspend32) return kSuspendFormat;
  return is_served(fid) || fid == v1_0::kSmcccVersion ? kSuccess : kNotSupported;
}

}  // namespace

Psci::Psci(PsciState& state, std::span<const abi::Mpidr> affinities, EntryCheck valid_entry)
    : state_(state), affinities_(affinities.begin(), affinities.end()), valid_entry_(std::move(valid_entry)) {
  state_.pes.assign(affinities_.size(), {});
}

void Psci::cold_boot(abi::Pa entry) {
  state_.pes.assign(affinities_.size(), {});
  state_.pes.front() = {.power = PePower::kOnPending, .entry = entry, .context = 0};
  state_.system = SystemPower::kOn;
}

std::optional<abi::SmcRegs> Psci::call(unsigned pe, const abi::SmcRegs& in) {
  if (!is_served(in.fid())) return std::nullopt;
  // SMC32: the upper halves of the arguments are ignored.
  const bool smc64 = (in.fid() & (1U << 30)) != 0;
  const auto argument = [&](unsigned n) { return smc64 ? in.x[n] : in.x[n] & 0xffff'ffffULL; };
  std::int64_t result = kSuccess;
  switch (in.fid()) {
    case v1_0::kPsciVersion: result = kVersion1_1; break;
    case v1_0::kPsciMigrateInfoType: result = kNoMigration; break;
    case v1_0::kPsciFeatures: result = features(static_cast<std::uint32_t>(argument(1))); break;
    case v1_0::kPsciCpuOn:
    case v1_0::kPsciCpuOn32: result = cpu_on(argument(1), argument(2), argument(3)); break;
    case v1_0::kPsciCpuOff: state_.pes[pe].power = PePower::kOff; break;
    case v1_0::kPsciCpuSuspend:
    case v1_0::kPsciCpuSuspend32: result = cpu_suspend(pe, argument(1), argument(2), argument(3)); break;
    case v1_0::kPsciAffinityInfo:
    case v1_0::kPsciAffinityInfo32: result = affinity_info(argument(1), argument(2)); break;
    case v1_0::kPsciSystemOff: state_.system = SystemPower::kOff; break;
    case v1_0::kPsciSystemReset: state_.system = SystemPower::kReset; break;
    default: break;
  }
  abi::SmcRegs out = in;
  out.x[0] = static_cast<std::uint64_t>(result);
  return out;
}

// DEN0022F 5.1.4
std::int64_t Psci::cpu_on(std::uint64_t target, std::uint64_t entry, std::uint64_t context) {
  const auto n = find(target);
  if (!n) return kInvalidParameters;
  if (!valid(entry)) return kInvalidAddress;
  PePowerState& pe = state_.pes[*n];
  if (pe.power == PePower::kOnPending) return kOnPendingError;
  if (pe.power != PePower::kOff) return kAlreadyOn;
  pe = {.power = PePower::kOnPending, .entry = {entry}, .context = context};
  return kSuccess;
}

// DEN0022F 5.1.2. Every level and every state of the platform's own is one of two: standby or power down.
std::int64_t Psci::cpu_suspend(unsigned n, std::uint64_t power_state, std::uint64_t entry, std::uint64_t context) {
  if ((power_state & kStateReserved) != 0) return kInvalidParameters;
  PePowerState& pe = state_.pes[n];
  if ((power_state & kStatePowerDown) == 0) {
    pe.power = PePower::kStandby;
    return kSuccess;
  }
  if (!valid(entry)) return kInvalidAddress;
  pe = {.power = PePower::kPowerDown, .entry = {entry}, .context = context};
  return kSuccess;
}

// DEN0022F 5.1.5. Levels above 0 need not be served since PSCI 1.0.
std::int64_t Psci::affinity_info(std::uint64_t target, std::uint64_t level) const {
  constexpr std::int64_t kInfoOn = 0, kInfoOff = 1, kInfoOnPending = 2;
  const auto n = find(target);
  if (!n || level != 0) return kInvalidParameters;
  switch (state_.pes[*n].power) {
    case PePower::kOff: return kInfoOff;
    case PePower::kOnPending: return kInfoOnPending;
    default: return kInfoOn;
  }
}

std::optional<unsigned> Psci::find(std::uint64_t target) const {
  for (unsigned n = 0; n < affinities_.size(); ++n)
    if (target == (affinities_[n].value & kAffinityMask)) return n;
  return std::nullopt;
}

bool Psci::valid(std::uint64_t entry) const { return entry % 4 == 0 && valid_entry_({entry}); }

}  // namespace sim
