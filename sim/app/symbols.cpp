// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/symbols.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <fmt/format.h>

namespace sim::app {
namespace {

constexpr std::size_t kLongestName = 512;     // of a symbol; what is longer is cut
constexpr std::uint64_t kFarthest = 1 << 20;  // bytes above a symbol that still count as its function

// A T structure at `offset` of the file, or nothing if the file ends before.
template <class T>
bool read_at(std::span<const char> file, std::uint64_t offset, T& out) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return false;
  std::memcpy(&out, file.data() + offset, sizeof(T));
  return true;
}

void add_elf_symbols(std::span<const char> file, std::map<std::uint64_t, std::string>& names) {
  Elf64_Ehdr header{};
  if (!read_at(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return;
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr table{}, strings{};
    if (!read_at(file, header.e_shoff + i * sizeof(Elf64_Shdr), table) || table.sh_type != SHT_SYMTAB) continue;
    if (!read_at(file, header.e_shoff + table.sh_link * sizeof(Elf64_Shdr), strings)) continue;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol{};
      if (!read_at(file, table.sh_offset + at, symbol)) return;
      const std::uint64_t name = strings.sh_offset + symbol.st_name;
      if (symbol.st_value == 0 || name >= file.size()) continue;
      const std::string text(file.data() + name,
                             strnlen(file.data() + name, std::min(kLongestName, file.size() - name)));
      if (!text.empty() && text[0] != '$') names.emplace(symbol.st_value, text);
    }
    return;  // a file has at most one symbol table of this kind (System V ABI, "Section Types")
  }
}

void add_system_map(const std::filesystem::path& path, std::map<std::uint64_t, std::string>& names) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::uint64_t address = 0;
    std::string kind, name;
    if (words >> std::hex >> address >> kind >> name && (kind == "T" || kind == "t" || kind == "W" || kind == "w"))
      names.emplace(address, name);
  }
}

}  // namespace

Symbols Symbols::of_elf(std::span<const char> file) {
  Symbols symbols;
  add_elf_symbols(file, symbols.names_);
  return symbols;
}

Symbols Symbols::load(const std::string& kernel_path) {
  Symbols symbols;
  if (kernel_path.empty()) return symbols;
  std::ifstream file(kernel_path, std::ios::binary);
  std::array<char, SELFMAG> magic{};
  file.read(magic.data(), magic.size());
  if (std::memcmp(magic.data(), ELFMAG, SELFMAG) == 0) {
    file.seekg(0, std::ios::end);
    std::vector<char> bytes(static_cast<std::size_t>(file.tellg()));
    file.seekg(0);
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    add_elf_symbols(bytes, symbols.names_);
  }
  if (symbols.names_.empty())
    add_system_map(std::filesystem::path(kernel_path).parent_path() / "System.map", symbols.names_);
  return symbols;
}

std::string Symbols::name(abi::Va va) const {
  auto it = names_.upper_bound(va.value);
  if (it == names_.begin()) return {};
  --it;
  const std::uint64_t offset = va.value - it->first;
  return offset < kFarthest ? fmt::format("{}+{:#x}", it->second, offset) : std::string{};
}

}  // namespace sim::app
