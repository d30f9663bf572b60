// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/script/play.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/pmu.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/check/abstraction.h"
#include "rmm/spec/describe.h"
#include "sim/script/structures.h"

namespace sim::script {
namespace {

namespace esr = abi::esr;

// Registers that a command has no use for: not zero, so that D1 shows.
constexpr std::uint64_t kUnused = 0x5a5a;

struct NamedRegister {
  std::string_view name;
  abi::SysReg reg{};
};
constexpr NamedRegister kRegisters[] = {
    {"CNTV_CTL_EL0", abi::SysReg::kCntvCtlEl0},
    {"CNTV_CVAL_EL0", abi::SysReg::kCntvCvalEl0},
    {"CNTP_CTL_EL0", abi::SysReg::kCntpCtlEl0},
    {"CNTP_CVAL_EL0", abi::SysReg::kCntpCvalEl0},
    {"SCTLR_EL1", abi::SysReg::kSctlrEl1},
    {"VBAR_EL1", abi::SysReg::kVbarEl1},
    {"PMCR_EL0", abi::pmu::kPmcrEl0},
    {"PMOVSSET_EL0", abi::pmu::kPmovssetEl0},
    {"PMINTENSET_EL1", abi::pmu::kPmintensetEl1},
};

struct NamedPas {
  std::string_view name;
  abi::Pas pas{};
};
constexpr NamedPas kPas[] = {
    {"secure", abi::Pas::kSecure}, {"nonsecure", abi::Pas::kNonSecure}, {"root", abi::Pas::kRoot}};

template <class Integer>
void assign(Integer& to, std::uint64_t value) {
  to = static_cast<Integer>(value);
}

}  // namespace

Played Play::run() {
  const Statement* at = program_.empty() ? nullptr : &program_.front();
  try {
    build_machine();
    for (const Statement& statement : program_) {
      at = &statement;
      step(statement);
      if (machine_->found()) break;
    }
    if (!machine_->found()) {
      results_.clear();
      machine_->rest();
      if (!results_.left.empty()) say_("end of the script: the host takes its PEs back");
      tell_results();
      machine_->look_at_everything();
    }
  } catch (const Failure& failure) {
    played_.error = ScriptError{at == nullptr ? 0 : at->line, failure.message};
  }
  if (machine_) played_.findings = machine_->findings();
  return played_;
}

void Play::build_machine() {
  bare::Settings settings;
  settings.check = check_;
  settings.signs = true;
  if (!program_.empty() && program_.front().verb == Verb::kMachine) {
    const Statement& machine = program_.front();
    rmm::core::Limits& limits = settings.limits;
    const auto take = [&](std::string_view name, auto& member) { assign(member, get(machine, name, member)); };
    take("s2sz", limits.s2sz);
    take("num_bps", limits.num_bps);
    take("num_wps", limits.num_wps);
    take("num_lrs", limits.num_lrs);
    take("max_recs_order", limits.max_recs_order);
    take("num_rec_aux", limits.num_rec_aux);
    take("vmid16", limits.vmid16);
    take("sha256", limits.sha256);
    take("sha512", limits.sha512);
    take("pmu", limits.pmu);
    take("pmu_num_ctrs", limits.pmu_num_ctrs);
    take("sysreg_gprs_rt", limits.sysreg_gprs_rt);
    constexpr std::uint64_t kMost = 1ULL << 36;
    for (std::size_t bank = 0; bank < settings.banks.size(); ++bank) {
      std::uint64_t& size = settings.banks.at(bank).size;
      size = get(machine, bank == 0 ? "dram" : "high_dram", size);
      if (size == 0 || size > kMost || !abi::is_aligned(size, abi::kGranuleSize))
        throw Failure{fmt::format("DRAM of {:#x} bytes: expected whole granules, up to 64G", size)};
    }
    abi::Pa& high = settings.banks.at(1).base;
    high = {get(machine, "high_base", high.value)};
    constexpr std::uint64_t kEnd = 1ULL << 52;  // of the largest physical address space, FEAT_LPA
    if (high.value < settings.banks[0].base.value + settings.banks[0].size || !abi::is_granule_aligned(high) ||
        high.value > kEnd - settings.banks[1].size)
      throw Failure{fmt::format("high_base={:#x}: expected a granule behind the DRAM at {:#x}, and all below {:#x}",
                                high.value, settings.banks[0].base.value, kEnd)};
    const bool fits = limits.num_rec_aux <= 16 && limits.num_lrs >= 1 && limits.num_lrs <= 16 && limits.s2sz >= 32 &&
                      limits.s2sz <= 48 && limits.max_recs_order <= 15 && limits.num_bps >= 1 && limits.num_wps >= 1 &&
                      limits.pmu_num_ctrs <= abi::pmu::kMaxCounters;
    if (!fits)
      throw Failure{
          "expected num_rec_aux up to 16, num_lrs from 1 to 16, s2sz from 32 to 48, max_recs_order up to 15, "
          "num_bps and num_wps from 1, pmu_num_ctrs up to 31"};
  }
  machine_ = std::make_unique<bare::Machine>(settings);
  next_granule_ = settings.banks.front().base.value;
  machine_->observe(results_);
  for (rmm::port::Observer* observer : observers_) machine_->observe(*observer);
  if (prepare_) prepare_(*machine_);
}

void Play::step(const Statement& statement) {
  switch (statement.verb) {
    case Verb::kMachine: return;
    case Verb::kLet:
      for (const Argument& argument : statement.arguments) names_[argument.name] = value(argument.value);
      return;
    case Verb::kGranules: return granules(statement);
    case Verb::kExpect: return expect(statement);
    case Verb::kShow: return show(statement);
    case Verb::kTogether: together_ = &statement; return;
    default: return perform(statement);
  }
}

void Play::granules(const Statement& statement) {
  const auto& bank = machine_->settings().banks.front();
  for (const Argument& argument : statement.arguments) {
    const std::uint64_t count = value(argument.value);
    constexpr std::uint64_t kMost = 1 << 20;
    if (count == 0 || count > kMost) throw Failure{fmt::format("'{}' cannot be {} granules", argument.name, count)};
    // A run is aligned to its size, as starting tables must be.
    std::uint64_t alignment = 1;
    while (alignment < count) alignment *= 2;
    const std::uint64_t base = abi::align_up(next_granule_, alignment * abi::kGranuleSize);
    if (base + count * abi::kGranuleSize > bank.base.value + bank.size)
      throw Failure{fmt::format("no DRAM is left for '{}'; 'machine dram=SIZE' gives more", argument.name)};
    next_granule_ = base + count * abi::kGranuleSize;
    names_[argument.name] = base;
  }
}

std::uint64_t Play::value(const Expression& expression) {
  std::uint64_t sum = 0;
  for (const Term& term : expression) {
    std::uint64_t number = term.number;
    if (term.name.starts_with("out.")) {
      const std::string_view output = std::string_view(term.name).substr(4);
      bool found = false;
      for (const Ended& ended : results_.ended)
        for (const auto& [name, shown] : ended.outputs)
          if (name == output) number = shown, found = true;
      if (!found) throw Failure{fmt::format("the last command has no output '{}'", output)};
    } else if (!term.name.empty()) {
      const auto it = names_.find(term.name);
      if (it == names_.end()) throw Failure{fmt::format("'{}' has no value yet", term.name)};
      number = it->second;
    }
    sum = term.negative ? sum - number : sum + number;
  }
  return sum;
}

std::optional<std::uint64_t> Play::find(const Statement& statement, std::string_view name) {
  for (const Argument& argument : statement.arguments)
    if (argument.name == name) return value(argument.value);
  return std::nullopt;
}

std::uint64_t Play::need(const Statement& statement, std::string_view name) {
  const auto found = find(statement, name);
  if (!found) throw Failure{fmt::format("'{}' needs {}=VALUE", statement.word, name)};
  return *found;
}

// The PE whose realm acts: named, or found by its REC, or the one that was entered last.
unsigned Play::realm_pe(const Statement& statement) {
  if (const auto rec = find(statement, "rec")) {
    for (unsigned pe = 0; pe < bare::Turns::kPes; ++pe)
      if (machine_->runs(pe) == abi::Pa{*rec}) return pe;
  }
  return statement.pe.value_or(entered_);
}

bare::Move Play::move(const Statement& statement) {
  const bool of_host = statement.verb == Verb::kCall &&
                       (statement.command == nullptr ? !find(statement, "rec")
                                                     : statement.command->interface == rmm::spec::Interface::kRmi);
  const bool around = statement.verb == Verb::kPage || statement.verb == Verb::kFill || statement.verb == Verb::kPas ||
                      statement.verb == Verb::kPending || statement.verb == Verb::kFirmware;
  const unsigned pe = of_host || around ? statement.pe.value_or(0) : realm_pe(statement);
  bare::Move out{static_cast<std::uint8_t>(pe), act(statement, pe)};
  if (const auto* call = std::get_if<bare::HostCall>(&out.act);
      call != nullptr && call->regs.fid() == abi::v1_0::kRmiRecEnter)
    entered_ = pe;
  return out;
}

bare::Act Play::act(const Statement& statement, unsigned) {
  switch (statement.verb) {
    case Verb::kPage: return bare::HostWrite{{need(statement, "at")}, page(statement)};
    case Verb::kFill:
      return bare::HostWrite{{need(statement, "at")}, bare::Fill{static_cast<std::uint8_t>(get(statement, "byte", 0))}};
    case Verb::kCall: return call(statement);
    case Verb::kAccess: {
      bare::RealmAccess access;
      access.ipa = {need(statement, "ipa")};
      access.way = statement.word == "load"    ? bare::Way::kLoad
                   : statement.word == "store" ? bare::Way::kStore
                                               : bare::Way::kFetch;
      const std::uint64_t size = get(statement, "size", 8), reg = get(statement, "reg", 0);
      if (size != 1 && size != 2 && size != 4 && size != 8) throw Failure{"an access has a size of 1, 2, 4 or 8 bytes"};
      if (reg > 31) throw Failure{"a register is a number from 0 to 31"};
      access.size = static_cast<std::uint8_t>(size);
      access.reg = static_cast<std::uint8_t>(reg);
      access.sign_extends = get(statement, "sign", 0) != 0;
      access.described = get(statement, "isv", 1) != 0;
      return access;
    }
    case Verb::kException: return bare::RealmException{exception(statement)};
    case Verb::kRegister: {
      for (const Argument& argument : statement.arguments) {
        if (argument.name != "key") continue;
        if (!argument.value.empty())
          return bare::RealmRegister{static_cast<abi::SysReg>(value(argument.value)), need(statement, "value")};
        for (const NamedRegister& known : kRegisters)
          if (known.name == argument.word) return bare::RealmRegister{known.reg, need(statement, "value")};
      }
      throw Failure{
          "expected 'register key=NAME value=N' with CNTV_CTL_EL0, CNTV_CVAL_EL0, CNTP_CTL_EL0, CNTP_CVAL_EL0, "
          "SCTLR_EL1, VBAR_EL1, PMCR_EL0, PMOVSSET_EL0, PMINTENSET_EL1, or the number that rmm/abi/arch/sysreg.h "
          "makes"};
    }
    case Verb::kRealmData: {
      bare::RealmData data;
      data.ipa = {need(statement, "ipa")};
      for (const Argument& argument : statement.arguments)
        with_field(data.data, argument.name, [&](auto& member) { assign(member, value(argument.value)); });
      return data;
    }
    case Verb::kPas: {
      const std::uint64_t at = need(statement, "at");
      for (const Argument& argument : statement.arguments)
        for (const NamedPas& known : kPas)
          if (argument.name == "to" && argument.word == known.name) return bare::SetPas{{at}, known.pas};
      throw Failure{"expected 'pas at=ADDRESS to=secure', 'to=nonsecure' or 'to=root'"};
    }
    case Verb::kPending:
      return bare::SetPending{get(statement, "irq", 0) != 0, get(statement, "fiq", 0) != 0, get(statement, "misr", 0)};
    case Verb::kFirmware: return bare::SetFirmware{need(statement, "attests") != 0};
    default: break;
  }
  throw Failure{fmt::format("'{}' is nothing that happens", statement.word)};
}

bare::Act Play::call(const Statement& statement) {
  const rmm::spec::Command* command = statement.command;
  const bool of_realm =
      command == nullptr ? find(statement, "rec").has_value() : command->interface != rmm::spec::Interface::kRmi;
  std::array<std::uint64_t, 18> x{};
  if (!of_realm) x.fill(kUnused);
  x[0] = command == nullptr ? need(statement, "fid") : statement.smc32 ? command->fid32 : command->fid;
  std::uint8_t count = 1;
  if (command != nullptr) {
    for (const rmm::spec::Register& input : command->inputs) x.at(input.x) = 0;
  }
  for (const Argument& argument : statement.arguments) {
    std::size_t reg = 0;
    if (command != nullptr)
      for (const rmm::spec::Register& input : command->inputs)
        if (input.name == argument.name) reg = input.x;
    if (reg == 0 && argument.name.starts_with('x')) reg = *parse_number(std::string_view(argument.name).substr(1));
    if (reg == 0 && argument.name != "x0") continue;  // fid, rec
    x.at(reg) = value(argument.value);
    count = std::max(count, static_cast<std::uint8_t>(reg + 1));
  }
  if (!of_realm) return bare::HostCall{{x}};
  if (command != nullptr)
    for (const rmm::spec::Register& input : command->inputs)
      count = std::max(count, static_cast<std::uint8_t>(input.x + 1));
  return bare::RealmCall{x, count};
}

bare::Page Play::page(const Statement& statement) {
  const auto fill = [&](auto structure) -> bare::Page {
    for (const Argument& argument : statement.arguments)
      with_field(structure, argument.name, [&](auto& member) { assign(member, value(argument.value)); });
    return structure;
  };
  if (statement.word == "RmiRealmParams") return fill(abi::v1_0::RealmParams{});
  if (statement.word == "RmiRecParams") return fill(abi::v1_0::RecParams{});
  return fill(abi::v1_0::RecEnter{});
}

abi::Exception Play::exception(const Statement& statement) {
  const std::string& word = statement.word;
  const auto sync = [](esr::Ec ec, std::uint64_t iss) { return abi::Exception{.esr = esr::make(ec, iss)}; };
  if (word == "irq") return {.kind = abi::ExceptionKind::kIrq};
  if (word == "fiq") return {.kind = abi::ExceptionKind::kFiq};
  if (word == "serror") return {.kind = abi::ExceptionKind::kSerror, .esr = get(statement, "esr", 0xbe000011)};
  if (word == "hvc") return sync(esr::Ec::kHvc64, get(statement, "imm", 0));
  if (word == "exception")
    return {.esr = need(statement, "esr"),
            .far = get(statement, "far", 0),
            .hpfar = get(statement, "hpfar", 0),
            .wfx_timeout = get(statement, "timeout", 0)};
  const esr::Wfx wait = word == "wfi"    ? esr::Wfx::kWfi
                        : word == "wfe"  ? esr::Wfx::kWfe
                        : word == "wfit" ? esr::Wfx::kWfit
                                         : esr::Wfx::kWfet;
  abi::Exception out = sync(esr::Ec::kWfx, static_cast<std::uint64_t>(wait));
  out.wfx_timeout = get(statement, "timeout", 0);
  return out;
}

bare::Schedule Play::schedule(const Statement& statement) {
  bare::Schedule schedule;
  schedule.first = static_cast<unsigned>(get(statement, "first", 0));
  for (const Argument& argument : statement.arguments) {
    if (argument.name != "preempt") continue;
    std::string_view rest = argument.word;
    for (unsigned& preemption : schedule.preemptions) {
      if (rest.empty()) break;
      const std::size_t end = std::min(rest.find(','), rest.size());
      const auto number = parse_number(rest.substr(0, end));
      if (!number) throw Failure{"'preempt' is one or two numbers of Steps, as in preempt=3,7"};
      preemption = static_cast<unsigned>(*number);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!rest.empty()) throw Failure{"'preempt' is one or two numbers of Steps, as in preempt=3,7"};
  }
  return schedule;
}

void Play::perform(const Statement& statement) {
  const bool together = together_ != nullptr;
  bare::Move made = move(statement);
  if (together && !first_) {
    first_ = made;
    say_(fmt::format("{:>4}  {}", statement.line, statement.text));
    return;
  }
  results_.clear();
  say_(fmt::format("{:>4}  {}", statement.line, statement.text));
  if (together) {
    if (first_->pe == made.pe) throw Failure{"two that act together are on different PEs: 'pe=1 ...'"};
    const bare::Together both{schedule(*together_), {*first_, made}};
    together_ = nullptr;
    first_.reset();
    if (recorder_) recorder_(both);
    for (const bare::Result& result : machine_->perform(both))
      if (!result.happened) ++played_.not_reached;
  } else {
    if (recorder_) recorder_(made);
    if (!machine_->perform(made).happened) {
      ++played_.not_reached;
      say_("      no realm runs here: not reached");
    }
  }
  tell_results();
}

void Play::tell_results() {
  played_.commands += results_.ended.size();
  const bool several = results_.ended.size() > 1;
  for (const Left& left : results_.left) say_(fmt::format("      REC exit: {}", Results::text(left)));
  for (const Ended& ended : results_.ended) {
    if (!ended.condition.empty()) ++played_.failed;
    say_(fmt::format("      {}{}{}", several || !results_.left.empty() ? ended.name : "",
                     several || !results_.left.empty() ? " -> " : "-> ", Results::text(ended)));
  }
}

void Play::expect(const Statement& statement) {
  for (const Argument& argument : statement.arguments) {
    ++played_.expectations;
    if (const auto problem = unmet(argument)) {
      const std::string text = fmt::format("line {}: expected {}, {}", statement.line,
                                           argument.name.empty() || argument.name == argument.word
                                               ? argument.word
                                               : fmt::format("{}", statement.text.substr(7)),
                                           *problem);
      played_.unexpected.push_back(text);
      say_(fmt::format("      NOT AS EXPECTED, {}", text));
    }
  }
}

std::optional<std::string> Play::unmet(const Argument& argument) {
  const auto got = [&] {
    std::vector<std::string> parts;
    for (const Left& left : results_.left) parts.push_back("REC exit " + left.reason);
    for (const Ended& ended : results_.ended)
      parts.push_back(ended.name + " " + ended.status + (ended.condition.empty() ? "" : " " + ended.condition));
    return parts.empty() ? std::string("nothing ended") : fmt::format("got {}", fmt::join(parts, ", "));
  };
  const std::string& name = argument.name;
  if (name.empty()) {
    if (argument.word == "running") {
      for (unsigned pe = 0; pe < bare::Turns::kPes; ++pe)
        if (machine_->runs(pe)) return std::nullopt;
      return got();
    }
    for (const Ended& ended : results_.ended)
      if (ended.status == argument.word || ended.condition == argument.word) return std::nullopt;
    return got();
  }
  if (name == "exit") {
    for (const Left& left : results_.left)
      if (left.reason == argument.word) return std::nullopt;
    return got();
  }
  if (name == "condition") {
    for (const Ended& ended : results_.ended)
      if (ended.condition == argument.word) return std::nullopt;
    return got();
  }
  const std::uint64_t wanted = value(argument.value);
  if (name.starts_with("exit.")) return unmet_exit(std::string_view(name).substr(5), wanted);
  for (const Ended& ended : results_.ended) {
    if (name == "index" && ended.interface == rmm::port::Interface::kRmi) {
      if (ended.x0 >> 8 == wanted) return std::nullopt;
      return fmt::format("got index {}", ended.x0 >> 8);
    }
    if (name == "x0") {
      if (ended.x0 == wanted) return std::nullopt;
      return fmt::format("got x0={:#x}", ended.x0);
    }
    for (const auto& [output, shown] : ended.outputs) {
      if (output != name) continue;
      if (shown == wanted) return std::nullopt;
      return fmt::format("got {}={:#x}", name, shown);
    }
  }
  return fmt::format("but no command that ended has an output '{}'", name);
}

std::optional<std::string> Play::unmet_exit(std::string_view field, std::uint64_t wanted) const {
  if (results_.left.empty()) return "but no REC left";
  const abi::v1_0::RecExit& exit = results_.left.back().exit;
  std::optional<std::string> problem;
  const bool known = with_field(exit, field, [&](const auto& member) {
    if (static_cast<std::uint64_t>(member) != wanted)
      problem = fmt::format("got {}={:#x}", field, static_cast<std::uint64_t>(member));
  });
  if (!known) return fmt::format("but RmiRecExit has no field '{}'", field);
  return problem;
}

void Play::show(const Statement& statement) {
  const rmm::core::Context context = machine_->core();
  const rmm::spec::State state = rmm::check::Abstraction(context.platform, machine_->state()).whole();
  const auto wanted = [&](std::string_view word) {
    if (statement.arguments.empty()) return true;
    return std::any_of(statement.arguments.begin(), statement.arguments.end(),
                       [&](const Argument& argument) { return argument.word == word || argument.word == "all"; });
  };
  rmm::spec::State part;
  if (wanted("granules")) part.granules = state.granules;
  if (wanted("realms")) part.realms = state.realms;
  if (wanted("recs")) part.recs = state.recs;
  if (wanted("tables")) part.tables = state.tables;
  say_(fmt::format("{:>4}  {}", statement.line, statement.text));
  const std::string text = rmm::spec::describe(part);
  std::string_view rest = text;
  if (rest.empty()) say_("      nothing");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    say_(fmt::format("      {}", rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

}  // namespace sim::script
