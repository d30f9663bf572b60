// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "rmm/abi/v1_0/structures.h"
#include "sim/script/program.h"
#include "sim/script/structures.h"

namespace sim::script {
namespace {

using abi::v1_0::RealmParams;
using abi::v1_0::RecEnter;
using abi::v1_0::RecParams;
using abi::v1_0::RsiHostCall;

struct Word {
  std::string_view word;
  Verb verb{};
  std::string_view arguments;  // names, separated by spaces
};
constexpr Word kWords[] = {
    {"machine", Verb::kMachine,
     "dram high_dram high_base s2sz num_bps num_wps num_lrs max_recs_order num_rec_aux vmid16 sha256 sha512 "
     "pmu pmu_num_ctrs sysreg_gprs_rt"},
    {"let", Verb::kLet, ""},
    {"granules", Verb::kGranules, ""},
    {"fill", Verb::kFill, "at byte"},
    {"load", Verb::kAccess, "ipa size reg sign isv rec"},
    {"store", Verb::kAccess, "ipa size reg sign isv rec"},
    {"fetch", Verb::kAccess, "ipa rec"},
    {"wfi", Verb::kException, "rec"},
    {"wfe", Verb::kException, "rec"},
    {"wfit", Verb::kException, "timeout rec"},
    {"wfet", Verb::kException, "timeout rec"},
    {"hvc", Verb::kException, "imm rec"},
    {"irq", Verb::kException, "rec"},
    {"fiq", Verb::kException, "rec"},
    {"serror", Verb::kException, "esr rec"},
    {"exception", Verb::kException, "esr far hpfar timeout rec"},
    {"register", Verb::kRegister, "key value rec"},
    {"pas", Verb::kPas, "at to"},
    {"pending", Verb::kPending, "irq fiq misr"},
    {"firmware", Verb::kFirmware, "attests"},
    {"together", Verb::kTogether, "first preempt"},
    {"expect", Verb::kExpect, ""},
    {"show", Verb::kShow, ""},
};

constexpr std::array<std::string_view, 4> kStructures{"RmiRealmParams", "RmiRecParams", "RmiRecEnter", "RsiHostCall"};

bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t end = list.find(' ');
    if (list.substr(0, end) == word) return true;
    list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
  }
  return false;
}

bool is_name(std::string_view text) {
  if (text.empty() || (std::isalpha(static_cast<unsigned char>(text[0])) == 0 && text[0] != '_')) return false;
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
}

bool has_structure_field(std::string_view structure, std::string_view field) {
  if (field == (structure == "RsiHostCall" ? "ipa" : "at")) return true;
  if (structure == "RmiRealmParams") return has_field<RealmParams>(field);
  if (structure == "RmiRecParams") return has_field<RecParams>(field);
  if (structure == "RmiRecEnter") return has_field<RecEnter>(field);
  return field == "rec" || has_field<RsiHostCall>(field);
}

bool can_be_together(Verb verb) {
  return verb == Verb::kCall || verb == Verb::kAccess || verb == Verb::kException || verb == Verb::kRegister ||
         verb == Verb::kRealmData;
}

class Parser {
 public:
  tl::expected<std::vector<Statement>, ScriptError> program(std::string_view text);

 private:
  struct Problem {
    std::string message;
  };

  void line(std::string_view text);
  void statement(Statement& out, std::vector<std::string_view> words);
  void command(Statement& out, std::string_view word);
  void arguments(Statement& out, const std::vector<std::string_view>& words);
  void check_argument(const Statement& statement, Argument& argument, std::size_t position) const;
  void let(Statement& out, const std::vector<std::string_view>& words);
  void granules(Statement& out, const std::vector<std::string_view>& words);
  Expression expression(std::string_view text) const;
  static std::string_view input_at(const Statement& statement, std::size_t position);

  std::vector<Statement> out_;
  std::set<std::string, std::less<>> names_;
  std::size_t line_ = 0;
};

tl::expected<std::vector<Statement>, ScriptError> Parser::program(std::string_view text) {
  try {
    while (!text.empty()) {
      ++line_;
      const std::size_t end = std::min(text.find('\n'), text.size());
      line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    for (std::size_t i = 0; i < out_.size(); ++i) {
      if (out_[i].verb != Verb::kTogether) continue;
      line_ = out_[i].line;
      for (std::size_t n = 1; n <= 2; ++n) {
        if (i + n < out_.size() && can_be_together(out_[i + n].verb)) continue;
        throw Problem{"'together' is followed by two lines, each a command or a realm's act, of different PEs"};
      }
    }
  } catch (const Problem& problem) {
    return tl::unexpected(ScriptError{line_, problem.message});
  }
  return std::move(out_);
}

void Parser::line(std::string_view text) {
  text = text.substr(0, text.find('#'));
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  if (text.empty()) return;
  std::vector<std::string_view> words;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(" \t\r"), rest.size());
    if (end != 0) words.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  Statement statement;
  statement.line = line_;
  statement.text = std::string(text);
  if (words[0].starts_with("pe=")) {
    const auto pe = parse_number(words[0].substr(3));
    if (!pe || *pe >= bare::Turns::kPes)
      throw Problem{fmt::format("a PE is a number from 0 to {}", bare::Turns::kPes - 1)};
    statement.pe = static_cast<unsigned>(*pe);
    words.erase(words.begin());
    if (words.empty()) throw Problem{"behind 'pe=N' stands what the PE does"};
  }
  this->statement(statement, std::move(words));
  out_.push_back(std::move(statement));
}

void Parser::statement(Statement& out, std::vector<std::string_view> words) {
  out.word = std::string(words[0]);
  words.erase(words.begin());
  const auto* known =
      std::find_if(std::begin(kWords), std::end(kWords), [&](const Word& w) { return w.word == out.word; });
  if (known != std::end(kWords)) {
    out.verb = known->verb;
    if (out.verb == Verb::kMachine && !out_.empty()) throw Problem{"'machine' comes before everything else"};
    if (out.verb == Verb::kExpect && out_.empty())
      throw Problem{"'expect' is about the line before, and there is none"};
    if (out.verb == Verb::kExpect && words.empty())
      throw Problem{"'expect' is followed by what must hold, as in 'expect RMI_SUCCESS'"};
    if (out.verb == Verb::kLet) return let(out, words);
    if (out.verb == Verb::kGranules) return granules(out, words);
    return arguments(out, words);
  }
  if (out.word == "RmiRecRun") out.word = "RmiRecEnter";
  if (std::find(kStructures.begin(), kStructures.end(), out.word) != kStructures.end()) {
    out.verb = out.word == "RsiHostCall" ? Verb::kRealmData : Verb::kPage;
    arguments(out, words);
    const std::string_view where = out.verb == Verb::kPage ? "at" : "ipa";
    const bool placed = std::any_of(out.arguments.begin(), out.arguments.end(),
                                    [&](const Argument& argument) { return argument.name == where; });
    if (!placed) throw Problem{fmt::format("{} needs {}=ADDRESS", out.word, where)};
    return;
  }
  out.verb = Verb::kCall;
  if (out.word != "SMC") command(out, out.word);
  arguments(out, words);
}

void Parser::command(Statement& out, std::string_view word) {
  std::string_view name = word;
  if (name.ends_with("_32")) {
    out.smc32 = true;
    name.remove_suffix(3);
  }
  for (const rmm::spec::Command& command : rmm::spec::commands())
    if (command.name == name && (!out.smc32 || command.fid32 != 0)) out.command = &command;
  if (out.command == nullptr)
    throw Problem{
        fmt::format("'{}' is no command, structure or other word of the language; a command is one of RMI, RSI or "
                    "PSCI by its full name, as in 'RMI_REALM_CREATE rd=... params_ptr=...' "
                    "('ccasim explain --list' has all)",
                    word)};
}

std::string_view Parser::input_at(const Statement& statement, std::size_t position) {
  if (statement.command == nullptr || position >= statement.command->inputs.size()) return {};
  return statement.command->inputs[position].name;
}

void Parser::arguments(Statement& out, const std::vector<std::string_view>& words) {
  std::size_t position = 0;
  for (const std::string_view word : words) {
    Argument argument;
    argument.word = std::string(word);
    const std::size_t equals = word.find('=');
    if (equals != std::string_view::npos) argument.name = std::string(word.substr(0, equals));
    check_argument(out, argument, position);
    if (out.verb == Verb::kShow || (out.verb == Verb::kExpect && equals == std::string_view::npos)) {
      out.arguments.push_back(std::move(argument));
      continue;
    }
    const std::string_view value = equals == std::string_view::npos ? word : word.substr(equals + 1);
    const bool is_word = (out.verb == Verb::kPas && argument.name == "to") ||
                         (out.verb == Verb::kExpect && (argument.name == "condition" || argument.name == "exit")) ||
                         (out.verb == Verb::kRegister && argument.name == "key" && !parse_number(value)) ||
                         argument.name == "preempt";
    if (is_word)
      argument.word = std::string(value);
    else
      argument.value = expression(value);
    if (equals == std::string_view::npos) ++position;
    const bool twice = std::any_of(out.arguments.begin(), out.arguments.end(), [&](const Argument& other) {
      return !argument.name.empty() && other.name == argument.name;
    });
    if (twice) throw Problem{fmt::format("'{}' is given twice", argument.name)};
    out.arguments.push_back(std::move(argument));
  }
}

void Parser::check_argument(const Statement& statement, Argument& argument, std::size_t position) const {
  const std::string& name = argument.name;
  switch (statement.verb) {
    case Verb::kPage:
    case Verb::kRealmData:
      if (!has_structure_field(statement.word, name))
        throw Problem{fmt::format("{} has no field '{}'; it has {}", statement.word,
                                  name.empty() ? argument.word : name, fmt::join(fields_of(statement.word), ", "))};
      return;
    case Verb::kCall: {
      if (name.empty()) {
        const std::string_view input = input_at(statement, position);
        if (input.empty()) throw Problem{fmt::format("'{}' is more than {} takes", argument.word, statement.word)};
        argument.name = std::string(input);
        return;
      }
      if (name == "rec" && (statement.command == nullptr || statement.command->interface != rmm::spec::Interface::kRmi))
        return;
      if (name.starts_with('x') && parse_number(std::string_view(name).substr(1)).value_or(99) < 18) return;
      if (statement.command == nullptr && name == "fid") return;
      std::vector<std::string_view> inputs;
      if (statement.command != nullptr)
        for (const auto& input : statement.command->inputs) inputs.push_back(input.name);
      if (std::find(inputs.begin(), inputs.end(), name) != inputs.end()) return;
      throw Problem{fmt::format("{} has no argument '{}'; it has {}", statement.word, name,
                                inputs.empty() ? "registers x1 to x17" : fmt::format("{}", fmt::join(inputs, ", ")))};
    }
    case Verb::kExpect: return;
    case Verb::kShow: {
      for (const std::string_view word : {"all", "granules", "realms", "recs", "tables"})
        if (argument.word == word) return;
      throw Problem{fmt::format("'show' knows granules, realms, recs, tables and all, not '{}'", argument.word)};
    }
    default: {
      const auto* word =
          std::find_if(std::begin(kWords), std::end(kWords), [&](const Word& w) { return w.word == statement.word; });
      if (name.empty() || !lists(word->arguments, name))
        throw Problem{fmt::format("'{}' has no argument '{}'; it has {}, each as name=value", statement.word,
                                  name.empty() ? argument.word : name,
                                  word->arguments.empty() ? "none" : word->arguments)};
    }
  }
}

void Parser::let(Statement& out, const std::vector<std::string_view>& words) {
  // `let a = b + 1` and `let a=b+1`
  std::string joined;
  for (const std::string_view word : words) joined += word;
  const std::size_t equals = joined.find('=');
  const std::string name = joined.substr(0, equals);
  if (equals == std::string::npos || !is_name(name) || name.find('.') != std::string::npos)
    throw Problem{"'let' is written 'let NAME = VALUE'; a name begins with a letter"};
  Argument argument;
  argument.name = name;
  argument.value = expression(std::string_view(joined).substr(equals + 1));
  out.arguments.push_back(std::move(argument));
  names_.insert(name);
}

void Parser::granules(Statement& out, const std::vector<std::string_view>& words) {
  if (words.empty()) throw Problem{"'granules' is followed by names, as in 'granules rd params tables=2'"};
  for (const std::string_view word : words) {
    Argument argument;
    const std::size_t equals = word.find('=');
    argument.name = std::string(word.substr(0, equals));
    if (!is_name(argument.name) || argument.name.find('.') != std::string::npos)
      throw Problem{fmt::format("'{}' is no name; a name begins with a letter", argument.name)};
    argument.value =
        equals == std::string_view::npos ? Expression{{false, "", 1}} : expression(word.substr(equals + 1));
    names_.insert(argument.name);
    out.arguments.push_back(std::move(argument));
  }
}

Expression Parser::expression(std::string_view text) const {
  Expression out;
  bool negative = false;
  std::string_view rest = text;
  if (!rest.empty() && rest.front() == '-') {
    negative = true;
    rest.remove_prefix(1);
  }
  for (;;) {
    const std::size_t end = std::min(rest.find_first_of("+-"), rest.size());
    std::string_view word = rest.substr(0, end);
    Term term;
    term.negative = negative;
    if (!word.empty() && word.front() == '$') word.remove_prefix(1);
    if (const auto number = parse_number(word)) {
      term.number = *number;
    } else if (is_name(word)) {
      term.name = std::string(word);
      if (!word.starts_with("out.") && names_.find(word) == names_.end())
        throw Problem{
            fmt::format("'{}' is not defined; 'let {} = VALUE' or 'granules {}' defines it, and out.NAME is an "
                        "output of the last command",
                        word, word, word)};
    } else {
      throw Problem{fmt::format("'{}' is no value; expected a number, a name, or a sum of them without spaces", text)};
    }
    out.push_back(std::move(term));
    if (end == rest.size()) return out;
    negative = rest[end] == '-';
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  unsigned shift = 0;
  if (!text.empty()) {
    switch (text.back()) {
      case 'K': shift = 10; break;
      case 'M': shift = 20; break;
      case 'G': shift = 30; break;
      default: break;
    }
  }
  if (shift != 0) text.remove_suffix(1);
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, hexadecimal ? 16 : 10);
  if (text.empty() || error != std::errc() || at != end || (value << shift) >> shift != value) return std::nullopt;
  return value << shift;
}

std::vector<std::string> fields_of(std::string_view structure) {
  if (structure == "RmiRealmParams") return field_names<RealmParams>();
  if (structure == "RmiRecParams") return field_names<RecParams>();
  if (structure == "RmiRecEnter") return field_names<RecEnter>();
  if (structure == "RsiHostCall") return field_names<RsiHostCall>();
  return {};
}

tl::expected<std::vector<Statement>, ScriptError> parse(std::string_view text) { return Parser().program(text); }

}  // namespace sim::script
