// SPDX-License-Identifier: GPL-2.0-or-later
// The one journal of outside input. Whatever enters the machine is first an entry here, stamped with the virtual time
// and the scheduling boundary at which it arrives; recording and replaying are the same act, only the entries' origin
// differs.
//
// Saved form: one line per entry, "TIME_NS ORDINAL KIND HEXBYTES"; '#' begins a comment. ORDINAL 0 means "the first
// boundary at or after TIME_NS", which is what a person writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <tuple>
#include <vector>

#include "host/port/console.h"
#include "sim/dev/input_source.h"

namespace sim {

enum class InputKind : std::uint8_t {
  kSeed,  // the machine's seed, 8 bytes little endian; first entry, time 0
  kKeys,  // bytes typed at the console
};

struct JournalEntry {
  std::uint64_t time_ns = 0;
  std::uint64_t ordinal = 0;
  InputKind kind = InputKind::kKeys;
  std::vector<std::uint8_t> bytes;
  auto members() { return std::tie(time_ns, ordinal, kind, bytes); }
  bool operator==(const JournalEntry&) const = default;
};

struct JournalState {
  std::vector<JournalEntry> entries;  // ascending by (time_ns, ordinal)
  std::uint64_t delivered = 0;        // entries that have arrived
  std::uint64_t consumed = 0;         // bytes of arrived keys that the guest's devices have taken
  std::vector<std::uint8_t> keys;     // all bytes of arrived keys
  rmm::port::WaitQueue arrived;
  auto members() { return std::tie(entries, delivered, consumed, keys, arrived); }

  // Of the kSeed entry, if there is one.
  std::optional<std::uint64_t> seed() const;
};

JournalEntry seed_entry(std::uint64_t seed);
std::string to_text(const std::vector<JournalEntry>& entries);
// The error names the line and what is expected there.
tl::expected<std::vector<JournalEntry>, std::string> parse_journal(std::string_view text);

// The console of the machine and its input source: output goes to a sink at once, input comes from the journal.
class Journal : public host::port::Console, public InputSource {
 public:
  using Output = std::function<void(std::uint8_t)>;
  // Returns the next byte typed by a person now, without waiting.
  using LiveInput = std::function<std::optional<std::uint8_t>()>;

  Journal(JournalState& state, Output output) : state_(state), output_(std::move(output)) {}
  // Live keys are stamped at the boundary at which they are found. Empty: none.
  void set_live_input(LiveInput live) { live_ = std::move(live); }

  // host::port::Console
  void put(std::uint8_t byte) override { output_(byte); }
  std::optional<std::uint8_t> get() override;
  rmm::port::WaitQueue& input_arrived() override { return state_.arrived; }

  // InputSource
  std::optional<std::uint64_t> next_due_ns() const override;
  bool deliver(const Boundary& at) override;
  rmm::port::WaitQueue& arrived() override { return state_.arrived; }

 private:
  void record_live(const Boundary& at);

  JournalState& state_;
  Output output_;
  LiveInput live_;
};

}  // namespace sim
