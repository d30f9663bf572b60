// SPDX-License-Identifier: GPL-2.0-or-later
// Measures, and prints the figures as JSON: scripts/bench compares and judges them.
//
//   ccasim_bench [BATCHES]    nanoseconds; 100 batches of each by default
#include <fmt/core.h>

#include <charconv>
#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>

#include "tests/bench/bare_engine.h"
#include "tests/bench/calibration.h"
#include "tests/bench/fake_world.h"
#include "tests/bench/machine_world.h"

namespace {

constexpr unsigned kRecAux = 16;  // as many as the reference has; ccasim's own default is smaller

nlohmann::json to_json(const std::vector<bench::Figure>& figures) {
  auto rows = nlohmann::json::array();
  for (const bench::Figure& f : figures)
    rows.push_back({{"name", f.name},
                    {"median_ns", f.median},
                    {"least_ns", f.least},
                    {"tenth_ns", f.tenth},
                    {"ninetieth_ns", f.ninetieth}});
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned batches = 100;
  if (argc > 2) {
    fmt::print(stderr, "usage: ccasim_bench [BATCHES]\n");
    return 2;
  }
  if (argc == 2) {
    const std::string_view text = argv[1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), batches);
    if (error != std::errc{} || end != text.data() + text.size() || batches == 0) {
      fmt::print(stderr, "ccasim_bench: '{}' is not a number of batches\n", text);
      return 2;
    }
  }
  try {
    nlohmann::json out;
    const bench::Figure plain = bench::sha256_in_plain_c(batches);  // before anything uses the library
    out["calibration"] = to_json({plain, bench::sha256_with_cpu_instructions(batches)});
    out["fake_platform"] = to_json(bench::measure_fake_platform(batches, kRecAux));
    out["machine"] = to_json(bench::measure_machine(batches, kRecAux));
    out["engine"] = to_json({bench::measure_bare_engine(batches)});
    out["batches"] = batches;
    fmt::print("{}\n", out.dump(2));
  } catch (const std::exception& failure) {
    fmt::print(stderr, "ccasim_bench: {}\n", failure.what());
    return 1;
  }
  return 0;
}
