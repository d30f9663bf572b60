// SPDX-License-Identifier: GPL-2.0-or-later
// What `inspect` asks of a VM, and why a VM failed, is gone once the VM is taken down: it is looked at just before. Of
// a VM that is still there, at the end of the run.
#pragma once

#include <string>
#include <vector>

#include "sim/app/inspect.h"
#include "sim/app/machine.h"

namespace sim::app {

class LastLook {
 public:
  explicit LastLook(std::vector<Query> queries) : queries_(std::move(queries)), answers_(queries_.size()) {}

  // Granules whose life is asked for are watched from now on. Before the machine runs.
  void prepare(Machine& machine) const;
  // For Surroundings::before_teardown: keeps what is told of this VM; a later life of it wins.
  void before_teardown(Machine& machine, unsigned vm);

  // After the run: the answers in the order of the queries.
  std::string answers(Machine& machine) const;
  // After the run: what the CPUs of VMs that run or failed were doing.
  std::string explanation(Machine& machine) const;

 private:
  std::vector<Query> queries_;
  std::vector<std::string> answers_;       // of realms that were taken down, by query
  std::vector<std::string> explanations_;  // of VMs that failed, by VM
};

}  // namespace sim::app
