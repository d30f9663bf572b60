// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzing the monitor: so many commands from a seed, each on a machine that a judge watches. Deterministic: an episode
// depends on its seed and number alone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/bare/machine.h"
#include "tests/fuzz/rmi/statistics.h"

namespace fuzz {

enum class Judged : std::uint8_t {
  kLocal,       // what is cheap enough for every command: local_checks.h
  kInvariants,  // rmm/check's invariants as under --check, a sweep at the end of each episode
  kModel,       // rmm/check's model comparison as under --check=model, a full read-back at the end of each episode
};

// Who judges, and what is done to each machine before its episode begins: for monitors that are broken on purpose.
struct Trial {
  Judged judge = Judged::kLocal;
  std::function<void(sim::bare::Machine&)> prepare{};
};

struct Order {
  Trial trial{};
  std::uint64_t seed = 1;
  std::uint64_t commands = 0;  // of the host and of realms
  std::uint64_t first_episode = 0;
  Statistics* statistics = nullptr;  // is added to
  // Told before an episode begins, for whoever watches over a monitor that crashes.
  std::function<void(std::uint64_t episode)> begins{};
  // Asked after each episode, with the commands up to now; empty: always.
  std::function<bool(std::uint64_t commands)> goes_on{};
};

// The first thing that a judge did not accept.
struct Finding {
  std::uint64_t seed = 0, episode = 0;
  std::size_t turns = 0;           // of the episode, the last one is where it showed
  std::vector<std::string> lines;  // what was found
};

struct Ran {
  std::uint64_t commands = 0, episodes = 0;
  std::optional<Finding> finding;
};

// Runs whole episodes until that many commands were executed or something is found. A monitor that aborts takes the
// process with it.
Ran run(const Order& order);

// What happened in an episode.
struct Recording {
  sim::bare::Settings settings;
  std::vector<sim::bare::Turn> turns;
};
sim::bare::Settings settings_of(std::uint64_t seed, std::uint64_t episode);
// Executes the episode; `before` is told each turn before it happens.
std::optional<Finding> record(const Trial& trial, std::uint64_t seed, std::uint64_t episode, Recording& out,
                              const std::function<void(const sim::bare::Turn&)>& before = {});
// Executes a recording, or part of one. Empty: nothing was found.
std::vector<std::string> replay(const Trial& trial, const Recording& recording);

// One episode from the bytes of a libFuzzer input. Empty: nothing was found.
std::vector<std::string> run_bytes(const Trial& trial, std::span<const std::uint8_t> bytes);

}  // namespace fuzz
