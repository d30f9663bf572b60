// SPDX-License-Identifier: GPL-2.0-or-later
// A script as it is written: statements with names and expressions, not yet with values. docs/rmi-script.md describes
// the language.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "rmm/spec/command.h"
#include "sim/bare/machine.h"

namespace sim::script {

// A sum of numbers and names.
struct Term {
  bool negative = false;
  std::string name;  // empty: `number`
  std::uint64_t number = 0;
};
using Expression = std::vector<Term>;

// `name=expression`, or an expression alone.
struct Argument {
  std::string name;
  Expression value;
  std::string word;  // as it was written
};

enum class Verb : std::uint8_t {
  kMachine,    // limits and memory of the machine; only before anything else
  kLet,        // a name for a value
  kGranules,   // names for granules that nobody has used
  kPage,       // a structure in the host's memory
  kFill,       // bytes of the host's memory
  kCall,       // an SMC of the host or of a realm
  kAccess,     // load, store, fetch
  kException,  // wfi, irq, ...: what a realm takes
  kRegister,   // a register of the realm's CPU
  kRealmData,  // RsiHostCall in the realm's memory
  kPas,
  kPending,
  kFirmware,
  kTogether,  // of the two statements that follow
  kExpect,    // about the statement before
  kShow,
};

struct Statement {
  std::size_t line = 0;
  std::string text;  // as it was written, without comment and spaces around
  Verb verb{};
  std::string word;                             // the verb, the structure or the command
  const rmm::spec::Command* command = nullptr;  // kCall; null: SMC
  bool smc32 = false;
  std::optional<unsigned> pe;
  std::vector<Argument> arguments;
};

struct ScriptError {
  std::size_t line = 0;  // from 1
  std::string message;   // what is wrong and what is expected
};

// Everything but values is checked: words, names of arguments and fields, names that are used before they are defined.
tl::expected<std::vector<Statement>, ScriptError> parse(std::string_view text);

// Decimal or 0x hexadecimal, with K, M or G behind it; nothing if it is no number.
std::optional<std::uint64_t> parse_number(std::string_view text);

// Names of the fields that a structure, or `machine`, has. Empty: there is no such structure.
std::vector<std::string> fields_of(std::string_view structure);

}  // namespace sim::script
