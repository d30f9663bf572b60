// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/rmi/shrink.h"

#include <algorithm>
#include <cctype>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "rmm/abi/layout.h"
#include "sim/script/print.h"

namespace fuzz {
namespace {

namespace bare = sim::bare;

constexpr std::size_t kMostTries = 4000;

class Shrinker {
 public:
  Shrinker(const Recording& recording, const std::function<std::vector<std::string>(const Recording&)>& judge)
      : judge_(judge) {
    best_.recording = recording;
    best_.lines = judge(recording);
    essence_ = essence(best_.lines);
  }

  Shrunk run() {
    if (best_.lines.empty()) return best_;  // it does not happen again
    for (std::size_t before = 0; before != best_.recording.turns.size();) {
      before = best_.recording.turns.size();
      remove_turns();
      one_at_a_time();
      plain_pages();
    }
    plain_settings();
    return best_;
  }

 private:
  bool still(Recording candidate) {
    if (best_.tries >= kMostTries) return false;
    ++best_.tries;
    std::vector<std::string> lines = judge_(candidate);
    if (essence(lines) != essence_) return false;
    best_.recording = std::move(candidate);
    best_.lines = std::move(lines);
    return true;
  }

  // Zeller's ddmin: ever smaller pieces are left out.
  void remove_turns() {
    for (std::size_t piece = std::max<std::size_t>(best_.recording.turns.size() / 2, 1);; piece /= 2) {
      for (std::size_t end = best_.recording.turns.size(); end > 0;) {
        const std::size_t begin = end > piece ? end - piece : 0;
        Recording candidate = best_.recording;
        candidate.turns.erase(candidate.turns.begin() + static_cast<std::ptrdiff_t>(begin),
                              candidate.turns.begin() + static_cast<std::ptrdiff_t>(end));
        still(std::move(candidate));
        end = begin;
      }
      if (piece == 1) return;
    }
  }

  // Two at once become one after the other.
  void one_at_a_time() {
    for (std::size_t i = 0; i < best_.recording.turns.size(); ++i) {
      const auto* both = std::get_if<bare::Together>(&best_.recording.turns[i]);
      if (both == nullptr) continue;
      const std::array<bare::Move, 2> moves = both->moves;
      for (const bool swapped : {false, true}) {
        Recording candidate = best_.recording;
        candidate.turns[i] = moves.at(swapped ? 1 : 0);
        candidate.turns.insert(candidate.turns.begin() + static_cast<std::ptrdiff_t>(i) + 1, moves.at(swapped ? 0 : 1));
        if (still(std::move(candidate))) break;
      }
    }
  }

  // Fields of structures become zero, memory that is filled with something does too.
  void plain_pages() {
    for (std::size_t i = 0; i < best_.recording.turns.size(); ++i) {
      const auto* move = std::get_if<bare::Move>(&best_.recording.turns[i]);
      if (move == nullptr || !std::holds_alternative<bare::HostWrite>(move->act)) continue;
      for (std::size_t field = 0;; ++field) {
        Recording candidate = best_.recording;
        auto& page = std::get<bare::HostWrite>(std::get<bare::Move>(candidate.turns[i]).act).page;
        bool changed = false;
        if (!clear_field(page, field, changed)) break;
        if (changed) still(std::move(candidate));
      }
    }
  }
  static bool clear_field(bare::Page& page, std::size_t number, bool& changed) {
    return std::visit(
        [&](auto& structure) {
          using Structure = std::remove_cvref_t<decltype(structure)>;
          if constexpr (std::is_same_v<Structure, std::monostate>) {
            return false;
          } else if constexpr (std::is_same_v<Structure, bare::Fill>) {
            changed = std::exchange(structure.byte, std::uint8_t{0}) != 0;
            return number == 0;
          } else {
            std::size_t n = 0;
            std::apply(
                [&](const auto&... field) {
                  const auto clear = [&](auto& member) {
                    using Member = std::remove_cvref_t<decltype(member)>;
                    if (n++ != number) return;
                    changed = member != Member{};
                    member = Member{};
                  };
                  (clear(structure.*field.member), ...);
                },
                abi::Layout<Structure>::kFields);
            return number < n;
          }
        },
        page);
  }

  void plain_settings() {
    Recording candidate = best_.recording;
    candidate.settings.limits = {};
    if (still(std::move(candidate))) return;
    const auto plain = [&](auto member) {
      Recording one = best_.recording;
      one.settings.limits.*member = rmm::core::Limits{}.*member;
      still(std::move(one));
    };
    using Limits = rmm::core::Limits;
    plain(&Limits::s2sz);
    plain(&Limits::num_lrs);
    plain(&Limits::max_recs_order);
    plain(&Limits::num_rec_aux);
    plain(&Limits::vmid16);
    plain(&Limits::pmu);
    plain(&Limits::pmu_num_ctrs);
    plain(&Limits::sysreg_gprs_rt);
  }

  const std::function<std::vector<std::string>(const Recording&)>& judge_;
  Shrunk best_;
  std::string essence_;
};

}  // namespace

std::string essence(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string out;
  const std::string& line = lines.front();
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ';' || line[i] == '\n') break;  // what follows says when and where
    const bool in_word = i > 0 && (std::isalpha(static_cast<unsigned char>(line[i - 1])) != 0 || line[i - 1] == '_');
    if (std::isdigit(static_cast<unsigned char>(line[i])) == 0 || in_word) {
      out += line[i];
      continue;
    }
    while (i + 1 < line.size() && (std::isxdigit(static_cast<unsigned char>(line[i + 1])) != 0 || line[i + 1] == 'x'))
      ++i;
    out += '#';
  }
  return out;
}

Shrunk shrink(const Recording& recording, const std::function<std::vector<std::string>(const Recording&)>& judge) {
  return Shrinker(recording, judge).run();
}

std::string script_of(const Shrunk& shrunk, Judged judge, std::uint64_t seed, std::uint64_t episode) {
  std::string out =
      fmt::format("# Found by the fuzzer: seed {}, episode {}. Run it again:\n#   ccasim rmi-script {}FILE\n", seed,
                  episode, judge == Judged::kModel ? "--check=model " : "--check ");
  for (const std::string& line : shrunk.lines) {
    std::string comment = line;
    for (std::size_t at = 0; (at = comment.find('\n', at)) != std::string::npos; at += 3)
      comment.replace(at, 1, "\n# ");
    out += fmt::format("# {}\n", comment);
  }
  out += sim::script::line_of(shrunk.recording.settings) + "\n";
  for (const bare::Turn& turn : shrunk.recording.turns)
    for (const std::string& line : sim::script::lines_of(turn)) out += line + "\n";
  return out;
}

}  // namespace fuzz
