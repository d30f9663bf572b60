// SPDX-License-Identifier: GPL-2.0-or-later
// What the host sees in each REC exit, in words: the table behind `ccasim explain EXIT`. exit.cpp fills the fields.
#pragma once

#include <span>
#include <string_view>

#include "rmm/abi/v1_0/types.h"

namespace rmm::run {

struct ExitField {
  std::string_view name;  // of RecExit; "gprs[0]" is one element
  std::string_view meaning;
};

// One form of an exit: a reason, and for SYNC the exception behind it.
struct ExitForm {
  abi::v1_0::RecExitReason reason;
  std::string_view form;     // empty where the reason has one form only
  std::string_view section;  // of DEN0137, or a decision
  std::string_view meaning;
  std::span<const ExitField> fields;  // beside those that every exit has; all others are zero (I20)
  std::string_view next;              // what the host may do, and what the next entry takes from it
};

// "RIPAS_CHANGE"
std::string_view exit_name(abi::v1_0::RecExitReason reason);

// Every form, by ascending exit reason.
std::span<const ExitForm> exit_forms();
// What every exit shows (A4.3.1).
std::span<const ExitField> fields_of_every_exit();

}  // namespace rmm::run
