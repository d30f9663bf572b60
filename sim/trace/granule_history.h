// SPDX-License-Identifier: GPL-2.0-or-later
// The life of chosen granules, for `ccasim inspect`: every transition with its virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "rmm/port/observer.h"

namespace sim::trace {

class GranuleHistory : public rmm::port::Observer {
 public:
  struct Event {
    std::uint64_t ns;
    std::string_view from, to;  // names of states: static storage
    abi::Pa owner;
  };

  explicit GranuleHistory(std::function<std::uint64_t()> now_ns) : now_ns_(std::move(now_ns)) {}
  void follow(abi::GranulePa granule) { lives_[granule]; }
  const std::vector<Event>& life(abi::GranulePa granule) const { return lives_.at(granule); }

  void granule_transition(const rmm::port::GranuleTransition& event) override {
    const auto it = lives_.find(event.granule);
    if (it != lives_.end()) it->second.push_back({now_ns_(), event.from, event.to, event.owner});
  }

 private:
  std::function<std::uint64_t()> now_ns_;
  std::map<abi::GranulePa, std::vector<Event>> lives_;
};

}  // namespace sim::trace
