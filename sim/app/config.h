// SPDX-License-Identifier: GPL-2.0-or-later
// A machine and its VMs as configs/*.json describe them; the schema is the table in configs/README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "host/kvm/behaviour.h"
#include "host/vmm/config.h"
#include "sim/app/config_file.h"
#include "sim/app/options.h"
#include "sim/app/payload_config.h"

namespace sim::app {

struct RunConfig {
  MachineConfig machine;
  host::kvm::KvmBehaviour host;  // of the host kernel; each VM's life_cycle follows it
  std::vector<host::vmm::VmConfig> vms;
  std::optional<PayloadConfig> payload;  // runs in place of the host
};

// Reads options.config, applies --set and the other overrides, checks everything that can be checked before the machine
// exists. `executable_dir`: where ccasim is ("@guest/" lies beside it); `cache_dir`: what "@cache/" means.
tl::expected<RunConfig, InputError> load_config(const RunOptions& options, const std::string& executable_dir,
                                                const std::string& cache_dir);

// The same of the text of such a file, which `options.config` names.
tl::expected<RunConfig, InputError> parse_config(const std::string& text, const RunOptions& options,
                                                 const std::string& executable_dir, const std::string& cache_dir);

// DRAM for these VMs: their memory, a quarter more for images, tables and shared pages, and 256 MiB, in whole 256 MiB.
std::uint64_t automatic_memory(const std::vector<host::vmm::VmConfig>& vms);

// $CCASIM_CACHE, else $XDG_CACHE_HOME/ccasim, else ~/.cache/ccasim: where scripts/fetch-kernel puts its files.
std::string cache_directory();

}  // namespace sim::app
