// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace sim::app {
namespace {

namespace fs = std::filesystem;

tl::unexpected<std::string> refused(const std::string& path, int error) {
  return tl::unexpected(fmt::format("cannot write '{}': {}", path, std::strerror(error)));
}

// True for what a rename would destroy instead of fill. /dev/stdout stands for a file that may be a regular one with
// a console in it already.
bool keeps_its_place(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::absolute(path).string().starts_with("/dev/") ||
         (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status));
}

// Beside the file that `path` names, links followed: a rename then replaces the file and not the link.
std::string target_of(const std::string& path) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(path, error);
  return error ? path : target.string();
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool open() const { return fd_ >= 0; }
  bool write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t n = ::write(fd_, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  bool close() {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0;
  }

 private:
  int fd_;
};

// A new file for the contents, removed again unless keep() was called.
class PartialFile {
 public:
  explicit PartialFile(const std::string& target)
      : path_(fmt::format("{}.part{}", target, ::getpid())),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)),
        made_(file_.open()) {}
  ~PartialFile() {
    const int error = errno;
    if (made_) ::unlink(path_.c_str());
    errno = error;
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  bool made() const { return made_; }
  bool write(std::string_view text) { return file_.write(text) && file_.close(); }
  bool become(const std::string& target) {
    if (std::rename(path_.c_str(), target.c_str()) != 0) return false;
    made_ = false;
    return true;
  }

 private:
  std::string path_;
  Descriptor file_;
  bool made_;
};

}  // namespace

tl::expected<void, std::string> check_writable(const std::string& path) {
  if (path == "-") return {};
  if (path.empty()) return refused(path, ENOENT);
  std::error_code error;
  if (fs::is_directory(path, error)) return refused(path, EISDIR);
  if (::access(path.c_str(), W_OK) != 0 && errno != ENOENT) return refused(path, errno);
  if (keeps_its_place(path)) return {};
  if (const PartialFile probe(target_of(path)); !probe.made()) return refused(path, errno);
  return {};
}

tl::expected<void, std::string> write_output(const std::string& path, std::string_view text) {
  if (path == "-") {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
      return tl::unexpected(std::string("standard output could not be written"));
    return {};
  }
  if (keeps_its_place(path)) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (!file.open() || !file.write(text) || !file.close()) return refused(path, errno);
    return {};
  }
  const std::string target = target_of(path);
  PartialFile file(target);
  if (!file.made() || !file.write(text) || !file.become(target)) return refused(path, errno);
  return {};
}

}  // namespace sim::app
