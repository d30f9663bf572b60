// SPDX-License-Identifier: GPL-2.0-or-later
// What the monitor tells whoever listens: trace, statistics, checks. A null Observer* costs one test per event.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rmm/abi/addr.h"
#include "rmm/abi/smc.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/port/pe.h"

namespace rmm::port {

enum class Interface : std::uint8_t { kRmi, kRsi, kPsci };

struct ArgumentValue {
  std::string_view name;
  std::uint64_t value = 0;
};

// What a failed condition looked at, under the name it has in the condition's expression.
enum class Shown : std::uint8_t { kHex, kDecimal, kText };
struct OperandValue {
  std::string_view name;  // "walk.level"
  Shown shown = Shown::kHex;
  std::uint64_t value = 0;  // kDecimal: signed
  std::string_view text{};  // kText: a state's name
};

struct CommandBegin {
  Interface interface = Interface::kRmi;
  std::string_view name;  // "RMI_RTT_CREATE"; "unknown" for an id outside the table
  std::uint32_t fid = 0;
  PeId pe;
  std::span<const ArgumentValue> args;
  std::uint64_t rec = 0;  // RSI, PSCI: PA of the calling REC
};

struct CommandEnd {
  Interface interface = Interface::kRmi;
  std::string_view name;
  std::uint32_t fid = 0;
  PeId pe;
  std::string_view status;               // "RMI_ERROR_RTT"
  std::uint64_t x0 = 0;                  // raw return word
  std::string_view failed_condition;     // id, empty on success
  std::string_view meaning;              // of the condition, in words
  std::span<const OperandValue> values;  // that made it true
  std::span<const ArgumentValue> outputs;
  std::uint64_t rec = 0;
};

struct GranuleTransition {
  abi::GranulePa granule;
  std::string_view from, to;  // "DELEGATED" -> "DATA"
  abi::Pa owner;              // RD of the owning realm, 0 if none
};

struct RttWrite {
  abi::Pa rd;
  abi::Pa entry;  // PA of the descriptor
  abi::Ipa ipa;
  int level = 0;
  std::uint64_t before = 0, after = 0;
};

struct RipasChange {
  abi::Pa rd;
  abi::IpaRange range;
  std::string_view from, to;
};

struct RecEntry {
  abi::Pa rec;
  PeId pe;
  std::uint64_t flags = 0;
};

struct RecExitEvent {
  abi::Pa rec;
  PeId pe;
  std::string_view reason;
  const abi::v1_0::RecExit* exit = nullptr;
};

struct TrapEvent {  // an exception that reached the monitor, before it decides
  abi::Pa rec;
  PeId pe;
  std::uint64_t esr = 0, far = 0, hpfar = 0, pc = 0;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void command_begin(const CommandBegin&) {}
  virtual void command_end(const CommandEnd&) {}
  virtual void granule_transition(const GranuleTransition&) {}
  virtual void rtt_write(const RttWrite&) {}
  virtual void ripas_change(const RipasChange&) {}
  virtual void realm_state(abi::Pa /*rd*/, std::string_view /*from*/, std::string_view /*to*/) {}
  virtual void rec_enter(const RecEntry&) {}
  virtual void rec_exit(const RecExitEvent&) {}
  virtual void trap(const TrapEvent&) {}
  virtual void tlb_invalidate(abi::Vmid, abi::IpaRange) {}
  virtual void ns_read(abi::Pa, std::uint64_t /*size*/) {}  // the monitor read host-owned memory (I22)
};

}  // namespace rmm::port
