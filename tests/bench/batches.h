// SPDX-License-Identifier: GPL-2.0-or-later
// How long one operation takes: many short batches, of which a busy computer disturbs some.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace bench {

// Nanoseconds of one operation over all batches.
struct Figure {
  std::string name;
  double median = 0;
  double least = 0;
  double tenth = 0, ninetieth = 0;  // percentiles
};

// Wall time of `body`, in nanoseconds.
template <class Body>
double time_ns(Body&& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

class Batches {
 public:
  explicit Batches(std::string name) : name_(std::move(name)) {}

  // One batch: `body` does `operations` of them.
  template <class Body>
  void add(std::size_t operations, Body&& body) {
    each_.push_back(time_ns(body) / static_cast<double>(operations));
  }

  // Precondition: at least one batch was added.
  Figure figure() const {
    std::vector<double> sorted = each_;
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&](double part) { return sorted[static_cast<std::size_t>(part * double(sorted.size() - 1))]; };
    return {.name = name_, .median = at(0.5), .least = sorted.front(), .tenth = at(0.1), .ninetieth = at(0.9)};
  }

 private:
  std::string name_;
  std::vector<double> each_;
};

}  // namespace bench
