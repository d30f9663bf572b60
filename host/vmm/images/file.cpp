// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/images/file.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace host::vmm {

namespace {

tl::unexpected<ConfigError> unusable(const std::string& what, const std::string& path, const std::string& why,
                                     const std::string& next_step) {
  return tl::unexpected(ConfigError{fmt::format("Can't read the {} {}: {}.", what, path, why), next_step});
}

}  // namespace

tl::expected<Bytes, ConfigError> read_file(const std::string& what, const std::string& path, std::uint64_t limit) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    return unusable(what, path, error ? error.message() : "no such file", "Check the path.");
  if (!std::filesystem::is_regular_file(status))
    return unusable(what, path, "it is not a regular file", "Give the path of a file.");
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return unusable(what, path, error.message(), "Check the path and its permissions.");
  if (size == 0) return unusable(what, path, "the file is empty", "Fetch or build it again.");
  if (size > limit)
    return unusable(what, path, fmt::format("its {} bytes are more than the VM's {} bytes of memory", size, limit),
                    "Give the VM more memory, or a smaller file.");

  std::ifstream stream(path, std::ios::binary);
  Bytes bytes(static_cast<std::size_t>(size));
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
    return unusable(what, path, "reading failed", "Check its permissions.");
  return bytes;
}

}  // namespace host::vmm
