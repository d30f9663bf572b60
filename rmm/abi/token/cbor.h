// SPDX-License-Identifier: GPL-2.0-or-later
// Writes CBOR (RFC 8949) as tokens need it: definite lengths and the shortest heads. The caller gives the keys of a map
// in ascending order of their encodings (RFC 8949 4.2.1).
#pragma once

#include <cbor/encoding.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace abi::token {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

class CborWriter {
 public:
  // The next `pairs` keys and values are the map's.
  CborWriter& map(std::size_t pairs) { return head(cbor_encode_map_start, pairs); }
  // The next `items` items are the array's.
  CborWriter& array(std::size_t items) { return head(cbor_encode_array_start, items); }
  // The next item is tagged.
  CborWriter& tag(std::uint64_t number) { return head(cbor_encode_tag, number); }
  CborWriter& integer(std::int64_t value) {
    if (value >= 0) return head(cbor_encode_uint, static_cast<std::uint64_t>(value));
    return head(cbor_encode_negint, ~static_cast<std::uint64_t>(value));
  }
  CborWriter& bytes(ByteView value) {
    head(cbor_encode_bytestring_start, value.size());
    return append(value);
  }
  CborWriter& text(std::string_view value) {
    head(cbor_encode_string_start, value.size());
    return append({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
  }

  Bytes take() { return std::exchange(out_, {}); }

 private:
  static constexpr std::size_t kLongestHead = 9;

  // libcbor's encoders of a head: value, buffer, its size; what they return is the length.
  template <class Value>
  CborWriter& head(std::size_t (*encode)(Value, unsigned char*, std::size_t), std::uint64_t value) {
    std::array<unsigned char, kLongestHead> buffer{};
    const std::size_t length = encode(static_cast<Value>(value), buffer.data(), buffer.size());
    return append(ByteView(buffer).first(length));
  }
  CborWriter& append(ByteView value) {
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
  }

  Bytes out_;
};

}  // namespace abi::token
