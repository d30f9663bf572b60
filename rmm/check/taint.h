// SPDX-License-Identifier: GPL-2.0-or-later
// I3: what a realm or the monitor wrote is gone before anybody else can read it. A granule without owner (DELEGATED) is
// all zero (A2.2.4); it is looked at when it loses its owner, when it gets the next one and when the host gets it back,
// so that no writer is missed: the monitor, a realm through a stale translation, a wipe that did not happen.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "rmm/check/findings.h"
#include "rmm/port/observer.h"
#include "rmm/port/platform.h"

namespace rmm::check {

class Taint {
 public:
  Taint(port::Platform& platform, Findings& findings) : platform_(platform), findings_(findings) {}

  // Remembers who uses the granule from now on.
  void transition(const port::GranuleTransition& event);
  // The granule has no owner now: nothing of the last one may be left. `moment` ends the sentence "... bytes are left".
  void expect_zero(abi::GranulePa granule, std::string_view moment);
  // The realm that uses the granule, or used it last; none is known of a granule that was in use before the checks
  // began.
  std::optional<abi::Pa> user(abi::GranulePa granule) const {
    const auto it = users_.find(granule.frame());
    return it == users_.end() ? std::nullopt : std::optional(it->second.rd);
  }
  void forget() { users_.clear(); }

 private:
  struct User {
    std::string_view state;
    abi::Pa rd;
  };
  port::Platform& platform_;
  Findings& findings_;
  std::unordered_map<std::uint64_t, User> users_;  // by frame: the last state that was not DELEGATED, and its realm
};

}  // namespace rmm::check
