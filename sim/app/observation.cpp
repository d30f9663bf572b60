// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/observation.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "rmm/abi/arch/gic.h"
#include "rmm/abi/smc.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/call/command.h"
#include "rmm/v1_0/table.h"
#include "sim/app/realm_onlooker.h"

namespace sim::app {
namespace {

using abi::v1_0::RecEnter;
using abi::v1_0::RecExit;

class Digest {
 public:
  void add(std::uint64_t word) { state_ = std::rotl((state_ ^ word) * 0x9fb21c651e98df25ULL, 29); }
  void add(std::span<const std::byte> bytes) {
    add(bytes.size());
    std::uint64_t word = 0;
    for (; bytes.size() >= sizeof word; bytes = bytes.subspan(sizeof word)) {
      std::memcpy(&word, bytes.data(), sizeof word);
      add(word);
    }
    word = 0;
    if (!bytes.empty()) std::memcpy(&word, bytes.data(), bytes.size());
    add(word);
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0x2545f4914f6cdd1dULL;
};

abi::SmcRegs registers(const Sight& sight) {
  abi::SmcRegs regs;
  std::memcpy(&regs, sight.bytes.data(), std::min(sizeof regs, sight.bytes.size()));
  return regs;
}

const rmm::call::Command* command(std::uint32_t fid) {
  for (const auto* row : rmm::v1_0::rmi_rows())
    if (row->command->fid == fid) return row->command;
  return nullptr;
}

// "RMI_DATA_DESTROY(rd 0x80000000, ipa 0x1000) on PE 1".
std::string call_text(const Sight& sight) {
  const abi::SmcRegs regs = registers(sight);
  const auto* known = command(regs.fid());
  if (known == nullptr) return fmt::format("SMC {:#x} on PE {}", regs.fid(), sight.where);
  std::string arguments;
  for (const auto& parameter : known->in)
    fmt::format_to(std::back_inserter(arguments), "{}{} {:#x}", arguments.empty() ? "" : ", ", parameter.name,
                   regs.x[parameter.reg]);
  return fmt::format("{}({}) on PE {}", known->name, arguments, sight.where);
}

// The field of a structure that holds the byte at `offset`: "gprs[7]"; empty for reserved bytes.
template <class Struct>
std::string field_at(std::size_t offset) {
  std::string out;
  std::apply(
      [&](const auto&... field) {
        const auto look = [&](const auto& f) {
          using Member = std::remove_cvref_t<decltype(std::declval<Struct>().*f.member)>;
          if (offset < f.offset || offset >= f.offset + sizeof(Member)) return;
          if constexpr (std::is_integral_v<Member>)
            out = f.name;
          else
            out = fmt::format("{}[{}]", f.name, (offset - f.offset) / sizeof(typename Member::value_type));
        };
        (look(field), ...);
      },
      abi::Layout<Struct>::kFields);
  return out;
}

std::string run_page_field(std::size_t offset) {
  const bool is_exit = offset >= abi::v1_0::kRecRunExitOffset;
  const std::size_t at = is_exit ? offset - abi::v1_0::kRecRunExitOffset : offset;
  const std::string field = is_exit ? field_at<RecExit>(at) : field_at<RecEnter>(at);
  const char* half = is_exit ? "exit" : "enter";
  return field.empty() ? fmt::format("the padding of RecRun.{}", half) : fmt::format("RecRun.{}.{}", half, field);
}

std::string interrupt_register(std::size_t word) {
  constexpr std::string_view kNames[] = {"ICH_HCR_EL2", "ICH_VMCR_EL2", "ICH_AP0R0_EL2", "ICH_AP1R0_EL2"};
  if (word < std::size(kNames)) return std::string(kNames[word]);
  return fmt::format("ICH_LR{}_EL2", word - std::size(kNames));
}

// The place of `offset` in a sight.
std::string place(const Sight& sight, std::size_t offset) {
  const std::size_t word = offset / sizeof(std::uint64_t);
  switch (sight.kind) {
    case SightKind::kCall: return fmt::format("X{}, which the host gave", word);
    case SightKind::kResult: return word == 0 ? "the status in X0" : fmt::format("the result in X{}", word);
    case SightKind::kTime: return "virtual time";
    case SightKind::kListRegisters: return fmt::format("{} of PE {}", interrupt_register(word), sight.where);
    case SightKind::kRunPage:
      return fmt::format("{} (offset {:#x} of the run page {:#x})", run_page_field(offset), offset, sight.where);
    case SightKind::kGranule: return fmt::format("offset {:#x} of the Non-secure granule {:#x}", offset, sight.where);
    case SightKind::kHostRead: return fmt::format("what the host read at {:#x}", sight.where + offset);
    case SightKind::kGeneralRegisters:
      return word < 31 ? fmt::format("X{} of REC {:#x}", word, sight.where)
                       : fmt::format("{} of REC {:#x}", word == 31 ? "PC" : "PSTATE", sight.where);
    case SightKind::kSystemRegisters: return fmt::format("{} of REC {:#x}", watched_register_name(word), sight.where);
    case SightKind::kVirtualInterrupts:
      return fmt::format("{} as REC {:#x} meets it", interrupt_register(word), sight.where);
    case SightKind::kRealmMemory: return fmt::format("its memory at IPA {:#x}", sight.where + offset);
  }
  return "";
}

// The doubleword around `offset`, or what there is of it.
std::uint64_t word_at(const Sight& sight, std::size_t offset) {
  const std::size_t from = offset & ~(sizeof(std::uint64_t) - 1);
  std::uint64_t word = 0;
  if (from < sight.bytes.size())
    std::memcpy(&word, sight.bytes.data() + from, std::min(sizeof word, sight.bytes.size() - from));
  return word;
}

const Sight* find(const Observation& observation, SightKind kind) {
  for (const Sight& sight : observation.sights())
    if (sight.kind == kind) return &sight;
  return nullptr;
}

// At what the onlooker saw something.
std::string moment(const Observation& observation) {
  std::string out;
  if (const Sight* call = find(observation, SightKind::kCall))
    out = "after " + call_text(*call);
  else if (find(observation, SightKind::kGeneralRegisters) != nullptr)
    out = "when the realm goes on";
  else if (find(observation, SightKind::kHostRead) != nullptr)
    out = "when the host reads its memory";
  else
    out = "when everything is looked at";
  if (const Sight* time = find(observation, SightKind::kTime))
    fmt::format_to(std::back_inserter(out), ", {} ns", word_at(*time, 0));
  return out;
}

bool same_place(const Sight& a, const Sight& b) {
  return a.kind == b.kind && a.where == b.where && a.bytes.size() == b.bytes.size();
}

}  // namespace

void Observation::see(SightKind kind, std::uint64_t where, std::span<const std::byte> bytes) {
  if (used_ == sights_.size()) sights_.emplace_back();
  Sight& sight = sights_[used_++];
  sight.kind = kind;
  sight.where = where;
  sight.bytes.assign(bytes.begin(), bytes.end());
}

std::uint64_t Observation::digest() const {
  Digest digest;
  for (const Sight& sight : sights()) {
    digest.add(static_cast<std::uint64_t>(sight.kind));
    digest.add(sight.where);
    digest.add(std::span<const std::byte>(sight.bytes));
  }
  return digest.value();
}

void ObservationLog::compare_with(const ObservationLog& other, std::function<void()> parted) {
  compares_ = true;
  expected_ = other.digests_;
  hook_ = std::move(parted);
}

void ObservationLog::keep(std::size_t number, std::function<void()> seen) {
  wanted_ = number;
  hook_ = std::move(seen);
}

void ObservationLog::add(const Observation& observation) {
  const std::size_t number = digests_.size();
  digests_.push_back(observation.digest());
  if (compares_ && !difference_ && (number >= expected_.size() || expected_[number] != digests_.back()))
    difference_ = wanted_ = number;
  if (wanted_ != number) return;
  kept_ = observation;
  if (hook_) hook_();
}

std::optional<std::size_t> ObservationLog::difference(bool run_is_over) const {
  if (!difference_ && compares_ && run_is_over && digests_.size() < expected_.size()) return digests_.size();
  return difference_;
}

std::string difference_in_words(const std::optional<Observation>& a, const std::optional<Observation>& b,
                                std::pair<std::string_view, std::string_view> runs) {
  if (!a || !b)
    return fmt::format("{} ends where {} goes on ({})", a ? runs.second : runs.first, a ? runs.first : runs.second,
                       moment(a ? *a : *b));
  const auto left = a->sights(), right = b->sights();
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (!same_place(left[i], right[i])) break;
    const auto parted = std::mismatch(left[i].bytes.begin(), left[i].bytes.end(), right[i].bytes.begin());
    if (parted.first == left[i].bytes.end()) continue;
    const auto offset = static_cast<std::size_t>(parted.first - left[i].bytes.begin());
    return fmt::format("{}: {} is {:#x} in {} and {:#x} in {}", moment(*a), place(left[i], offset),
                       word_at(left[i], offset), runs.first, word_at(right[i], offset), runs.second);
  }
  return fmt::format("{} in {}, but {} in {}", moment(*a), runs.first, moment(*b), runs.second);
}

}  // namespace sim::app
