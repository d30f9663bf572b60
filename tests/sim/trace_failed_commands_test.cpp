// SPDX-License-Identifier: GPL-2.0-or-later
// The line of `--verbose` for a command that a failure condition ended.
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "sim/trace/failed_commands.h"

using namespace rmm::port;

namespace {

class Told {
 public:
  sim::trace::FailedCommands sink{[this](std::string_view line) { lines.emplace_back(line); }};
  std::vector<std::string> lines;

  void call(Interface interface, std::string_view name, std::vector<ArgumentValue> args, PeId pe, std::uint64_t rec) {
    CommandBegin event;
    event.interface = interface;
    event.name = name;
    event.pe = pe;
    event.args = args;
    event.rec = rec;
    sink.command_begin(event);
  }
};

// A command that has ended, on PE 0.
struct Ended : CommandEnd {
  Ended(Interface of, std::string_view command, std::string_view with, std::uint64_t word) {
    interface = of;
    name = command;
    status = with;
    x0 = word;
  }
  Ended& condition(std::string_view id, std::string_view text) {
    failed_condition = id;
    meaning = text;
    return *this;
  }
};

}  // namespace

TEST_CASE(
    "verbose: a failed command shows arguments, status with its level, condition and the values of its operands") {
  Told told;
  told.call(Interface::kRmi, "RMI_RTT_CREATE", {{"rd", 0x88001000}, {"level", 4}}, PeId{0}, 0);
  const std::vector<OperandValue> values{{.name = "walk.level", .shown = Shown::kDecimal, .value = 2},
                                         {.name = "level", .shown = Shown::kDecimal, .value = ~0ULL},
                                         {.name = "rd", .value = 0x88001000},
                                         {.name = "Granule(rd).state", .shown = Shown::kText, .text = "DATA"}};
  Ended ended(Interface::kRmi, "RMI_RTT_CREATE", "RMI_ERROR_RTT", 0x204);
  ended.values = values;
  told.sink.command_end(ended.condition("rtt_walk", "the walk ended above level - 1"));
  CHECK(told.lines ==
        std::vector<std::string>{"RMI_RTT_CREATE rd=0x88001000 level=0x4 -> RMI_ERROR_RTT(2) rtt_walk: the walk ended "
                                 "above level - 1; walk.level = 2, level = -1, rd = 0x88001000, Granule(rd).state = "
                                 "DATA"});
}

TEST_CASE("verbose: a command that no condition ended says nothing") {
  Told told;
  told.call(Interface::kRmi, "RMI_FEATURES", {{"index", 0}}, PeId{0}, 0);
  told.sink.command_end(Ended(Interface::kRmi, "RMI_FEATURES", "RMI_SUCCESS", 0));
  CHECK(told.lines.empty());
}

TEST_CASE("verbose: arguments are those of the caller's own command, whatever others do meanwhile") {
  Told told;
  told.call(Interface::kRmi, "RMI_REC_ENTER", {{"rec", 0x1000}}, PeId{0}, 0);
  told.call(Interface::kRmi, "RMI_GRANULE_DELEGATE", {{"addr", 0x2000}}, PeId{1}, 0);
  told.call(Interface::kRsi, "RSI_REALM_CONFIG", {{"addr", 0x3008}}, PeId{0}, 0x1000);
  Ended config(Interface::kRsi, "RSI_REALM_CONFIG", "RSI_ERROR_INPUT", 1);
  config.rec = 0x1000;
  told.sink.command_end(config.condition("addr_align", "addr is not aligned to a granule"));
  Ended enter(Interface::kRmi, "RMI_REC_ENTER", "RMI_ERROR_REALM", 0x102);
  told.sink.command_end(enter.condition("system_off", "the realm is SYSTEM_OFF; index 1"));
  CHECK(told.lines ==
        std::vector<std::string>{
            "RSI_REALM_CONFIG addr=0x3008 -> RSI_ERROR_INPUT addr_align: addr is not aligned to a granule",
            "RMI_REC_ENTER rec=0x1000 -> RMI_ERROR_REALM(1) system_off: the realm is SYSTEM_OFF; index "
            "1"});
}
