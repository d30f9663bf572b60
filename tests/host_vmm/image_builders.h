// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel files in every container, made from their format descriptions.
#pragma once

#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "host/vmm/images/file.h"

namespace host::vmm::test {

template <class T>
void put(Bytes& bytes, std::size_t offset, T value) {
  if (bytes.size() < offset + sizeof value) bytes.resize(offset + sizeof value);
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

inline void put_text(Bytes& bytes, std::size_t offset, const std::string& text) {
  if (bytes.size() < offset + text.size()) bytes.resize(offset + text.size());
  std::memcpy(bytes.data() + offset, text.data(), text.size());
}

struct ImageHeader {
  std::uint64_t text_offset = 0, image_size = 0x20000, flags = 0xa;
};

// An arm64 Image of `size` bytes with recognisable contents after its header.
inline Bytes arm64_image(ImageHeader header = {}, std::size_t size = 0x10000) {
  Bytes bytes(size);
  for (std::size_t i = 64; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 251);
  put<std::uint32_t>(bytes, 0, 0x14000010);
  put(bytes, 8, header.text_offset);
  put(bytes, 16, header.image_size);
  put(bytes, 24, header.flags);
  put_text(bytes, 56, "ARM\x64");
  return bytes;
}

// The same with an EFI stub's PE header: one section that reaches to the end of the file.
inline Bytes arm64_image_with_pe(std::size_t size = 0x10000) {
  Bytes bytes = arm64_image({}, size);
  put_text(bytes, 0, "MZ");
  put<std::uint32_t>(bytes, 0x3c, 0x40);
  put_text(bytes, 0x40, std::string("PE\0\0", 4));
  put<std::uint16_t>(bytes, 0x44, 0xaa64);
  put<std::uint16_t>(bytes, 0x46, 1);
  put<std::uint16_t>(bytes, 0x54, 0xa0);
  const std::size_t section = 0x40 + 24 + 0xa0;
  put<std::uint32_t>(bytes, section + 16, static_cast<std::uint32_t>(size - 0x1000));
  put<std::uint32_t>(bytes, section + 20, 0x1000);
  return bytes;
}

inline Bytes gzipped(const Bytes& in) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, in.size()) + 64);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline Bytes zstd_packed(const Bytes& in) {
  Bytes out(ZSTD_compressBound(in.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), in.data(), in.size(), 3));
  return out;
}

inline Bytes zboot(const Bytes& packed, const std::string& compression) {
  constexpr std::size_t kPayload = 0x400;
  Bytes bytes(kPayload);
  put_text(bytes, 0, "MZ");
  put_text(bytes, 4, "zimg");
  put<std::uint32_t>(bytes, 8, kPayload);
  put<std::uint32_t>(bytes, 12, static_cast<std::uint32_t>(packed.size()));
  put_text(bytes, 24, compression);
  bytes.insert(bytes.end(), packed.begin(), packed.end());
  bytes.resize(bytes.size() + 32);  // the real container pads its payload
  return bytes;
}

struct ElfSegment {
  std::uint64_t vaddr, paddr;
  Bytes bytes;
  std::uint64_t memory_size;
};

inline Bytes elf(std::uint64_t entry, const std::vector<ElfSegment>& segments, std::uint16_t machine = 183) {
  Bytes bytes(64 + 56 * segments.size());
  put_text(bytes, 0,
           "\x7f"
           "ELF");
  put<std::uint8_t>(bytes, 4, 2);
  put<std::uint8_t>(bytes, 5, 1);
  put<std::uint16_t>(bytes, 16, 2);
  put(bytes, 18, machine);
  put(bytes, 24, entry);
  put<std::uint64_t>(bytes, 32, 64);
  put<std::uint16_t>(bytes, 54, 56);
  put<std::uint16_t>(bytes, 56, static_cast<std::uint16_t>(segments.size()));
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::size_t header = 64 + 56 * i;
    put<std::uint32_t>(bytes, header, 1);
    put<std::uint64_t>(bytes, header + 8, bytes.size());
    put(bytes, header + 16, segments[i].vaddr);
    put(bytes, header + 24, segments[i].paddr);
    put<std::uint64_t>(bytes, header + 32, segments[i].bytes.size());
    put(bytes, header + 40, segments[i].memory_size);
    bytes.insert(bytes.end(), segments[i].bytes.begin(), segments[i].bytes.end());
  }
  return bytes;
}

// A file that is gone when the test is over.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const Bytes& bytes)
      : path_(std::filesystem::temp_directory_path() /
              ("ccasim_test_host_vmm_" + std::to_string(::getpid()) + "_" + name)) {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace host::vmm::test
