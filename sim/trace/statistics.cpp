// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/trace/statistics.h"

namespace sim::trace {
namespace {

void count(Statistics::Counts& counts, std::string_view key) {
  if (const auto it = counts.find(key); it != counts.end())
    ++it->second;
  else
    counts.emplace(std::string(key), 1);
}

void count(Statistics::CallCounts& counts, std::string_view name, std::string_view status) {
  auto it = counts.find(name);
  if (it == counts.end()) it = counts.emplace(std::string(name), Statistics::Counts{}).first;
  count(it->second, status);
}

}  // namespace

void Statistics::command_end(const rmm::port::CommandEnd& event) {
  switch (event.interface) {
    case rmm::port::Interface::kRmi: return count(rmi_, event.name, event.status);
    case rmm::port::Interface::kRsi: return count(rsi_, event.name, event.status);
    case rmm::port::Interface::kPsci: return count(psci_, event.name, event.status);
  }
}

void Statistics::granule_transition(const rmm::port::GranuleTransition& event) {
  if (event.from == "UNDELEGATED") {
    ++granules_delegated_;
    ++granules_now_delegated_;
  } else if (event.to == "UNDELEGATED") {
    --granules_now_delegated_;
  }
}

void Statistics::rec_enter(const rmm::port::RecEntry&) { ++monitor_rec_enters_; }
void Statistics::rec_exit(const rmm::port::RecExitEvent& event) { count(monitor_exits_, event.reason); }
void Statistics::rtt_write(const rmm::port::RttWrite&) { ++rtt_writes_; }

void Statistics::rec_exit(unsigned, unsigned, std::string_view reason, std::uint64_t) { count(host_exits_, reason); }
void Statistics::kvm_exit(unsigned, unsigned, std::string_view reason, long) { count(kvm_exits_, reason); }
void Statistics::stage2_fault(unsigned, unsigned, abi::Ipa, bool shared, bool, long) {
  ++(shared ? shared_faults_ : private_faults_);
}
void Statistics::device_access(unsigned, std::string_view device, std::uint64_t, std::uint64_t, unsigned, bool) {
  count(devices_, device);
}

}  // namespace sim::trace
