// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel files: containers, arm64 Images and ELF files of any content are refused with a message, or yield segments
// inside RAM, in order and apart. Symbols of any ELF file can be asked for.
//
// The input's first byte says what the rest is: the file; or what a container of each kind holds; or patches (input.h)
// to a file that is good.
#include "host/vmm/images/kernel_image.h"
#include "host/vmm/layout.h"
#include "sim/app/symbols.h"
#include "tests/fuzz/input.h"
#include "tests/host_vmm/image_builders.h"

namespace {

using namespace host::vmm;
using namespace host::vmm::test;

constexpr std::uint64_t kMemory = 8 * kMiB;

Bytes good_elf() {
  return elf(0x80200004,
             {{0x80200000, 0x80200000, Bytes(0x800), 0x2000}, {0x80203000, 0x80203000, Bytes(0x100), 0x100}});
}

Bytes file_of(std::span<const std::uint8_t> input) {
  if (input.empty()) return {};
  const auto rest = std::as_bytes(input.subspan(1));
  const Bytes content(rest.begin(), rest.end());
  fuzz::Bytes patches(input.subspan(1));
  const auto patched = [&patches](Bytes file) {
    fuzz::patch(file, patches);
    return file;
  };
  switch (input[0] % 12) {
    case 0: return content;
    case 1: return gzipped(content);
    case 2: return zstd_packed(content);
    case 3: return zboot(content, "gzip");
    case 4: return zboot(gzipped(content), "gzip");
    case 5: return zboot(zstd_packed(content), "zstd22");
    case 6: return patched(arm64_image_with_pe(0x3000));
    case 7: return patched(good_elf());
    case 8: return patched(gzipped(arm64_image_with_pe(0x3000)));
    case 9: return patched(zstd_packed(arm64_image_with_pe(0x3000)));
    case 10: return patched(zboot(zstd_packed(arm64_image_with_pe(0x3000)), "zstd22"));
    default: return gzipped(patched(arm64_image_with_pe(0x3000)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes file = file_of({data, size});
  const std::span<const char> text(reinterpret_cast<const char*>(file.data()), file.size());
  (void)sim::app::Symbols::of_elf(text).name(abi::Va{0x80200010});
  const auto kernel = parse_kernel("fuzz", file, kMemory);
  if (!kernel) {
    fuzz::refused(to_string(kernel.error()));
    return 0;
  }
  fuzz::accepted();
  fuzz::expect(!kernel->segments.empty(), "a kernel without segments");
  const std::uint64_t end = kRamBase.value + kMemory;
  std::uint64_t free = kRamBase.value;
  for (const ImageSegment& segment : kernel->segments) {
    fuzz::expect(segment.ipa.value >= free, "segments overlap or are not in order");
    fuzz::expect(segment.ipa.value <= end && segment.memory_size <= end - segment.ipa.value, "a segment leaves RAM");
    fuzz::expect(segment.bytes.size() <= segment.memory_size, "a segment has more bytes than memory");
    free = segment.ipa.value + segment.memory_size;
  }
  fuzz::expect(kernel->entry.value >= kRamBase.value && kernel->entry.value < end, "the entry is outside RAM");
  return 0;
}
