// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/call/call.h"

#include <fmt/core.h>

#include <cstdlib>

namespace rmm::call {

void CallBase::tell_begin() const {
  if (platform.observer == nullptr) return;
  std::array<port::ArgumentValue, 18> args{};
  std::size_t n = 0;
  for (const Parameter& p : command_.in) args[n++] = {p.name, regs_.x[p.reg]};
  platform.observer->command_begin({.interface = command_.interface,
                                    .name = command_.name,
                                    .fid = regs_.fid(),
                                    .pe = pe.id(),
                                    .args = {args.data(), n},
                                    .rec = rec_pa_});
}

void CallBase::tell_end(const Outcome& outcome) const {
  if (platform.observer == nullptr) return;
  std::array<port::ArgumentValue, kMaxOutputs> outputs{};
  std::size_t n = 0;
  for (const Parameter& p : command_.out) {
    outputs[n] = {p.name, outputs_[n]};
    ++n;
  }
  const Condition* failed = outcome.failed;
  const std::span<const port::OperandValue> values = values_;
  platform.observer->command_end({.interface = command_.interface,
                                  .name = command_.name,
                                  .fid = regs_.fid(),
                                  .pe = pe.id(),
                                  .status = status_name(command_.interface, outcome.x0),
                                  .x0 = outcome.x0,
                                  .failed_condition = failed != nullptr ? failed->id : "",
                                  .meaning = failed != nullptr ? failed->meaning : "",
                                  .values = failed != nullptr ? values : std::span<const port::OperandValue>{},
                                  .outputs = {outputs.data(), n},
                                  .rec = rec_pa_});
}

abi::SmcRegs CallBase::to_registers(const Outcome& outcome) const {
  abi::SmcRegs out = regs_;
  out.x[0] = outcome.x0;
  out.x[1] = out.x[2] = out.x[3] = 0;
  for (std::size_t i = 0; i < command_.out.size(); ++i) out.x[command_.out[i].reg] = outputs_[i];
  return out;
}

bool CallBase::record(std::size_t index) {
  const Condition& condition = command_.conditions[index];
  if (environment.switches.is_off(command_.fid, condition.id)) return false;
  failed_ = &condition;
  // Here, where the condition holds and the handler has its locks.
  if (platform.observer != nullptr) values_ = operand_values(*this, seen_, condition.operands);
  return true;
}

Outcome CallBase::failed_with(std::uint64_t index_bits) const {
  if (failed_ == nullptr) {
    fmt::print(stderr, "ccasim bug: {} reports a failure, but none of its conditions holds\n", command_.name);
    std::abort();
  }
  return {.x0 = failed_->status | index_bits, .failed = failed_};
}

void CallBase::out_of_order(std::size_t index) const {
  fmt::print(stderr, "ccasim bug: {} tests {} after {}, but its row lists them the other way round\n", command_.name,
             command_.conditions[index].id, command_.conditions[reached_].id);
  std::abort();
}

}  // namespace rmm::call
