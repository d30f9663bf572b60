// SPDX-License-Identifier: GPL-2.0-or-later
// The operands of failure conditions: a row says by name what each condition looks at, as the specification's
// expression has it, and whoever observes the monitor gets the values that made the condition true. They are read only
// once a condition has failed, only with an observer, without a Step and without an effect.
//
// A name is an argument of the row ("level"), the state or the protection of an argument's granule
// ("Granule(rd).state", "Granule(src).gpt"), or one of the table in operand.cpp ("walk.level", "realm.ipa_width").
#pragma once

#include <string_view>
#include <vector>

#include "rmm/abi/v1_0/structures.h"
#include "rmm/call/command.h"
#include "rmm/core/rtt_walk.h"
#include "rmm/port/observer.h"

namespace rmm::call {

class CallBase;

// What a handler has in hand beside the arguments and the monitor's state; null until it has said so.
struct Seen {
  const core::RttWalk* walk = nullptr;
  const abi::v1_0::RealmParams* realm_params = nullptr;
  const abi::v1_0::RecParams* rec_params = nullptr;
  const abi::v1_0::RecEnter* enter = nullptr;
};

// True iff a condition of `command` may name `operand`.
bool operand_is_known(const Command& command, std::string_view operand);

// The values of `operands` (separated by single spaces) at this moment, in that order. Left out is what does not exist:
// an attribute of an object that an argument does not name.
std::vector<port::OperandValue> operand_values(const CallBase& call, const Seen& seen, std::string_view operands);

}  // namespace rmm::call
