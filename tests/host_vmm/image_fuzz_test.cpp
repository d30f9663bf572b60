// SPDX-License-Identifier: GPL-2.0-or-later
// Headers are taken to be hostile: whatever a file says, it is either refused with a message or yields segments that
// lie in RAM. Run under the sanitizers this also shows that nothing is read outside the file.
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "host/vmm/images/kernel_image.h"
#include "host/vmm/layout.h"
#include "tests/host_vmm/image_builders.h"

using namespace host::vmm;
using namespace host::vmm::test;

namespace {

constexpr std::uint64_t kMemory = 8 * kMiB;

std::uint64_t interesting(std::mt19937_64& random) {
  constexpr std::uint64_t kValues[] = {0,         1,          0x7fffffff,     0xffffffff,     0x80000000, ~0ULL,
                                       ~0ULL - 7, 1ULL << 63, 0xffffffff8000, kRamBase.value, 0x80800000, 0x1000};
  return random() % 3 == 0 ? random() : kValues[random() % std::size(kValues)];
}

// Up to four changes, most of them in the first kilobyte, where the headers are; sometimes the file is cut.
Bytes mutated(Bytes file, std::mt19937_64& random) {
  for (auto changes = random() % 4 + 1; changes != 0; --changes) {
    const std::size_t range = random() % 8 == 0 ? file.size() : std::min<std::size_t>(file.size(), 0x200);
    const std::uint64_t value = interesting(random);
    const std::size_t at = random() % range, width = std::size_t{1} << random() % 4;
    std::memcpy(file.data() + at, &value, std::min(width, file.size() - at));
  }
  if (random() % 4 == 0) file.resize(random() % file.size());
  return file;
}

bool in_ram(const KernelImage& kernel) {
  const std::uint64_t end = kRamBase.value + kMemory;
  for (const ImageSegment& s : kernel.segments) {
    if (s.ipa < kRamBase || s.ipa.value > end || s.memory_size > end - s.ipa.value || s.bytes.size() > s.memory_size)
      return false;
  }
  return !kernel.segments.empty() && kernel.entry >= kRamBase && kernel.entry.value < end;
}

}  // namespace

TEST_CASE("mutated kernel files are refused or yield segments inside RAM") {
  const Bytes image = arm64_image_with_pe(0x3000);
  const Bytes sources[] = {
      image,
      gzipped(image),
      zstd_packed(image),
      zboot(gzipped(image), "gzip"),
      zboot(zstd_packed(image), "zstd22"),
      elf(0x80200004, {{0x80200000, 0x80200000, Bytes(0x800), 0x2000}, {0x80203000, 0x80203000, Bytes(0x100), 0x100}})};
  std::mt19937_64 random(20261120);
  int accepted = 0, refused = 0;
  bool sound = true, explained = true;
  for (int i = 0; i < 20000; ++i) {
    const auto kernel = parse_kernel("fuzz", mutated(sources[random() % std::size(sources)], random), kMemory);
    if (kernel) {
      ++accepted;
      sound = sound && in_ram(*kernel);
    } else {
      ++refused;
      explained = explained && !kernel.error().message.empty() && !kernel.error().next_step.empty();
    }
  }
  CHECK(sound);
  CHECK(explained);
  CHECK(accepted > 1000);  // the mutations reach behind the first check
  CHECK(refused > 1000);
}
