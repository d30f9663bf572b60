// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/rmi/session.h"

#include <utility>

#include "tests/fuzz/rmi/choices.h"
#include "tests/fuzz/rmi/generator.h"
#include "tests/fuzz/rmi/local_checks.h"

namespace fuzz {
namespace {

namespace bare = sim::bare;

constexpr std::size_t kTurns = 2500;  // of an episode

bare::Check check_of(Judged judge) {
  switch (judge) {
    case Judged::kLocal: return bare::Check::kLocal;
    case Judged::kInvariants: return bare::Check::kInvariants;
    case Judged::kModel: return bare::Check::kModel;
  }
  return bare::Check::kNone;
}

bare::Settings settings_for(bare::Settings settings, Judged judge) {
  settings.check = check_of(judge);
  settings.signs = judge == Judged::kInvariants;  // I26 verifies tokens
  return settings;
}

// A machine with its judges.
class Court {
 public:
  Court(const bare::Settings& settings, const Trial& trial)
      : machine(settings_for(settings, trial.judge)), local_(machine) {
    if (trial.prepare) trial.prepare(machine);
  }

  void perform(const bare::Turn& turn) {
    if (const auto* move = std::get_if<bare::Move>(&turn)) {
      local_.ended(*move, machine.perform(*move));
    } else {
      const auto& both = std::get<bare::Together>(turn);
      const auto results = machine.perform(both);
      for (std::size_t n = 0; n < 2; ++n) local_.ended(both.moves.at(n), results.at(n));
    }
    machine.platform().tlb.log.clear();
  }
  bool found() const { return !local_.findings().empty() || machine.found(); }
  std::vector<std::string> findings() const {
    std::vector<std::string> out = local_.findings();
    for (std::string& line : machine.findings()) out.push_back(std::move(line));
    return out;
  }
  void finish() {
    machine.rest();
    machine.look_at_everything();
  }

  bare::Machine machine;

 private:
  LocalChecks local_;
};

std::uint64_t seed_of(std::uint64_t seed, std::uint64_t episode) {
  return Choices(seed * 0x9e3779b97f4a7c15ULL + episode).bits();
}

// Drives one episode. `before` hears of each turn.
template <class Before>
std::optional<Finding> episode(Choices& choices, const Trial& trial, Statistics* statistics, std::uint64_t& commands,
                               Before&& before) {
  Statistics none;
  Counter counter(statistics != nullptr ? *statistics : none);
  Court court(draw_settings(choices), trial);
  court.machine.observe(counter);
  Generator generator(choices, court.machine);
  before(court.machine.settings(), nullptr);
  std::size_t turns = 0;
  while (turns < kTurns && !choices.exhausted() && !court.found()) {
    const bare::Turn next = generator.next();
    before(court.machine.settings(), &next);
    ++turns;
    court.perform(next);
  }
  if (!court.found()) court.finish();
  commands = counter.commands();
  if (!court.found()) return std::nullopt;
  return Finding{0, 0, turns, court.findings()};
}

void ignore(const bare::Settings&, const bare::Turn*) {}

}  // namespace

Ran run(const Order& order) {
  Ran ran;
  for (std::uint64_t number = order.first_episode; ran.commands < order.commands; ++number) {
    if (order.begins) order.begins(number);
    Choices choices(seed_of(order.seed, number));
    std::uint64_t commands = 0;
    ran.finding = episode(choices, order.trial, order.statistics, commands, ignore);
    ran.commands += commands;
    ++ran.episodes;
    if (ran.finding) {
      ran.finding->seed = order.seed;
      ran.finding->episode = number;
      break;
    }
    if (order.goes_on && !order.goes_on(ran.commands)) break;
  }
  return ran;
}

bare::Settings settings_of(std::uint64_t seed, std::uint64_t number) {
  Choices choices(seed_of(seed, number));
  return draw_settings(choices);
}

std::optional<Finding> record(const Trial& trial, std::uint64_t seed, std::uint64_t number, Recording& out,
                              const std::function<void(const bare::Turn&)>& before) {
  Choices choices(seed_of(seed, number));
  std::uint64_t commands = 0;
  auto finding =
      episode(choices, trial, nullptr, commands, [&](const bare::Settings& settings, const bare::Turn* turn) {
        out.settings = settings;
        if (turn == nullptr) return;
        out.turns.push_back(*turn);
        if (before) before(*turn);
      });
  if (finding) {
    finding->seed = seed;
    finding->episode = number;
  }
  return finding;
}

std::vector<std::string> replay(const Trial& trial, const Recording& recording) {
  Court court(recording.settings, trial);
  for (const bare::Turn& turn : recording.turns) {
    court.perform(turn);
    if (court.found()) return court.findings();
  }
  court.finish();
  return court.findings();
}

std::vector<std::string> run_bytes(const Trial& trial, std::span<const std::uint8_t> bytes) {
  Choices choices(bytes);
  std::uint64_t commands = 0;
  const auto finding = episode(choices, trial, nullptr, commands, ignore);
  return finding ? finding->lines : std::vector<std::string>{};
}

}  // namespace fuzz
