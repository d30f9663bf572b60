// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the CBOR (RFC 8949) of tokens: definite lengths only. A reader that met anything unexpected has failed, and
// everything that it returns from then on is empty.
#pragma once

#include <cstdint>
#include <string_view>

#include "rmm/abi/token/cbor.h"

namespace rmm::check {

class CborReader {
 public:
  explicit CborReader(abi::token::ByteView bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  std::uint64_t tag() { return head(6); }
  std::uint64_t array() { return head(4); }
  std::uint64_t map() { return head(5); }
  std::int64_t integer() {
    const bool negative = !rest_.empty() && (rest_[0] >> 5) == 1;
    const std::uint64_t value = head(negative ? 1 : 0);
    return static_cast<std::int64_t>(negative ? ~value : value);
  }
  abi::token::ByteView bytes() { return take(head(2)); }
  // The encoding of the next item, whatever it is.
  abi::token::ByteView item() {
    const auto begin = rest_;
    skip(0);
    return failed_ ? abi::token::ByteView{} : begin.first(begin.size() - rest_.size());
  }

 private:
  static constexpr int kDeepest = 16;

  abi::token::ByteView take(std::uint64_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint64_t head(unsigned major) {
    const auto first = take(1);
    if (failed_ || (first[0] >> 5) != major) {
      failed_ = true;
      return 0;
    }
    const unsigned info = first[0] & 31;
    if (info < 24) return info;
    if (info > 27) {
      failed_ = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(std::uint64_t{1} << (info - 24))) value = value << 8 | byte;
    return value;
  }
  void skip(int depth) {
    if (failed_ || rest_.empty() || depth > kDeepest) {
      failed_ = true;
      return;
    }
    const unsigned major = rest_[0] >> 5;
    const std::uint64_t count = head(major);
    if (major == 2 || major == 3) take(count);
    if (major == 6) skip(depth + 1);
    const std::uint64_t items = major == 4 ? count : major == 5 ? 2 * count : 0;
    for (std::uint64_t i = 0; i < items && !failed_; ++i) skip(depth + 1);
  }

  abi::token::ByteView rest_;
  bool failed_ = false;
};

}  // namespace rmm::check
