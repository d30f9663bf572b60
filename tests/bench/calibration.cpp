// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/calibration.h"

#include <gcrypt.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "rmm/abi/addr.h"
#include "tests/bench/failure.h"

namespace bench {
namespace {

Figure hash_granules(const char* name, unsigned batches) {
  constexpr std::uint64_t kHashes = 16;
  std::array<std::uint8_t, abi::kGranuleSize> granule{};
  Batches timed(name);
  for (unsigned i = 0; i < batches; ++i)
    timed.add(kHashes, [&] {
      // Each digest goes into the next input: none can be left out.
      for (std::uint64_t n = 0; n < kHashes; ++n)
        gcry_md_hash_buffer(GCRY_MD_SHA256, granule.data(), granule.data(), granule.size());
    });
  return timed.figure();
}

void initialise_library() {
  if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0) return;
  if (gcry_check_version(GCRYPT_VERSION) == nullptr) throw Failure("libgcrypt is older than its headers");
  gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
  gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

}  // namespace

Figure sha256_with_cpu_instructions(unsigned batches) {
  initialise_library();
  return hash_granules("SHA-256 of 4 KiB", batches);
}

Figure sha256_in_plain_c(unsigned batches) {
  constexpr const char* kName = "SHA-256 of 4 KiB, plain C";
  std::array<int, 2> channel{};
  if (pipe(channel.data()) != 0) throw Failure("no pipe");
  const pid_t child = fork();
  if (child < 0) throw Failure("no child process");
  if (child == 0) {
    gcry_control(GCRYCTL_DISABLE_HWF, "all", nullptr);
    initialise_library();
    const Figure f = hash_granules(kName, batches);
    const std::array<double, 4> numbers = {f.median, f.least, f.tenth, f.ninetieth};
    _exit(write(channel[1], numbers.data(), sizeof numbers) == sizeof numbers ? 0 : 1);
  }
  close(channel[1]);
  std::array<double, 4> numbers{};
  const bool complete = read(channel[0], numbers.data(), sizeof numbers) == sizeof numbers;
  close(channel[0]);
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0 || !complete) throw Failure("the calibration failed");
  return {.name = kName, .median = numbers[0], .least = numbers[1], .tenth = numbers[2], .ninetieth = numbers[3]};
}

}  // namespace bench
