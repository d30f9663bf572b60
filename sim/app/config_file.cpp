// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/config_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rmm/abi/arch/pmu.h"
#include "sim/app/json_reader.h"
#include "sim/app/text.h"

namespace sim::app {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

tl::unexpected<InputError> error(std::string message) { return tl::unexpected(InputError{std::move(message)}); }

constexpr int kDeepest = 32;  // nesting; values are printed and destroyed by recursion

struct TooDeep {};

// Throws json::exception or TooDeep.
json parse_json(const std::string& text) {
  const auto check_depth = [](int depth, json::parse_event_t, json&) {
    if (depth > kDeepest) throw TooDeep{};
    return true;
  };
  return json::parse(text, check_depth, /*allow_exceptions=*/true, /*ignore_comments=*/true);
}

}  // namespace

tl::expected<std::string, InputError> read_config_file(const std::string& path) {
  std::error_code unreadable;
  if (fs::is_directory(path, unreadable))
    return error(fmt::format("'{}' is a directory; give a configuration file, e.g. configs/hello.json", path));
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return error(
        fmt::format("cannot read the configuration '{}': {}; see configs/ for examples", path, std::strerror(errno)));
  return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

tl::expected<json, InputError> parse_config_text(const std::string& path, const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return error(fmt::format("'{}' is empty; see configs/ for examples", path));
  try {
    return parse_json(text);
  } catch (const json::parse_error& e) {
    const auto upto = text.substr(0, std::min<std::size_t>(e.byte, text.size()));
    const auto line = 1 + std::count(upto.begin(), upto.end(), '\n');
    // The library's text begins with its own name and with line and column.
    const std::string_view what = e.what();
    const std::size_t begin = what.find("syntax error");
    return error(fmt::format("'{}' line {} is not JSON: {}", path, line,
                             begin == std::string_view::npos ? what : what.substr(begin)));
  } catch (const json::out_of_range& e) {
    const std::string_view what = e.what();
    const std::size_t number = what.find("number overflow");
    return error(fmt::format("'{}': {}", path, number == std::string_view::npos ? what : what.substr(number)));
  } catch (const TooDeep&) {
    return error(fmt::format("'{}' is nested deeper than {} levels, which no configuration is", path, kDeepest));
  }
}

tl::expected<void, InputError> assign_config(json& root, const std::string& path, json value) {
  if (std::count(path.begin(), path.end(), '.') >= kDeepest)
    return error(fmt::format("--set {}...: a path of more than {} names", path.substr(0, 40), kDeepest));
  json* at = &root;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t dot = std::min(path.find('.', begin), path.size());
    const std::string key = path.substr(begin, dot - begin);
    begin = dot + 1;
    if (key.empty()) return error(fmt::format("--set {}: empty name in the path", path));
    if (at->is_array()) {
      const auto index = parse_number(key);
      if (!index || *index >= at->size())
        return error(fmt::format("--set {}: '{}' is no index of an array of {}", path, key, at->size()));
      at = &(*at)[*index];
    } else if (at->is_object() || at->is_null()) {
      at = &(*at)[key];
    } else {
      return error(fmt::format("--set {}: '{}' is inside a plain value", path, key));
    }
  }
  *at = std::move(value);
  return {};
}

json config_value(const std::string& text) {
  try {
    return parse_json(text);
  } catch (const json::exception&) {
    return text;
  } catch (const TooDeep&) {
    return text;
  }
}

void read_machine_choices(ObjectReader& machine, MachineConfig& out, std::string& problem) {
  machine.text("cpu", out.cpu);
  machine.flag("pointer_auth", out.pointer_auth);
  machine.number("seed", out.seed, 0, ~0ULL);
  machine.number("ns_per_instruction", out.ns_per_instruction, 1, 1000);
  constexpr unsigned kNoPmu = ~0U;
  unsigned counters = kNoPmu;
  machine.number("pmu_counters", counters, 0, abi::pmu::kMaxCounters);
  if (counters != kNoPmu) out.pmu_counters = static_cast<std::uint8_t>(counters);
  const json* limits = machine.object("rmm");
  if (limits == nullptr) return;
  ObjectReader rmm(*limits, "machine.rmm", problem);
  unsigned s2sz = out.limits.s2sz, lrs = out.limits.num_lrs, order = out.limits.max_recs_order,
           aux = out.limits.num_rec_aux;
  rmm.number("s2sz", s2sz, 32, 48);
  rmm.number("num_lrs", lrs, 1, 16);
  rmm.number("max_recs_order", order, 1, 15);
  rmm.number("num_rec_aux", aux, 0, 16);
  rmm.flag("sha512", out.limits.sha512);
  rmm.finish();
  out.limits.s2sz = static_cast<std::uint8_t>(s2sz);
  out.limits.num_lrs = static_cast<std::uint8_t>(lrs);
  out.limits.max_recs_order = static_cast<std::uint8_t>(order);
  out.limits.num_rec_aux = static_cast<std::uint8_t>(aux);
}

tl::expected<void, InputError> check_machine_choices(const MachineConfig& machine) {
  if (machine.cpu != "cortex-a72" && machine.cpu != "max")
    return error(fmt::format("machine.cpu must be \"cortex-a72\" or \"max\", found \"{}\"", machine.cpu));
  if (machine.pointer_auth && machine.cpu != "max")
    return error("machine.pointer_auth needs machine.cpu \"max\": cortex-a72 has no pointer authentication");
  return {};
}

}  // namespace sim::app
