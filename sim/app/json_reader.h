// SPDX-License-Identifier: GPL-2.0-or-later
// Strict reading of a configuration: every key must be known, every value of its type; one clear message otherwise.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace sim::app {

// A value as a message shows it: on one line, not too long, always UTF-8.
std::string shown(const nlohmann::json& value);

// Reads the members of one JSON object. Collects the first error only. Usage: call the field functions for every known
// key, then finish().
class ObjectReader {
 public:
  // `where` is the object's path for messages, e.g. "vms[0]". `error` receives the first message.
  ObjectReader(const nlohmann::json& object, std::string where, std::string& error);

  void text(std::string_view key, std::string& out);
  void flag(std::string_view key, bool& out);
  void number(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max);
  void number(std::string_view key, unsigned& out, std::uint64_t min, std::uint64_t max);
  // One of some words; `out` is its place among them.
  void choice(std::string_view key, std::span<const std::string_view> words, unsigned& out);
  void size(std::string_view key, std::uint64_t& out);  // "512MiB" or bytes
  // The array or object under the key, nullptr if absent or of another type (then the error is set).
  const nlohmann::json* array(std::string_view key);
  const nlohmann::json* object(std::string_view key);
  // Reports a key that no call asked for, with the nearest known one.
  void finish();

 private:
  const nlohmann::json* find(std::string_view key);
  void fail(std::string_view key, std::string_view expected, const nlohmann::json& found);
  void set_error(std::string message);

  const nlohmann::json& object_;
  std::string where_;
  std::string& error_;
  std::vector<std::string_view> known_;
};

}  // namespace sim::app
