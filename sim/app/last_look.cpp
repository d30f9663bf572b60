// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/last_look.h"

#include <fmt/format.h>

#include "sim/app/report.h"

namespace sim::app {
namespace {

Inspector inspector(Machine& machine) {
  return {machine.platform(), machine.state().monitor, machine.history(),
          [&machine](std::string_view name) { return machine.find_realm(name); }};
}

bool failed(host::vmm::Outcome outcome) {
  using host::vmm::Outcome;
  return outcome != Outcome::kRunning && outcome != Outcome::kPoweredOff;
}

}  // namespace

void LastLook::prepare(Machine& machine) const {
  for (const Query& query : queries_)
    if (const auto* granule = std::get_if<GranuleQuery>(&query)) machine.follow(granule->granule);
}

void LastLook::before_teardown(Machine& machine, unsigned vm) {
  const std::string& name = machine.vm_config(vm).name;
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    if (realm_of(queries_[i]) != name || machine.find_realm(name) == nullptr) continue;
    answers_[i] = fmt::format("at {:.6f} s, just before '{}' was taken down:\n",
                              static_cast<double>(machine.scheduler().now_ns()) / 1e9, name) +
                  inspector(machine).answer(queries_[i]);
  }
  explanations_.resize(machine.vm_count());
  explanations_[vm] = failed(machine.vmm_state(vm).outcome) ? describe_vcpus(machine, vm) : "";
}

std::string LastLook::answers(Machine& machine) const {
  std::string out;
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    const std::string_view realm = realm_of(queries_[i]);
    const bool gone = !realm.empty() && machine.find_realm(realm) == nullptr;
    out += gone && !answers_[i].empty() ? answers_[i] : inspector(machine).answer(queries_[i]);
  }
  return out;
}

std::string LastLook::explanation(Machine& machine) const {
  std::string out = "ccasim: what the CPUs were doing\n";
  for (unsigned vm = 0; vm < machine.vm_count(); ++vm) {
    if (machine.kvm_vm(vm) != nullptr)
      out += describe_vcpus(machine, vm);
    else if (vm < explanations_.size())
      out += explanations_[vm];
  }
  return out + describe_pes(machine) + machine.scheduler().describe();
}

}  // namespace sim::app
