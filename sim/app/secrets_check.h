// SPDX-License-Identifier: GPL-2.0-or-later
// I27 and I28 (--check=secrets): the machine runs once, then again with other secrets in one realm after the other. The
// host must see the same each time, virtual time included (I27), and so must each other realm (I28).
//
// Precondition of a verdict about the monitor: no guest branches on memory that it has not written, nor uses it as an
// address or tells it. A guest that does shows up here too.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "sim/app/machine.h"
#include "sim/app/onlookers.h"
#include "sim/app/secrets.h"

namespace sim::app {

class SecretsCheck {
 public:
  // Called with each machine before it runs; what it returns lives as long as the machine.
  using Prepare = std::function<std::shared_ptr<void>(Machine&)>;
  // Called with the first run's machine at its end.
  using First = std::function<void(Machine&, RunResult)>;
  // Called before each run of the comparison, with its number from 1.
  using Progress = std::function<void(unsigned run, unsigned of)>;

  SecretsCheck(const RunConfig& config, Surroundings surroundings) : config_(config), base_(std::move(surroundings)) {}
  void set_prepare(Prepare prepare) { prepare_ = std::move(prepare); }
  void set_first(First first) { first_ = std::move(first); }
  void set_progress(Progress progress) { progress_ = std::move(progress); }

  // "I27: ..." and "I28: ..." for each realm whose secret shows; after the first of each realm and kind of secret
  // nothing more is looked for. Error: the input is wrong. A config without realms is an error too.
  tl::expected<std::vector<std::string>, InputError> run();

  // Observations that were compared.
  std::uint64_t compared_of_host() const { return compared_of_host_; }
  std::uint64_t compared_of_realms() const { return compared_of_realms_; }
  std::uint64_t secret_granules() const { return secret_granules_; }  // in the first run
  unsigned runs() const { return runs_; }                             // those that explain a finding included

 private:
  using Assignment = std::vector<Secret>;
  tl::expected<void, InputError> play(const Assignment& secrets, Onlookers& onlookers, bool is_first,
                                      const std::function<void(Machine&)>& watch);
  tl::expected<void, InputError> compare(unsigned vm, Secret secret);
  std::string explain(const ObservationLog& changed, std::size_t number,
                      const std::function<ObservationLog&(Onlookers&)>& log, Secret secret);

  const RunConfig& config_;
  Surroundings base_;
  Prepare prepare_;
  First first_;
  Progress progress_;
  Onlookers reference_;
  std::vector<std::string> found_;
  std::uint64_t compared_of_host_ = 0, compared_of_realms_ = 0, secret_granules_ = 0;
  unsigned runs_ = 0;
};

}  // namespace sim::app
