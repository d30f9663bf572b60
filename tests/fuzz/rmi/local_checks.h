// SPDX-License-Identifier: GPL-2.0-or-later
// What is looked at after each call, whoever else judges: the registers that came back and the locks.
#pragma once

#include <string>
#include <vector>

#include "sim/bare/machine.h"

namespace fuzz {

class LocalChecks {
 public:
  explicit LocalChecks(const sim::bare::Machine& machine) : machine_(machine) {}
  // A move has been made.
  void ended(const sim::bare::Move& move, const sim::bare::Result& result);
  const std::vector<std::string>& findings() const { return findings_; }

 private:
  void host_call(const abi::SmcRegs& given, const abi::SmcRegs& got);

  const sim::bare::Machine& machine_;
  std::vector<std::string> findings_;
};

}  // namespace fuzz
