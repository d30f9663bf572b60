// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/secrets_check.h"

#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace sim::app {
namespace {

// What the first run's secrets are compared with.
constexpr std::array kOthers = {Secret::kComplement, Secret::kZero};

constexpr std::string_view name(Secret secret) {
  switch (secret) {
    case Secret::kPattern: return "a random secret";
    case Secret::kComplement: return "its complement";
    case Secret::kZero: return "a secret of zeros";
  }
  return "";
}

}  // namespace

tl::expected<void, InputError> SecretsCheck::play(const Assignment& secrets, Onlookers& onlookers, bool is_first,
                                                  const std::function<void(Machine&)>& watch) {
  Surroundings surroundings;
  surroundings.random_schedule = base_.random_schedule;
  surroundings.limits = base_.limits;
  if (is_first) surroundings = base_;
  surroundings.secrets = secrets;
  surroundings.onlookers = &onlookers;
  onlookers.realms.resize(config_.vms.size());
  std::shared_ptr<void> prepared;  // outlives the machine
  auto machine = Machine::create(config_, std::move(surroundings));
  if (!machine) return tl::unexpected(machine.error());
  ++runs_;
  if (prepare_) prepared = prepare_(**machine);
  if (watch) watch(**machine);
  const RunResult result = (*machine)->run();
  if (result != RunResult::kStopped) (*machine)->look_at_memory();  // one that was stopped is somewhere in its life
  if (is_first) secret_granules_ = (*machine)->secret_granules();
  if (is_first && first_) first_(**machine, result);
  return {};
}

// The reference run once more, up to the observation at which the other run parted from it.
std::string SecretsCheck::explain(const ObservationLog& changed, std::size_t number,
                                  const std::function<ObservationLog&(Onlookers&)>& log, Secret secret) {
  Onlookers again;
  const auto stop_at = [&](Machine& machine) {
    log(again).keep(number, [&machine] { machine.scheduler().request_stop(); });
  };
  // It ran before: its input is right.
  (void)play(Assignment(config_.vms.size(), Secret::kPattern), again, false, stop_at);
  return difference_in_words(
      log(again).kept(), changed.kept(),
      {fmt::format("the run with {}", name(Secret::kPattern)), fmt::format("the run with {}", name(secret))});
}

tl::expected<void, InputError> SecretsCheck::compare(unsigned vm, Secret secret) {
  Assignment secrets(config_.vms.size(), Secret::kPattern);
  secrets[vm] = secret;
  Onlookers changed;
  const auto compare_all = [&](Machine& machine) {
    const auto stop = [&machine] { machine.scheduler().request_stop(); };
    changed.host.compare_with(reference_.host, stop);
    for (unsigned i = 0; i < config_.vms.size(); ++i)
      if (i != vm) changed.realms[i].compare_with(reference_.realms[i], stop);
  };
  if (auto played = play(secrets, changed, false, compare_all); !played) return played;

  // A run that was stopped at a difference is not over: what it has not seen, nobody knows.
  bool parted = changed.host.difference(false).has_value();
  for (const auto& log : changed.realms) parted = parted || log.difference(false);
  const std::string& whose = config_.vms[vm].name;
  if (const auto number = changed.host.difference(!parted))
    found_.push_back(
        fmt::format("I27: the host sees a secret of realm '{}' {}", whose,
                    explain(
                        changed.host, *number, [](Onlookers& o) -> ObservationLog& { return o.host; }, secret)));
  compared_of_host_ += changed.host.size();
  for (unsigned i = 0; i < config_.vms.size(); ++i) {
    if (i == vm) continue;
    compared_of_realms_ += changed.realms[i].size();
    if (const auto number = changed.realms[i].difference(!parted))
      found_.push_back(fmt::format(
          "I28: realm '{}' sees a secret of realm '{}' {}", config_.vms[i].name, whose,
          explain(
              changed.realms[i], *number, [i](Onlookers& o) -> ObservationLog& { return o.realms[i]; }, secret)));
  }
  return {};
}

tl::expected<std::vector<std::string>, InputError> SecretsCheck::run() {
  unsigned realms = 0;
  for (const auto& vm : config_.vms) realms += vm.realm ? 1 : 0;
  if (realms == 0)
    return tl::unexpected(
        InputError{"--check=secrets compares runs with other secrets in a realm, and no VM of this "
                   "configuration is one; set \"realm\": true"});
  auto tell = [&, run = 0U]() mutable {
    if (progress_) progress_(++run, 1 + static_cast<unsigned>(std::size(kOthers)) * realms);
  };
  tell();
  if (auto played = play(Assignment(config_.vms.size(), Secret::kPattern), reference_, true, {}); !played)
    return tl::unexpected(played.error());
  for (unsigned vm = 0; vm < config_.vms.size(); ++vm) {
    if (!config_.vms[vm].realm) continue;
    for (const Secret secret : kOthers) {
      tell();
      const std::size_t before = found_.size();
      if (auto compared = compare(vm, secret); !compared) return tl::unexpected(compared.error());
      if (found_.size() != before) break;
    }
  }
  return found_;
}

}  // namespace sim::app
