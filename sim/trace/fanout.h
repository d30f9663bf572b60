// SPDX-License-Identifier: GPL-2.0-or-later
// One observer that tells several, in the order in which they were added.
#pragma once

#include <vector>

#include "host/port/observer.h"
#include "rmm/port/observer.h"

namespace sim::trace {

class MonitorFanout : public rmm::port::Observer {
 public:
  void add(rmm::port::Observer& sink) { sinks_.push_back(&sink); }

  void command_begin(const rmm::port::CommandBegin& e) override {
    tell([&](auto& s) { s.command_begin(e); });
  }
  void command_end(const rmm::port::CommandEnd& e) override {
    tell([&](auto& s) { s.command_end(e); });
  }
  void granule_transition(const rmm::port::GranuleTransition& e) override {
    tell([&](auto& s) { s.granule_transition(e); });
  }
  void rtt_write(const rmm::port::RttWrite& e) override {
    tell([&](auto& s) { s.rtt_write(e); });
  }
  void ripas_change(const rmm::port::RipasChange& e) override {
    tell([&](auto& s) { s.ripas_change(e); });
  }
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override {
    tell([&](auto& s) { s.realm_state(rd, from, to); });
  }
  void rec_enter(const rmm::port::RecEntry& e) override {
    tell([&](auto& s) { s.rec_enter(e); });
  }
  void rec_exit(const rmm::port::RecExitEvent& e) override {
    tell([&](auto& s) { s.rec_exit(e); });
  }
  void trap(const rmm::port::TrapEvent& e) override {
    tell([&](auto& s) { s.trap(e); });
  }
  void tlb_invalidate(abi::Vmid vmid, abi::IpaRange range) override {
    tell([&](auto& s) { s.tlb_invalidate(vmid, range); });
  }
  void ns_read(abi::Pa pa, std::uint64_t size) override {
    tell([&](auto& s) { s.ns_read(pa, size); });
  }

 private:
  template <class Event>
  void tell(Event&& event) {
    for (auto* sink : sinks_) event(*sink);
  }
  std::vector<rmm::port::Observer*> sinks_;
};

class HostFanout : public host::port::Observer {
 public:
  void add(host::port::Observer& sink) { sinks_.push_back(&sink); }

  void ioctl(std::string_view name, int fd, std::span<const host::port::NamedValue> args, long result) override {
    tell([&](auto& s) { s.ioctl(name, fd, args, result); });
  }
  void kvm_exit(unsigned vm, unsigned vcpu, std::string_view reason, long ret) override {
    tell([&](auto& s) { s.kvm_exit(vm, vcpu, reason, ret); });
  }
  void rec_exit(unsigned vm, unsigned vcpu, std::string_view reason, std::uint64_t esr) override {
    tell([&](auto& s) { s.rec_exit(vm, vcpu, reason, esr); });
  }
  void stage2_fault(unsigned vm, unsigned vcpu, abi::Ipa ipa, bool shared, bool write, long ret) override {
    tell([&](auto& s) { s.stage2_fault(vm, vcpu, ipa, shared, write, ret); });
  }
  void irq(unsigned vm, unsigned vcpu, std::uint32_t intid, std::string_view what) override {
    tell([&](auto& s) { s.irq(vm, vcpu, intid, what); });
  }
  void device_access(unsigned vm, std::string_view device, std::uint64_t offset, std::uint64_t value, unsigned size,
                     bool write) override {
    tell([&](auto& s) { s.device_access(vm, device, offset, value, size, write); });
  }
  void message(std::string_view text) override {
    tell([&](auto& s) { s.message(text); });
  }

 private:
  template <class Event>
  void tell(Event&& event) {
    for (auto* sink : sinks_) event(*sink);
  }
  std::vector<host::port::Observer*> sinks_;
};

}  // namespace sim::trace
