// SPDX-License-Identifier: GPL-2.0-or-later
// The last calls of the host and of each REC, for the report of a stuck or failed run.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "rmm/port/observer.h"

namespace sim::trace {

class LastCalls : public rmm::port::Observer {
 public:
  static constexpr std::size_t kKept = 4;

  void command_end(const rmm::port::CommandEnd& event) override {
    const bool from_host = event.interface == rmm::port::Interface::kRmi;
    auto& calls = from_host ? host_[event.pe.value] : realm_[event.rec];
    if (calls.size() == kKept) calls.pop_front();
    calls.push_back({event.name, event.status, event.failed_condition});
  }

  struct Call {
    std::string_view name, status, failed;  // of the command tables: static storage
  };
  // Oldest first; empty if none was made.
  const std::deque<Call>& of_pe(rmm::port::PeId pe) const { return find(host_, std::uint64_t{pe.value}); }
  const std::deque<Call>& of_rec(abi::Pa rec) const { return find(realm_, rec.value); }

 private:
  using Calls = std::map<std::uint64_t, std::deque<Call>>;
  static const std::deque<Call>& find(const Calls& calls, std::uint64_t key) {
    static const std::deque<Call> none;
    const auto it = calls.find(key);
    return it == calls.end() ? none : it->second;
  }
  Calls host_, realm_;
};

}  // namespace sim::trace
