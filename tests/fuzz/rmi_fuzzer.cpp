// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer's entry to the fuzzer of the monitor: an input's bytes decide what a seed decides elsewhere. The first one
// says who judges.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "tests/fuzz/rmi/session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const fuzz::Trial trial{.judge = static_cast<fuzz::Judged>(data[0] % 3)};
  const auto lines = fuzz::run_bytes(trial, std::span(data, size).subspan(1));
  if (lines.empty()) return 0;
  for (const auto& line : lines) std::fprintf(stderr, "FINDING %s\n", line.c_str());
  std::abort();
}
