// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdexcept>

namespace bench {

// What was to be measured did not work; there is no figure.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace bench
