// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/realm_call.h"

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/psci/psci.h"
#include "rmm/run/rsi/rsi.h"
#include "rmm/run/smccc.h"

namespace rmm::run {
namespace {

constexpr unsigned kHighestArgument = 10;  // RSI_MEASUREMENT_EXTEND: X1..X10
constexpr std::uint64_t kSmc64 = 1ULL << 30;

constexpr Service kServices[] = {
    {&smccc::kVersion, smccc::version},
    {&smccc::kArchFeatures, smccc::arch_features},
    {&psci::kVersion, psci::version},
    {&psci::kCpuSuspend, psci::cpu_suspend},
    {&psci::kCpuOff, psci::cpu_off},
    {&psci::kCpuOn, psci::cpu_on},
    {&psci::kAffinityInfo, psci::affinity_info},
    {&psci::kSystemOff, psci::system_off},
    {&psci::kSystemReset, psci::system_reset},
    {&psci::kFeatures, psci::features},
    {&rsi::kVersion, rsi::version},
    {&rsi::kFeatures, rsi::features},
    {&rsi::kMeasurementRead, rsi::measurement_read},
    {&rsi::kMeasurementExtend, rsi::measurement_extend},
    {&rsi::kAttestationTokenInit, rsi::attestation_token_init},
    {&rsi::kAttestationTokenContinue, rsi::attestation_token_continue},
    {&rsi::kRealmConfig, rsi::realm_config},
    {&rsi::kIpaStateSet, rsi::ipa_state_set},
    {&rsi::kIpaStateGet, rsi::ipa_state_get},
    {&rsi::kHostCall, rsi::host_call},
};

constexpr call::Parameter kAnyArguments[] = {{"x1", 1}, {"x2", 2}, {"x3", 3}};

// Calls outside the table, told to the observer under these names.
constexpr call::Command kUnknownRsi{
    .interface = port::Interface::kRsi, .name = "unknown", .fid = 0, .in = kAnyArguments};
constexpr call::Command kUnknownPsci{
    .interface = port::Interface::kPsci, .name = "unknown", .fid = 0, .in = kAnyArguments};

template <const call::Command& kRow>
Next not_supported(Context& c, const abi::SmcRegs& regs) {
  call::Call<kRow> call(c.environment, c.pe, regs, c.rec_pa());
  return answer(c, call, call.done_as(abi::kSmcNotSupported));
}

const Service* find(std::uint32_t fid) {
  for (const Service& s : kServices)
    if (s.row->fid == fid || (s.row->fid32 != 0 && s.row->fid32 == fid)) return &s;
  return nullptr;
}

void write_results(port::RealmCpu& cpu, const call::CallBase& call, const call::Outcome& outcome) {
  const abi::SmcRegs out = call.to_registers(outcome);
  for (unsigned n = 0; n <= 3; ++n) cpu.set_x(n, out.x[n]);
  for (const call::Parameter& p : call.command().out)
    if (p.reg > 3) cpu.set_x(p.reg, out.x[p.reg]);
}

}  // namespace

std::span<const Service> services() { return kServices; }

abi::SmcRegs call_registers(const port::RealmCpu& cpu) {
  abi::SmcRegs regs;
  regs.x[0] = cpu.x(0);
  const std::uint64_t mask = (regs.x[0] & kSmc64) != 0 ? ~0ULL : 0xffffffffULL;
  for (unsigned n = 1; n <= kHighestArgument; ++n) regs.x[n] = cpu.x(n) & mask;
  return regs;
}

Next realm_call(Context& c) {
  const abi::SmcRegs regs = call_registers(c.cpu);
  if (const Service* service = find(regs.fid())) return service->serve(c, regs);
  return abi::v1_0::is_rsi(regs.fid()) ? not_supported<kUnknownRsi>(c, regs) : not_supported<kUnknownPsci>(c, regs);
}

Next answer(Context& c, const call::CallBase& call, const call::Outcome& outcome) {
  call.tell_begin();
  call.tell_end(outcome);
  write_results(c.cpu, call, outcome);
  advance_pc(c.cpu);
  return Next::kResume;
}

void answer_at_entry(Context& c, const call::CallBase& call, const call::Outcome& outcome) {
  call.tell_end(outcome);
  write_results(c.cpu, call, outcome);
}

}  // namespace rmm::run
