// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/psci.h"

#include "rmm/abi/v1_0/function_ids.h"

namespace rmm::core {
namespace {

using abi::v1_0::PsciStatus;

constexpr std::int64_t kAffinityOn = 0, kAffinityOff = 1;  // B6.3.1

bool is_on(const Context& context, const Rec& rec) {
  port::Sync& sync = context.platform.sync;
  const std::uint64_t pa = rec.granule.pa().value;
  return rec.runnable.load(sync, "psci_complete", pa) ||
         rec.state.load(sync, "psci_complete", pa) == RecState::kRunning;
}

void start(const Context& context, Rec& target, std::uint64_t entry, std::uint64_t context_id) {
  port::RealmCpu& cpu = context.platform.cpus.at(target.cpu);
  cpu.reset(target.mpidr);
  cpu.set_x(0, context_id);
  cpu.set_pc(entry);
  target.runnable.store(context.platform.sync, true, "psci_complete", target.granule.pa().value);
}

std::int64_t result(const Context& context, const Rec& calling, Rec& target, PsciStatus status) {
  if (status != PsciStatus::kSuccess) return static_cast<std::int64_t>(status);
  const bool on = is_on(context, target);
  if (!is_cpu_on(calling.psci)) return on ? kAffinityOn : kAffinityOff;
  if (on) return static_cast<std::int64_t>(PsciStatus::kAlreadyOn);
  start(context, target, calling.psci.args[1], calling.psci.args[2]);
  return static_cast<std::int64_t>(PsciStatus::kSuccess);
}

}  // namespace

bool is_cpu_on(const PsciRequest& request) {
  return request.fid == abi::v1_0::kPsciCpuOn || request.fid == abi::v1_0::kPsciCpuOn32;
}

bool psci_status_is_permitted(const Context& context, const Rec& calling, const Rec& target, std::uint64_t status) {
  if (status == static_cast<std::uint64_t>(PsciStatus::kSuccess)) return true;
  return is_cpu_on(calling.psci) && status == static_cast<std::uint64_t>(PsciStatus::kDenied) &&
         !is_on(context, target);
}

void complete_psci(const Context& context, Rec& calling, Rec& target, PsciStatus status) {
  port::RealmCpu& cpu = context.platform.cpus.at(calling.cpu);
  cpu.set_x(0, static_cast<std::uint64_t>(result(context, calling, target, status)));
  for (unsigned i = 1; i <= 3; ++i) cpu.set_x(i, 0);
  calling.psci = {};
}

}  // namespace rmm::core
