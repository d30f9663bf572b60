// SPDX-License-Identifier: GPL-2.0-or-later
// Configurations of `ccasim run`: refused with a message, or what they ask for is within the bounds that they promise.
// Lines that begin with "--set " come first and change the rest, as on the command line.
#include "sim/app/config.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/set_lines.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::SetLines input = fuzz::split_set_lines(fuzz::as_text({data, size}));
  sim::app::RunOptions options;
  options.config = "fuzz.json";
  options.set = input.set;
  const auto config = sim::app::parse_config(input.text, options, "/opt/ccasim", "/var/cache/ccasim");
  if (!config) {
    fuzz::refused(config.error().message);
    return 0;
  }
  fuzz::accepted();
  fuzz::expect(!config->vms.empty(), "a configuration without VMs");
  std::uint64_t wanted = 0;
  for (const auto& vm : config->vms) {
    fuzz::expect(host::vmm::validate(vm).has_value(), "an invalid VM");
    fuzz::expect(vm.vcpus >= 1 && vm.vcpus <= 512, "a number of vCPUs out of range");
    wanted += vm.memory;
  }
  fuzz::expect(wanted <= config->machine.memory, "more memory for VMs than the machine has");
  fuzz::expect(config->machine.memory <= 1ULL << 40, "more memory than a machine may have");
  return 0;
}
