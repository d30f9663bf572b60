// SPDX-License-Identifier: GPL-2.0-or-later
// A machine for payloads of Non-secure EL2, as files like configs/fvp.json describe it: PEs, DRAM and devices, each
// with its address and interrupt. Nothing of such a map is in the code. The schema is the table in configs/README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "rmm/abi/addr.h"
#include "sim/app/config_file.h"
#include "sim/mem/dram.h"
#include "sim/timer/generic_timer.h"

namespace sim::app {

// Of each PE. The timers' interrupts are PPIs.
struct PesConfig {
  std::vector<abi::Mpidr> affinities{{0}};  // the first is the one that starts
  bool multithreaded = false;               // MPIDR_EL1.MT: Aff0 tells threads of one core
  unsigned el1_physical_timer = 30, el1_virtual_timer = 27, el2_physical_timer = 26, el2_virtual_timer = 28;
  unsigned maintenance = 25;  // of the virtual CPU interface
  unsigned pmu = 23;          // overflow of the Performance Monitors
};

struct GicConfig {
  abi::Pa distributor, redistributors;
  unsigned spis = 224;
};

struct UartConfig {
  abi::Pa base;
  std::optional<unsigned> interrupt;  // INTID; none: not wired
  bool console = true;                // connected to the machine's console; else to nothing
};

struct Sp805Config {
  abi::Pa base;
  std::optional<unsigned> interrupt;
  std::uint64_t clock_hz = 32768;  // of its counter
};

struct GenericWatchdogConfig {
  abi::Pa control, refresh;
  std::optional<unsigned> interrupt;  // WS0
  bool reset = false;                 // WS1 resets the platform
};

// Memory that survives a reset of the platform and begins filled with one byte; a constant region only answers it.
struct FilledRegionConfig {
  abi::Pa base;
  std::uint64_t size = 0;
  std::uint8_t byte = 0;
};

struct PlatformConfig {
  MachineConfig machine;           // `memory` is the sum of the banks
  std::vector<MemoryBank> dram{};  // ascending
  PesConfig pes;
  Counter counter{};  // the system counter
  GicConfig gic;
  std::vector<UartConfig> uarts;
  std::vector<Sp805Config> sp805;
  std::vector<GenericWatchdogConfig> generic_watchdogs;
  std::vector<FilledRegionConfig> nvm, constant;
};

// Reads a file, changed by `set` (--set PATH=VALUE, in order), and checks all of it.
tl::expected<PlatformConfig, InputError> load_platform_config(
    const std::string& path, const std::vector<std::pair<std::string, std::string>>& set);
// The same of the text of such a file; `path` is what messages call it.
tl::expected<PlatformConfig, InputError> parse_platform_config(
    const std::string& path, const std::string& text, const std::vector<std::pair<std::string, std::string>>& set);

}  // namespace sim::app
