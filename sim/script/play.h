// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a script on a bare machine: says what each statement led to, and compares it with what the script expects.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/bare/machine.h"
#include "sim/script/program.h"
#include "sim/script/results.h"

namespace sim::script {

struct Played {
  std::optional<ScriptError> error;     // a value that makes no sense; the script ended there
  std::vector<std::string> unexpected;  // expectations that do not hold, by line
  std::vector<std::string> findings;    // of the check
  std::uint64_t commands = 0;           // of the host and of realms, that ended
  std::uint64_t failed = 0;             // of these, by a condition
  std::uint64_t expectations = 0;
  std::uint64_t not_reached = 0;  // realm's acts whose realm did not run
};

class Play {
 public:
  // `say` gets one line at a time, without its end.
  using Say = std::function<void(std::string_view)>;

  Play(const std::vector<Statement>& program, bare::Check check, Say say)
      : program_(program), check_(check), say_(std::move(say)) {}
  // Is told of everything that the monitor tells.
  void observe(rmm::port::Observer& observer) { observers_.push_back(&observer); }
  // Before the first statement: the machine is there.
  void set_prepare(std::function<void(bare::Machine&)> prepare) { prepare_ = std::move(prepare); }
  // What happens, as turns: for whoever wants to do it again without the script.
  void set_recorder(std::function<void(const bare::Turn&)> recorder) { recorder_ = std::move(recorder); }
  Played run();

 private:
  struct Failure {
    std::string message;
  };

  void build_machine();
  void step(const Statement& statement);
  void perform(const Statement& statement);
  bare::Move move(const Statement& statement);
  bare::Act act(const Statement& statement, unsigned pe);
  bare::Act call(const Statement& statement);
  bare::Page page(const Statement& statement);
  abi::Exception exception(const Statement& statement);
  bare::Schedule schedule(const Statement& statement);
  unsigned realm_pe(const Statement& statement);
  void tell_results();
  void expect(const Statement& statement);
  std::optional<std::string> unmet(const Argument& argument);
  std::optional<std::string> unmet_exit(std::string_view field, std::uint64_t wanted) const;
  void show(const Statement& statement);
  void granules(const Statement& statement);

  std::uint64_t value(const Expression& expression);
  std::optional<std::uint64_t> find(const Statement& statement, std::string_view name);
  std::uint64_t get(const Statement& statement, std::string_view name, std::uint64_t otherwise) {
    return find(statement, name).value_or(otherwise);
  }
  std::uint64_t need(const Statement& statement, std::string_view name);

  const std::vector<Statement>& program_;
  bare::Check check_;
  Say say_;
  std::function<void(bare::Machine&)> prepare_;
  std::function<void(const bare::Turn&)> recorder_;
  std::vector<rmm::port::Observer*> observers_;
  Results results_;
  std::unique_ptr<bare::Machine> machine_;
  std::map<std::string, std::uint64_t, std::less<>> names_;
  std::uint64_t next_granule_ = 0;
  unsigned entered_ = 0;  // the PE of the last RMI_REC_ENTER
  Played played_;
  const Statement* together_ = nullptr;
  std::optional<bare::Move> first_;  // of two together
};

}  // namespace sim::script
