// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/explain.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "rmm/abi/v1_0/types.h"
#include "rmm/call/unknown.h"
#include "rmm/check/rules.h"
#include "rmm/run/exit_forms.h"
#include "rmm/run/realm_call.h"
#include "rmm/v1_0/table.h"
#include "sim/app/races.h"
#include "sim/app/text.h"

namespace sim::app {
namespace {

namespace call = rmm::call;
namespace run = rmm::run;
using Text = fmt::memory_buffer;

constexpr std::string_view kUsage =
    "Usage: ccasim explain WORD\n"
    "\n"
    "  ccasim explain RMI_RTT_CREATE      a command: registers, conditions, order, effect\n"
    "  ccasim explain RTT_CREATE          the same for every interface that has the name\n"
    "  ccasim explain 0xC400015D          the command with this function id\n"
    "  ccasim explain rtt_walk            a failure condition: every command that has it\n"
    "  ccasim explain EXIT RIPAS_CHANGE   what the host sees in this REC exit; EXIT alone lists them\n"
    "  ccasim explain I13                 an invariant of the monitor, as findings of --check name it\n"
    "  ccasim explain R15                 a named race or hazard of the host's side\n"
    "  ccasim explain --list              every command, exit, invariant and race\n"
    "  ccasim explain --json              everything, with all condition ids, as JSON\n";

template <class... Args>
void add(Text& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

// "RTT_CREATE" of "RMI_RTT_CREATE".
std::string_view bare_name(const call::Command& command) {
  return command.name.substr(std::min(command.name.find('_') + 1, command.name.size()));
}

std::string status_text(const call::Command& command, const call::Condition& condition) {
  return fmt::format("{} ({})", call::status_name(command.interface, condition.status),
                     static_cast<std::int64_t>(condition.status));
}

std::string commas(std::string_view ids) {
  std::string out;
  call::for_each_id(ids, [&](std::string_view id) {
    if (!out.empty()) out += ", ";
    out += id;
  });
  return out;
}

// The ids that the specification orders after `id` (`as_first`), or before it.
std::string ordered_with(const call::Command& command, std::string_view id, bool as_first) {
  std::vector<std::string_view> found;
  for (const call::Before& before : command.before) {
    bool named = false;
    call::for_each_id(as_first ? before.first : before.then, [&](std::string_view other) { named |= other == id; });
    if (!named) continue;
    call::for_each_id(as_first ? before.then : before.first, [&](std::string_view other) {
      if (std::find(found.begin(), found.end(), other) == found.end()) found.push_back(other);
    });
  }
  return fmt::format("{}", fmt::join(found, ", "));
}

void add_registers(Text& out, const call::Command& command) {
  if (command.fid != 0) add(out, "  in        X0 = 0x{:08X}", command.fid);
  if (command.fid32 != 0) add(out, " (SMC32: 0x{:08X})", command.fid32);
  for (const call::Parameter& p : command.in) add(out, ", X{} = {}", p.reg, p.name);
  if (command.fid != 0) add(out, "\n");
  add(out, "  out       X0 = {}", command.interface == rmm::port::Interface::kPsci ? "result" : "status");
  for (const call::Parameter& p : command.out) add(out, ", X{} = {}", p.reg, p.name);
  add(out, "\n");
}

void add_conditions(Text& out, const call::Command& command) {
  if (command.conditions.empty()) {
    add(out, "\nIt can't fail.\n");
    return;
  }
  std::size_t id_width = 0, status_width = 0;
  bool has_level = false;
  for (const call::Condition& c : command.conditions) {
    id_width = std::max(id_width, c.id.size());
    status_width = std::max(status_width, status_text(command, c).size());
    has_level |= command.interface == rmm::port::Interface::kRmi &&
                 c.status == static_cast<std::uint64_t>(abi::v1_0::RmiStatus::kErrorRtt);
  }
  add(out, "\nConditions of failure, in the order in which this monitor tests them:\n");
  for (const call::Condition& c : command.conditions)
    add(out, "  {:{}}  {:{}}  {}\n", c.id, id_width, status_text(command, c), status_width, c.meaning);
  if (has_level) add(out, "RMI_ERROR_RTT: bits 15:8 of X0 are a level, as a rule that where the walk stopped.\n");
  if (command.before.empty()) {
    if (command.conditions.size() > 1)
      add(out, "\nThe specification mandates no order: where several hold, any of them may be reported.\n");
    return;
  }
  add(out, "\nThe order that the specification mandates; else any condition that holds may be reported:\n");
  for (const call::Before& b : command.before) add(out, "  {}  before  {}\n", commas(b.first), commas(b.then));
}

void add_command(Text& out, const call::Command& command) {
  add(out, "{}\n\n", command.name);
  add_registers(out, command);
  add(out, "  success   {}\n", command.effect);
  add_conditions(out, command);
}

void add_condition(Text& out, const call::Command& command, const call::Condition& condition) {
  add(out, "{}: {}\n  {}\n", command.name, status_text(command, condition), condition.meaning);
  if (!condition.operands.empty()) add(out, "  looks at {}\n", commas(condition.operands));
  if (const std::string after = ordered_with(command, condition.id, false); !after.empty())
    add(out, "  reported after {}\n", after);
  if (const std::string before = ordered_with(command, condition.id, true); !before.empty())
    add(out, "  reported before {}\n", before);
}

void add_fields(Text& out, std::span<const run::ExitField> fields) {
  for (const run::ExitField& f : fields) add(out, "    {:<12} {}\n", f.name, f.meaning);
}

void add_exit(Text& out, const run::ExitForm& form) {
  add(out, "{} ({}){}{}   [{}]\n  {}\n", run::exit_name(form.reason), static_cast<int>(form.reason),
      form.form.empty() ? "" : ": ", form.form, form.section, form.meaning);
  add(out, "  The host sees:\n");
  add_fields(out, form.fields);
  if (form.fields.empty()) add(out, "    nothing but what every exit shows\n");
  add(out, "  Then: {}\n", form.next);
}

std::string join_blocks(const std::vector<std::string>& blocks) { return fmt::format("{}", fmt::join(blocks, "\n")); }

template <class Add>
std::string block(Add&& add_to) {
  Text out;
  add_to(out);
  return fmt::to_string(out);
}

std::optional<std::string> explain_command_word(std::string_view word) {
  std::vector<std::string> blocks;
  const bool is_number = word.starts_with("0x") || word.starts_with("0X");
  const std::uint64_t fid = is_number ? parse_number(word).value_or(0) : 0;
  for (const call::Command* c : explained_commands())
    if (same_word(c->name, word) || same_word(bare_name(*c), word) || (fid != 0 && (fid == c->fid || fid == c->fid32)))
      blocks.push_back(block([&](Text& out) { add_command(out, *c); }));
  if (blocks.empty()) return std::nullopt;
  return join_blocks(blocks);
}

std::optional<std::string> explain_condition(std::string_view word) {
  std::vector<std::string> blocks;
  for (const call::Command* c : explained_commands())
    for (const call::Condition& condition : c->conditions)
      if (condition.id == word) blocks.push_back(block([&](Text& out) { add_condition(out, *c, condition); }));
  if (blocks.empty()) return std::nullopt;
  return join_blocks(blocks);
}

std::optional<std::string> explain_race(std::string_view word) {
  if (word.size() < 2 || std::toupper(static_cast<unsigned char>(word[0])) != 'R') return std::nullopt;
  const auto number = parse_number(word.substr(1));
  if (!number || *number == 0 || *number > races().size()) return std::nullopt;
  const Race& race = races()[*number - 1];
  return fmt::format("R{}: {}\n  {}\n  Right: {}\n", *number, race.title, race.happens, race.right);
}

std::optional<std::string> explain_invariant(std::string_view word) {
  const rmm::check::Rule* rule = rmm::check::find_rule(upper(word));
  if (rule == nullptr) return std::nullopt;
  const std::string checked = rule->checked.empty() ? "by tests that have its id in their names"
                                                    : fmt::format("under {} {}", rule->option, rule->checked);
  return fmt::format("{}: an invariant of the monitor   [{}]\n  {}\n  Checked: {}\n  All of them: docs/invariants.md\n",
                     rule->id, rule->section, rule->holds, checked);
}

std::vector<std::string_view> exit_names() {
  std::vector<std::string_view> names;
  for (const run::ExitForm& form : run::exit_forms())
    if (const auto name = run::exit_name(form.reason); names.empty() || names.back() != name) names.push_back(name);
  return names;
}

std::string exit_list() {
  return block([](Text& out) {
    for (const run::ExitForm& form : run::exit_forms())
      add(out, "  {:<13} {}\n", run::exit_name(form.reason), form.form.empty() ? form.meaning : form.form);
  });
}

tl::unexpected<UsageError> unknown(std::string message) { return tl::unexpected(UsageError{std::move(message)}); }

std::string hint(const std::optional<std::string_view>& guess) {
  return guess ? fmt::format("did you mean '{}'? ", *guess) : std::string();
}

tl::expected<std::string, UsageError> explain_exit(std::string_view word) {
  std::vector<std::string> blocks;
  for (const run::ExitForm& form : run::exit_forms())
    if (same_word(run::exit_name(form.reason), word)) blocks.push_back(block([&](Text& out) { add_exit(out, form); }));
  if (blocks.empty())
    return unknown(fmt::format("no REC exit is called '{}'; {}'ccasim explain EXIT' lists them", word,
                               hint(nearest(upper(word), exit_names()))));
  blocks.push_back(block([](Text& out) {
    add(out, "Every exit also shows:\n");
    add_fields(out, run::fields_of_every_exit());
    add(out, "Every other field is zero.\n");
  }));
  return join_blocks(blocks);
}

std::string list() {
  return block([](Text& out) {
    add(out, "Commands, with the number of their conditions of failure\n");
    for (const call::Command* c : explained_commands())
      add(out, "  {:<34} {:>2}  {}\n", c->name, c->conditions.size(), c->effect);
    add(out, "\nREC exits (ccasim explain EXIT NAME)\n{}\nInvariants of the monitor (--check)\n", exit_list());
    for (const rmm::check::Rule& rule : rmm::check::rules()) add(out, "  {:<4} {}\n", rule.id, rule.holds);
    add(out, "\nRaces and hazards of the host's side\n");
    unsigned number = 0;
    for (const Race& race : races()) add(out, "  {:<4} {}\n", fmt::format("R{}", ++number), race.title);
  });
}

tl::expected<std::string, UsageError> explain_word(std::string_view word) {
  if (const auto text = explain_command_word(word)) return *text;
  if (const auto text = explain_condition(word)) return *text;
  if (const auto text = explain_invariant(word)) return *text;
  if (const auto text = explain_race(word)) return *text;
  for (const std::string_view name : exit_names())
    if (same_word(name, word)) return explain_exit(word);

  std::vector<std::string_view> known{"EXIT"};
  for (const call::Command* c : explained_commands()) {
    known.push_back(c->name);
    for (const call::Condition& condition : c->conditions) known.push_back(condition.id);
  }
  auto guess = nearest(word, known);
  if (!guess) guess = nearest(upper(word), known);
  return unknown(
      fmt::format("nothing is known about '{}'; {}'ccasim explain --list' lists everything", word, hint(guess)));
}

}  // namespace

std::vector<const call::Command*> explained_commands() {
  std::vector<const call::Command*> commands;
  for (const call::Row* row : rmm::v1_0::rmi_rows()) commands.push_back(row->command);
  commands.push_back(&call::kUnknownRmi);
  for (const run::Service& service : run::services()) commands.push_back(service.row);
  return commands;
}

tl::expected<std::string, UsageError> explain(const std::vector<std::string>& arguments) {
  if (arguments.empty())
    return unknown(
        "explain what? A command, a condition, EXIT NAME, I1 to I28 or R1 to R73; 'ccasim explain --help' shows how");
  const std::string& first = arguments[0];
  if (same_word(first, "EXIT")) {
    if (arguments.size() == 1) return exit_list();
    if (arguments.size() == 2) return explain_exit(arguments[1]);
    return unknown(fmt::format("unexpected argument '{}'; one exit is explained at a time", arguments[2]));
  }
  if (arguments.size() > 1)
    return unknown(fmt::format("unexpected argument '{}'; one word is explained at a time", arguments[1]));
  if (first == "--help" || first == "-h") return std::string(kUsage);
  if (first == "--list") return list();
  if (first == "--json") return explain_json();
  if (first.starts_with('-')) {
    constexpr std::string_view kOptions[] = {"--list", "--json", "--help"};
    return unknown(fmt::format("unknown option '{}'; {}'ccasim explain --help' lists them", first,
                               hint(nearest(first, kOptions))));
  }
  return explain_word(first);
}

}  // namespace sim::app
