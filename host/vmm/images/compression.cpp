// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/images/compression.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "host/vmm/images/wire.h"

namespace host::vmm {

namespace {

struct Magic {
  std::string_view bytes;
  std::string_view name;
  Compression kind;
};

using namespace std::string_view_literals;

constexpr std::array kMagics{
    Magic{"\x1f\x8b"sv, "gzip", Compression::kGzip},         Magic{"\x28\xb5\x2f\xfd"sv, "zstd", Compression::kZstd},
    Magic{"\xfd\x37zXZ\x00"sv, "xz", Compression::kOther},   Magic{"BZh"sv, "bzip2", Compression::kOther},
    Magic{"\x02\x21\x4c\x18"sv, "lz4", Compression::kOther}, Magic{"\x04\x22\x4d\x18"sv, "lz4", Compression::kOther},
    Magic{"\x89LZO\x00"sv, "lzo", Compression::kOther},      Magic{"\x5d\x00\x00"sv, "lzma", Compression::kOther},
};

const Magic* magic_of(std::span<const std::byte> bytes) {
  const WireView view(bytes);
  for (const Magic& magic : kMagics) {
    if (view.has(0, magic.bytes)) return &magic;
  }
  return nullptr;
}

// Grows in steps, so that a small file that claims to be huge costs little.
constexpr std::size_t kStep = 256 << 10;

bool grow(std::vector<std::byte>& out, std::size_t used, std::uint64_t limit) {
  if (used < out.size()) return true;
  if (out.size() >= limit) return false;
  const std::uint64_t wanted = std::max<std::uint64_t>(out.size() + out.size() / 2, out.size() + kStep);
  out.resize(static_cast<std::size_t>(std::min(wanted, limit)));
  return true;
}

}  // namespace

Compression compression_of(std::span<const std::byte> bytes) {
  const Magic* magic = magic_of(bytes);
  return magic != nullptr ? magic->kind : Compression::kNone;
}

std::string_view compression_name(std::span<const std::byte> bytes) {
  const Magic* magic = magic_of(bytes);
  return magic != nullptr ? magic->name : "none";
}

tl::expected<std::vector<std::byte>, UnpackError> gunzip(std::span<const std::byte> packed, std::uint64_t limit) {
  if (packed.size() > std::numeric_limits<uInt>::max()) return tl::unexpected(UnpackError::kTooLarge);
  z_stream stream{};
  // 16 + 15: a gzip header and trailer, and the largest window.
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return tl::unexpected(UnpackError::kDamaged);
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> cleanup(&stream, &inflateEnd);
  // zlib's interface predates const; it does not write here.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());

  std::vector<std::byte> out;
  std::size_t used = 0;
  while (true) {
    // At the limit one spare byte tells "exactly full" from "too large".
    std::byte spare{};
    const bool full = !grow(out, used, limit);
    const auto room = std::min<std::size_t>(out.size() - used, std::numeric_limits<uInt>::max());
    stream.next_out = reinterpret_cast<Bytef*>(full ? &spare : out.data() + used);
    stream.avail_out = full ? 1 : static_cast<uInt>(room);
    const uInt before = stream.avail_out;
    const int result = inflate(&stream, Z_NO_FLUSH);
    const uInt produced = before - stream.avail_out;
    if (full && produced != 0) return tl::unexpected(UnpackError::kTooLarge);
    used += produced;
    if (result == Z_STREAM_END) break;
    if (result == Z_BUF_ERROR || (result == Z_OK && produced == 0 && stream.avail_in == 0))
      return tl::unexpected(UnpackError::kTruncated);
    if (result != Z_OK) return tl::unexpected(UnpackError::kDamaged);
  }
  out.resize(used);
  return out;
}

tl::expected<std::vector<std::byte>, UnpackError> unzstd(std::span<const std::byte> packed, std::uint64_t limit) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(), &ZSTD_freeDStream);
  // Kernels are packed with long windows (zstd -22 --ultra uses 128 MiB).
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, 27);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::vector<std::byte> out;
  std::size_t used = 0;
  while (true) {
    std::byte spare{};
    const bool full = !grow(out, used, limit);
    ZSTD_outBuffer piece{full ? &spare : out.data() + used, full ? 1 : out.size() - used, 0};
    const std::size_t consumed_before = in.pos;
    const std::size_t result = ZSTD_decompressStream(stream.get(), &piece, &in);
    if (ZSTD_isError(result) != 0) return tl::unexpected(UnpackError::kDamaged);
    if (full && piece.pos != 0) return tl::unexpected(UnpackError::kTooLarge);
    used += piece.pos;
    // One frame; bytes after it (a zboot payload is padded) don't matter.
    if (result == 0) break;
    if (piece.pos == 0 && in.pos == consumed_before) return tl::unexpected(UnpackError::kTruncated);
  }
  out.resize(used);
  return out;
}

}  // namespace host::vmm
