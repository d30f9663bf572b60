// SPDX-License-Identifier: GPL-2.0-or-later
// Names for guest addresses, from the symbol table of an ELF file or from a System.map beside the kernel.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "rmm/abi/addr.h"

namespace sim::app {

class Symbols {
 public:
  // Reads what it can from `kernel_path`: an ELF64 file's function symbols, else "System.map" in the same directory. A
  // file without symbols is no error: addresses then stay numbers.
  static Symbols load(const std::string& kernel_path);
  // The function symbols of an ELF64 file with these contents, as far as there are any.
  static Symbols of_elf(std::span<const char> file);
  // "name+0x10", or "" if no symbol is known below the address within 1 MiB.
  std::string name(abi::Va va) const;
  bool empty() const { return names_.empty(); }

 private:
  std::map<std::uint64_t, std::string> names_;
};

}  // namespace sim::app
