// SPDX-License-Identifier: GPL-2.0-or-later
// Exit codes of `ccasim`, documented in README.md. A script may rely on them.
#pragma once

namespace sim::app {

enum class ExitCode : int {
  kPoweredOff = 0,      // every guest powered off
  kUsage = 2,           // unknown option or command, missing argument
  kBadInput = 3,        // configuration, kernel or another input file is wrong or unreadable
  kKernelPanic = 4,     // a guest kernel panicked
  kCrashed = 5,         // a VM ended by an error: the host layer or the monitor refused to go on
  kStuck = 6,           // nothing can happen any more: every CPU waits for something that cannot come
  kLimit = 7,           // --max-instructions or --until reached
  kFinding = 8,         // --check: a violated invariant; =model: a difference; =secrets: one that shows
  kCannotWrite = 9,     // an output file could not be written
  kUnexpected = 10,     // rmi-script: something is not as the script expects it
  kInternalError = 70,  // a bug of ccasim
  kInterrupted = 130,   // Ctrl-C
};

}  // namespace sim::app
