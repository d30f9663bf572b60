// SPDX-License-Identifier: GPL-2.0-or-later
// What the fuzzer reached: commands and their results, failure conditions, REC exits, distinct abstract states.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rmm/port/observer.h"
#include "tests/fuzz/rmi/distinct.h"

namespace fuzz {

struct CommandCount {
  std::uint64_t calls = 0, successes = 0;
  std::vector<std::pair<std::string_view, std::uint64_t>> conditions;  // in the order of the row
};

class Statistics {
 public:
  Statistics();
  void add(const rmm::port::CommandEnd& event);
  void add_exit(std::string_view reason) { ++exits_[std::string(reason)]; }
  void add_state(std::uint64_t hash) { states_.add(hash); }
  void merge(const Statistics& other);

  const std::map<std::string_view, CommandCount>& commands() const { return commands_; }
  const std::map<std::string, std::uint64_t>& exits() const { return exits_; }
  std::uint64_t states() const { return states_.estimate(); }

 private:
  CommandCount& count(std::string_view name, const void* key);

  std::map<std::string_view, CommandCount> commands_;
  std::vector<std::pair<const void*, CommandCount*>> by_name_;  // the rows' own strings
  std::map<std::string, std::uint64_t> exits_;
  Distinct states_;
};

// Turns the monitor's events into statistics; the abstract state is hashed as it changes.
class Counter : public rmm::port::Observer {
 public:
  explicit Counter(Statistics& statistics) : statistics_(statistics) {}
  std::uint64_t commands() const { return commands_; }
  void command_begin(const rmm::port::CommandBegin& event) override;
  void command_end(const rmm::port::CommandEnd& event) override;
  void granule_transition(const rmm::port::GranuleTransition& event) override;
  void rtt_write(const rmm::port::RttWrite& event) override;
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override;
  void rec_enter(const rmm::port::RecEntry& event) override;
  void rec_exit(const rmm::port::RecExitEvent& event) override;

 private:
  void toggle(std::uint64_t object, std::uint64_t what);

  Statistics& statistics_;
  std::uint64_t commands_ = 0;
  std::uint64_t state_ = 0;
};

}  // namespace fuzz
