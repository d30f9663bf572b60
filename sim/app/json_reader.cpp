// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/json_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "sim/app/text.h"

namespace sim::app {

std::string shown(const nlohmann::json& value) {
  // Words of a command line need not be UTF-8, which dump() otherwise refuses.
  std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > 40) text = text.substr(0, 37) + "...";
  return text;
}

ObjectReader::ObjectReader(const nlohmann::json& object, std::string where, std::string& error)
    : object_(object), where_(std::move(where)), error_(error) {
  if (!object_.is_object())
    set_error(fmt::format("{} must be an object {{...}}, found {}", where_, object_.type_name()));
}

void ObjectReader::set_error(std::string message) {
  if (error_.empty()) error_ = std::move(message);
}

const nlohmann::json* ObjectReader::find(std::string_view key) {
  known_.push_back(key);
  if (!object_.is_object()) return nullptr;
  const auto it = object_.find(key);
  return it == object_.end() ? nullptr : &*it;
}

void ObjectReader::fail(std::string_view key, std::string_view expected, const nlohmann::json& found) {
  set_error(fmt::format("{}.{} must be {}, found {}", where_, key, expected, shown(found)));
}

void ObjectReader::text(std::string_view key, std::string& out) {
  const auto* value = find(key);
  if (value == nullptr) return;
  if (!value->is_string()) return fail(key, "a string", *value);
  out = value->get<std::string>();
}

void ObjectReader::flag(std::string_view key, bool& out) {
  const auto* value = find(key);
  if (value == nullptr) return;
  if (!value->is_boolean()) return fail(key, "true or false", *value);
  out = value->get<bool>();
}

void ObjectReader::number(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max) {
  const auto* value = find(key);
  if (value == nullptr) return;
  std::uint64_t read = 0;
  if (value->is_number_unsigned()) {
    read = value->get<std::uint64_t>();
  } else if (const auto parsed = value->is_string() ? parse_number(value->get<std::string>()) : std::nullopt) {
    read = *parsed;
  } else {
    return fail(key, fmt::format("a whole number from {} to {}", min, max), *value);
  }
  if (read < min || read > max) return fail(key, fmt::format("a whole number from {} to {}", min, max), *value);
  out = read;
}

void ObjectReader::number(std::string_view key, unsigned& out, std::uint64_t min, std::uint64_t max) {
  std::uint64_t wide = out;
  number(key, wide, min, max);
  out = static_cast<unsigned>(wide);
}

void ObjectReader::choice(std::string_view key, std::span<const std::string_view> words, unsigned& out) {
  const auto* value = find(key);
  if (value == nullptr) return;
  const auto word = value->is_string() ? std::find(words.begin(), words.end(), value->get<std::string>()) : words.end();
  if (word == words.end()) return fail(key, fmt::format("one of \"{}\"", fmt::join(words, "\", \"")), *value);
  out = static_cast<unsigned>(word - words.begin());
}

void ObjectReader::size(std::string_view key, std::uint64_t& out) {
  const auto* value = find(key);
  if (value == nullptr) return;
  if (value->is_number_unsigned()) {
    out = value->get<std::uint64_t>();
    return;
  }
  const auto parsed = value->is_string() ? parse_size(value->get<std::string>()) : std::nullopt;
  if (!parsed) return fail(key, "a size such as \"512MiB\" or a number of bytes", *value);
  out = *parsed;
}

const nlohmann::json* ObjectReader::array(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr || value->is_array()) return value;
  fail(key, "an array [...]", *value);
  return nullptr;
}

const nlohmann::json* ObjectReader::object(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr || value->is_object()) return value;
  fail(key, "an object {...}", *value);
  return nullptr;
}

void ObjectReader::finish() {
  if (!object_.is_object()) return;
  for (const auto& [key, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto guess = nearest(key, known_);
    set_error(guess ? fmt::format("{} has no key \"{}\"; did you mean \"{}\"?", where_, key, *guess)
                    : fmt::format("{} has no key \"{}\"; known keys: {}", where_, key, fmt::join(known_, ", ")));
  }
}

}  // namespace sim::app
