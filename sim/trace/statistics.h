// SPDX-License-Identifier: GPL-2.0-or-later
// Counters behind the summary of a run. Ordered maps: the summary must print the same for the same run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "host/port/observer.h"
#include "rmm/port/observer.h"

namespace sim::trace {

class Statistics : public rmm::port::Observer, public host::port::Observer {
 public:
  // Keys are names of the tables; calls count by command, then by status.
  using Counts = std::map<std::string, std::uint64_t, std::less<>>;
  using CallCounts = std::map<std::string, Counts, std::less<>>;

  void command_end(const rmm::port::CommandEnd& event) override;
  void granule_transition(const rmm::port::GranuleTransition& event) override;
  void rec_enter(const rmm::port::RecEntry& event) override;
  void rec_exit(const rmm::port::RecExitEvent& event) override;
  void rtt_write(const rmm::port::RttWrite& event) override;

  void rec_exit(unsigned vm, unsigned vcpu, std::string_view reason, std::uint64_t esr) override;
  void kvm_exit(unsigned vm, unsigned vcpu, std::string_view reason, long ret) override;
  void stage2_fault(unsigned vm, unsigned vcpu, abi::Ipa ipa, bool shared, bool write, long ret) override;
  void device_access(unsigned vm, std::string_view device, std::uint64_t offset, std::uint64_t value, unsigned size,
                     bool write) override;

  const CallCounts& rmi() const { return rmi_; }
  const CallCounts& rsi() const { return rsi_; }
  const CallCounts& psci() const { return psci_; }
  const Counts& monitor_exits() const { return monitor_exits_; }  // REC exits by reason, as the monitor counts them
  const Counts& host_exits() const { return host_exits_; }  // the same as the host counts them, plain VMs included
  const Counts& kvm_exits() const { return kvm_exits_; }    // returns of KVM_RUN by exit reason
  const Counts& devices() const { return devices_; }        // accesses by device
  std::uint64_t monitor_rec_enters() const { return monitor_rec_enters_; }
  std::uint64_t granules_delegated() const { return granules_delegated_; }
  std::uint64_t granules_now_delegated() const { return granules_now_delegated_; }
  std::uint64_t rtt_writes() const { return rtt_writes_; }
  std::uint64_t private_faults() const { return private_faults_; }
  std::uint64_t shared_faults() const { return shared_faults_; }

 private:
  CallCounts rmi_, rsi_, psci_;
  Counts monitor_exits_, host_exits_, kvm_exits_, devices_;
  std::uint64_t monitor_rec_enters_ = 0, granules_delegated_ = 0, granules_now_delegated_ = 0, rtt_writes_ = 0;
  std::uint64_t private_faults_ = 0, shared_faults_ = 0;
};

}  // namespace sim::trace
