// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/rmi/session.h"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>

#include <fmt/format.h>

#include "rmm/abi/v1_0/function_ids.h"
#include "sim/script/play.h"
#include "tests/fuzz/rmi/isolated.h"
#include "tests/fuzz/rmi/shrink.h"

namespace {

using fuzz::Judged;

TEST_CASE("Each judge accepts what the monitor does") {
  for (const Judged judge : {Judged::kLocal, Judged::kInvariants, Judged::kModel}) {
    fuzz::Statistics statistics;
    const fuzz::Ran ran =
        fuzz::run({.trial = {.judge = judge}, .seed = 1, .commands = 20'000, .statistics = &statistics});
    if (ran.finding)
      for (const std::string& line : ran.finding->lines) UNSCOPED_INFO(line);
    CHECK_FALSE(ran.finding);
    CHECK(ran.commands >= 20'000);
    CHECK(statistics.states() > 5'000);
  }
}

TEST_CASE("An episode does the same again, whoever judges") {
  fuzz::Statistics first, second;
  (void)fuzz::run({.seed = 7, .commands = 8'000, .statistics = &first});
  (void)fuzz::run({.trial = {.judge = Judged::kModel}, .seed = 7, .commands = 8'000, .statistics = &second});
  REQUIRE(first.commands().size() == second.commands().size());
  for (const auto& [name, count] : first.commands()) {
    INFO(name);
    CHECK(count.calls == second.commands().at(name).calls);
    CHECK(count.conditions == second.commands().at(name).conditions);
  }
  CHECK(first.exits() == second.exits());
}

TEST_CASE("The inputs that libFuzzer begins with find nothing, under every judge") {
  unsigned inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/fuzz/rmi_corpus")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::vector<std::uint8_t> bytes(std::istreambuf_iterator<char>(in), {});
    INFO(entry.path().filename());
    for (const Judged judge : {Judged::kLocal, Judged::kInvariants, Judged::kModel})
      CHECK(fuzz::run_bytes({.judge = judge}, std::span(bytes).subspan(1)) == std::vector<std::string>{});
    ++inputs;
  }
  CHECK(inputs >= 6);
}

void forget(sim::bare::Machine& machine) { machine.switches().turn_off(abi::v1_0::kRmiRttReadEntry, "ipa_align"); }

TEST_CASE("A condition that the monitor forgets is found, and shrinks to a script that shows it") {
  const fuzz::Trial trial{.judge = Judged::kModel, .prepare = forget};
  const fuzz::Ran ran = fuzz::run({.trial = trial, .seed = 3, .commands = 200'000});
  REQUIRE(ran.finding);
  CHECK(ran.finding->lines.front().find("RMI_RTT_READ_ENTRY") != std::string::npos);

  fuzz::Recording recording;
  const auto again = fuzz::record(trial, 3, ran.finding->episode, recording);
  REQUIRE(again);
  CHECK(again->lines == ran.finding->lines);
  CHECK(recording.turns.size() == ran.finding->turns);
  CHECK(fuzz::replay(trial, recording) == ran.finding->lines);
  CHECK(fuzz::replay({.judge = Judged::kModel}, recording).empty());

  const fuzz::Shrunk shrunk =
      fuzz::shrink(recording, [&](const fuzz::Recording& candidate) { return fuzz::replay(trial, candidate); });
  CHECK(fuzz::essence(shrunk.lines) == fuzz::essence(ran.finding->lines));
  // Two delegations, parameters, a realm, the call.
  CHECK(shrunk.recording.turns.size() <= 12);

  const std::string text = fuzz::script_of(shrunk, Judged::kModel, 3, ran.finding->episode);
  INFO(text);
  const auto program = sim::script::parse(text);
  REQUIRE(program);
  std::vector<std::string> history;
  const auto play = [&](const std::vector<sim::script::Statement>& statements) {
    sim::bare::Machine* machine = nullptr;
    sim::script::Play player(statements, sim::bare::Check::kModel, [](std::string_view) {});
    player.set_prepare([&](sim::bare::Machine& made) { forget(*(machine = &made)); });
    const auto findings = player.run().findings;
    if (machine->model()->difference()) history = machine->model()->difference()->script;
    return findings;
  };
  CHECK(play(*program) == shrunk.lines);
  // What the model check itself has written down does it too.
  const auto written = sim::script::parse(fmt::format("{}", fmt::join(history, "\n")));
  REQUIRE(written);
  CHECK(written->size() >= 4);
  CHECK(play(*written) == shrunk.lines);
}

TEST_CASE("A monitor that aborts or hangs costs a child process, and what led to it is known") {
  const fuzz::Trial trial{.judge = Judged::kLocal, .prepare = [](sim::bare::Machine& machine) {
                            machine.switches().turn_off(abi::v1_0::kRmiRealmActivate, "realm_state");
                          }};
  std::vector<std::string> lines;
  fuzz::Recording recording;
  for (std::uint64_t episode = 0; lines.empty() && episode < 20; ++episode)
    lines = fuzz::isolated_record(trial, 5, episode, recording);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("crash"));
  CHECK(lines[0].find("ACTIVE -> ACTIVE") != std::string::npos);
  const fuzz::Shrunk shrunk = fuzz::shrink(
      recording, [&](const fuzz::Recording& candidate) { return fuzz::isolated_replay(trial, candidate); });
  CHECK(shrunk.recording.turns.size() <= 12);  // a realm may have several starting tables

  const auto hang = fuzz::isolated(
      []() -> std::vector<std::string> {
        for (;;) (void)sleep(1);
      },
      1);
  CHECK(hang == std::vector<std::string>{"hang: no end after 1 s"});
}

}  // namespace
