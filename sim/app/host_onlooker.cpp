// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/host_onlooker.h"

#include "rmm/abi/v1_0/function_ids.h"

namespace sim::app {

// A granule that nobody ever wrote is zero in every run.
bool HostOnlooker::is_visible(abi::GranulePa granule) const {
  return hardware_.dram.contains(granule) && hardware_.dram.touched(granule) &&
         hardware_.gpt.pas(granule) == abi::Pas::kNonSecure;
}

void HostOnlooker::see_granule(Observation& observation, SightKind kind, abi::GranulePa granule) const {
  observation.see(kind, granule.pa().value, {hardware_.dram.bytes(granule), abi::kGranuleSize});
}

abi::SmcRegs HostOnlooker::smc(const abi::SmcRegs& in) {
  const abi::SmcRegs out = firmware_.smc(in);
  // Only now: other actors used it while this one was in the monitor.
  Observation& seen = observation_;
  seen.clear();
  rmm::port::Pe& pe = hardware_.current_pe();
  seen.see_value(SightKind::kCall, pe.id().value, in);
  seen.see_value(SightKind::kResult, pe.id().value, out);
  const bool enters = in.fid() == abi::v1_0::kRmiRecEnter;
  for (std::size_t i = 1; i < in.x.size(); ++i) {
    if (!abi::is_granule_aligned(abi::Pa{in.x[i]})) continue;
    const auto granule = abi::GranulePa::containing(abi::Pa{in.x[i]});
    if (is_visible(granule)) see_granule(seen, enters && i == 2 ? SightKind::kRunPage : SightKind::kGranule, granule);
  }
  seen.see_value(SightKind::kListRegisters, pe.id().value, pe.ich());
  seen.see_value(SightKind::kTime, 0, hardware_.clock.now_ns());
  log_.add(seen);
  return out;
}

tl::expected<void, host::port::GranuleProtectionFault> HostOnlooker::read(abi::Pa pa, std::span<std::byte> out) {
  const auto result = memory_.read(pa, out);
  if (!result) return result;
  observation_.clear();
  observation_.see(SightKind::kHostRead, pa.value, out);
  observation_.see_value(SightKind::kTime, 0, hardware_.clock.now_ns());
  log_.add(observation_);
  return result;
}

void HostOnlooker::look_at_memory() {
  for (std::size_t i = 0; i < hardware_.dram.granule_count(); ++i) {
    const abi::GranulePa granule = hardware_.dram.granule(i);
    if (!is_visible(granule)) continue;
    observation_.clear();
    see_granule(observation_, SightKind::kGranule, granule);
    log_.add(observation_);
  }
}

}  // namespace sim::app
