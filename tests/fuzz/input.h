// SPDX-License-Identifier: GPL-2.0-or-later
// What the fuzzers of inputs share. Each input_NAME.cpp has libFuzzer's entry point; a clang build with CCASIM_FUZZ
// links it with libFuzzer, every other build with input_driver.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

// How many inputs were taken and how many refused with a message: a fuzzer that sees only one kind tests little.
struct Outcomes {
  std::uint64_t accepted = 0, refused = 0;
};
inline Outcomes outcomes;  // NOLINT: written by the entry point, read by the driver

// A finding: ends the process where a debugger, libFuzzer or ctest sees it.
inline void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "finding: %s\n", what);
  std::abort();
}

// The message that a person gets: there is one, of one line.
inline void refused(std::string_view message) {
  ++outcomes.refused;
  expect(!message.empty(), "an input was refused without a message");
  expect(message.find('\n') == std::string_view::npos, "a message has more than one line");
}
inline void accepted() { ++outcomes.accepted; }

inline std::string as_text(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

// Draws values from the input, zeros behind its end.
class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> from) : left_(from) {}
  bool empty() const { return left_.empty(); }
  std::span<const std::uint8_t> rest() const { return left_; }

  template <class T>
  T take() {
    T value = 0;
    const std::size_t size = left_.size() < sizeof(T) ? left_.size() : sizeof(T);
    std::memcpy(&value, left_.data(), size);
    left_ = left_.subspan(size);
    return value;
  }
  std::span<const std::uint8_t> take_bytes(std::size_t count) {
    const auto taken = left_.first(count < left_.size() ? count : left_.size());
    left_ = left_.subspan(taken.size());
    return taken;
  }

 private:
  std::span<const std::uint8_t> left_;
};

// Writes to `target` what the input says until its end: offset (2 bytes), width (1 byte: 1, 2, 4 or 8), value.
inline void patch(std::span<std::byte> target, Bytes& input) {
  while (!input.empty() && !target.empty()) {
    const std::size_t at = input.take<std::uint16_t>() % target.size();
    const std::size_t width = std::size_t{1} << (input.take<std::uint8_t>() & 3);
    const auto value = input.take_bytes(width);
    std::memcpy(target.data() + at, value.data(),
                value.size() < target.size() - at ? value.size() : target.size() - at);
  }
}

}  // namespace fuzz
