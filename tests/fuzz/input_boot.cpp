// SPDX-License-Identifier: GPL-2.0-or-later
// What a boot places: a kernel, an initramfs of any content, binaries, a device tree. Refused with a message, or every
// piece lies in RAM, on granules of its own, and the device tree is one and says where the initramfs is.
//
// The input: the shape of the VM, then the kernel's patches (none: as it is), then the initramfs.
#include <libfdt.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "host/vmm/boot_plan.h"
#include "host/vmm/layout.h"
#include "tests/fuzz/input.h"
#include "tests/host_vmm/image_builders.h"

namespace {

using namespace host::vmm;
using namespace host::vmm::test;

// A file of the input's making: the loader reads paths.
class InputFile {
 public:
  explicit InputFile(const char* name)
      : path_((std::filesystem::temp_directory_path() / ("ccasim-fuzz-" + std::to_string(::getpid()) + "-" + name))
                  .string()) {}
  ~InputFile() { std::filesystem::remove(path_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  const std::string& write(std::span<const std::byte> bytes) {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path_;
  }

 private:
  std::string path_;
};

void check_plan(const VmConfig& config, const BootPlan& plan) {
  const std::uint64_t end = kRamBase.value + config.memory;
  std::uint64_t free = kRamBase.value;
  for (const LoadPiece& piece : plan.pieces) {
    fuzz::expect(abi::is_granule_aligned(piece.ipa), "a piece begins inside a granule");
    fuzz::expect(piece.ipa.value >= free, "pieces share a granule or are not in order");
    fuzz::expect(piece.ipa.value <= end && piece.bytes.size() <= end - piece.ipa.value, "a piece leaves RAM");
    free = abi::align_up(piece.ipa.value + piece.bytes.size(), abi::kGranuleSize);
  }
  fuzz::expect(plan.entry.value >= kRamBase.value && plan.entry.value < end, "the entry is outside RAM");
  if (!plan.layout.has_dtb) return;
  const std::vector<std::byte> seed(64);
  const std::vector<std::byte> tree = device_tree(config, plan, seed);
  fuzz::expect(fdt_check_full(tree.data(), tree.size()) == 0, "the device tree is broken");
  fuzz::expect(plan.layout.dtb.value >= kRamBase.value && tree.size() <= end - plan.layout.dtb.value,
               "the device tree leaves RAM");
  const int chosen = fdt_path_offset(tree.data(), "/chosen");
  fuzz::expect(chosen >= 0, "the device tree has no /chosen");
  const bool tells = fdt_getprop(tree.data(), chosen, "linux,initrd-start", nullptr) != nullptr;
  fuzz::expect(tells == (plan.layout.initrd_size != 0), "the device tree doesn't tell of the initramfs");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static InputFile kernel_file("kernel"), initrd_file("initrd");
  fuzz::Bytes input({data, size});
  VmConfig config;
  const auto shape = input.take<std::uint8_t>();
  config.realm = (shape & 1) != 0;
  config.boot = (shape & 2) != 0 ? Boot::kRaw : Boot::kLinux;
  config.console = (shape & 4) != 0;
  config.entropy = (shape & 8) != 0;
  config.vcpus = input.take<std::uint8_t>();
  config.memory = std::uint64_t{input.take<std::uint16_t>()} * (64 * kKiB);
  config.ipa_bits = input.take<std::uint8_t>() % 50;
  if ((shape & 16) != 0) config.entry = abi::Ipa{kRamBase.value + input.take<std::uint32_t>()};
  if ((shape & 32) != 0) config.dtb = abi::Ipa{kRamBase.value + input.take<std::uint32_t>()};
  if ((shape & 64) != 0) {
    Binary binary;
    binary.ipa = {kRamBase.value + input.take<std::uint32_t>()};
    binary.bytes.resize(input.take<std::uint16_t>());
    config.binaries.push_back(std::move(binary));
  }
  if (config.boot == Boot::kLinux || (shape & 128) != 0) {
    Bytes kernel = arm64_image_with_pe(0x1000);
    fuzz::Bytes patches(input.take_bytes(input.take<std::uint8_t>()));
    fuzz::patch(kernel, patches);
    config.kernel = kernel_file.write(kernel);
  }
  const auto append = input.take_bytes(input.take<std::uint8_t>() % 64);
  for (const std::uint8_t c : append) config.append.push_back(static_cast<char>(c));
  if (!input.empty()) config.initrd = initrd_file.write(std::as_bytes(input.rest()));

  const auto plan = plan_boot(config);
  if (!plan) {
    fuzz::refused(to_string(plan.error()));
    return 0;
  }
  fuzz::accepted();
  check_plan(config, *plan);
  return 0;
}
