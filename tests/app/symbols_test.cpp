// SPDX-License-Identifier: GPL-2.0-or-later
// Names of a kernel's functions come from files that anybody may have made.
#include "sim/app/symbols.h"

#include <elf.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using sim::app::Symbols;

namespace {

// An ELF file with one table of `symbols` whose name is `name`, which `headers` section headers describe.
std::vector<char> elf_with(std::size_t headers, std::size_t symbols, const std::string& name) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_shoff = sizeof header;
  header.e_shnum = static_cast<Elf64_Half>(headers + 1);
  Elf64_Shdr strings{}, table{};
  table.sh_type = SHT_SYMTAB;
  table.sh_link = 0;
  strings.sh_type = SHT_STRTAB;
  strings.sh_offset = sizeof header + (headers + 1) * sizeof(Elf64_Shdr);
  strings.sh_size = name.size() + 1;
  table.sh_offset = strings.sh_offset + strings.sh_size;
  table.sh_size = symbols * sizeof(Elf64_Sym);
  std::vector<char> file;
  const auto append = [&file](const auto& part) {
    const auto* bytes = reinterpret_cast<const char*>(&part);
    file.insert(file.end(), bytes, bytes + sizeof part);
  };
  append(header);
  append(strings);
  for (std::size_t i = 0; i < headers; ++i) append(table);
  file.insert(file.end(), name.c_str(), name.c_str() + name.size() + 1);
  for (std::size_t i = 0; i < symbols; ++i) {
    Elf64_Sym symbol{};
    symbol.st_value = 0x80200000 + 16 * i;
    append(symbol);
  }
  return file;
}

}  // namespace

TEST_CASE("function symbols of an ELF file name addresses") {
  const Symbols symbols = Symbols::of_elf(elf_with(1, 2, "start_kernel"));
  CHECK(symbols.name(abi::Va{0x80200004}) == "start_kernel+0x4");
  CHECK(symbols.name(abi::Va{0x80200010}) == "start_kernel+0x0");
  CHECK(symbols.name(abi::Va{0x801fffff}).empty());
  CHECK(symbols.name(abi::Va{0x80200010 + (1 << 20)}).empty());
}

TEST_CASE("a symbol's name that doesn't end is cut") {
  const std::string name(100'000, 'x');
  CHECK(Symbols::of_elf(elf_with(1, 1, name)).name(abi::Va{0x80200000}) == std::string(512, 'x') + "+0x0");
}

TEST_CASE("an ELF file that names its symbol table again and again is read as fast as any other") {
  const std::vector<char> file = elf_with(60'000, 20'000, "f");
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(Symbols::of_elf(file).empty());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));  // 1.2 billion symbols otherwise
}

TEST_CASE("an ELF file that ends anywhere is read as far as it goes") {
  const std::vector<char> file = elf_with(1, 4, "f");
  for (std::size_t size = 0; size <= file.size(); ++size)
    (void)Symbols::of_elf(std::span(file).first(size)).name(abi::Va{0x80200000});
  CHECK(Symbols::of_elf(std::span(file).first(file.size() - 1)).name(abi::Va{0x80200020}) == "f+0x0");
}
