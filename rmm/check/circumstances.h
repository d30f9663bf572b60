// SPDX-License-Identifier: GPL-2.0-or-later
// Who is doing what: the commands in progress, for the texts of findings.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rmm/port/observer.h"
#include "rmm/port/sync.h"

namespace rmm::check {

class Circumstances {
 public:
  void begin(port::ActorId actor, const port::CommandBegin& event);
  void end(port::ActorId actor, const port::CommandEnd& event);
  // "RSI_IPA_STATE_SET(base 0x80000000, ...) of REC 0x88001000 in RMI_REC_ENTER(rec 0x88001000, ...) on PE 0"; empty:
  // the actor is in no command.
  std::string of(port::ActorId actor) const;

 private:
  struct Call {
    std::string_view name;
    port::PeId pe;
    std::uint64_t rec = 0;  // RSI, PSCI
    std::vector<port::ArgumentValue> args;
  };
  std::map<std::uint16_t, std::vector<Call>> calls_;  // by actor, the outermost first
};

}  // namespace rmm::check
