// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/digest.h"

#include <gcrypt.h>

#include <memory>

namespace rmm::check {
namespace {

// A program may check before the monitor has hashed anything.
void initialise_library() {
  static const bool kReady = [] {
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) == 0) {
      gcry_check_version(nullptr);
      gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
      gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
    return true;
  }();
  static_cast<void>(kReady);
}

struct Release {
  void operator()(gcry_sexp* expression) const { gcry_sexp_release(expression); }
};
using Expression = std::unique_ptr<gcry_sexp, Release>;

template <class... Args>
Expression build(const char* format, Args... args) {
  gcry_sexp_t expression = nullptr;
  if (gcry_sexp_build(&expression, nullptr, format, args...) != 0) return nullptr;
  return Expression(expression);
}

int length(std::span<const std::uint8_t> bytes) { return static_cast<int>(bytes.size()); }

}  // namespace

core::Measurement realm_digest(abi::v1_0::HashAlgorithm algorithm, std::span<const std::byte> data) {
  initialise_library();
  core::Measurement out{};
  gcry_md_hash_buffer(algorithm == abi::v1_0::HashAlgorithm::kSha512 ? GCRY_MD_SHA512 : GCRY_MD_SHA256, out.data(),
                      data.data(), data.size());
  return out;
}

abi::token::Bytes sha256(abi::token::ByteView data) {
  initialise_library();
  abi::token::Bytes out(32);
  gcry_md_hash_buffer(GCRY_MD_SHA256, out.data(), data.data(), data.size());
  return out;
}

bool es384_verifies(const abi::token::P384Point& key, abi::token::ByteView message, abi::token::ByteView signature) {
  initialise_library();
  if (signature.size() != 2 * abi::token::kP384Size) return false;
  abi::token::Sha384Digest digest{};
  gcry_md_hash_buffer(GCRY_MD_SHA384, digest.data(), message.data(), message.size());
  abi::token::Bytes point{0x04};  // uncompressed
  point.insert(point.end(), key.x.begin(), key.x.end());
  point.insert(point.end(), key.y.begin(), key.y.end());
  const auto r = signature.first(abi::token::kP384Size), s = signature.last(abi::token::kP384Size);
  const Expression public_key = build("(public-key (ecc (curve \"NIST P-384\") (q %b)))", length(point), point.data());
  const Expression data = build("(data (flags raw) (value %b))", length(digest), digest.data());
  const Expression value = build("(sig-val (ecdsa (r %b) (s %b)))", length(r), r.data(), length(s), s.data());
  return public_key && data && value && gcry_pk_verify(value.get(), data.get(), public_key.get()) == 0;
}

}  // namespace rmm::check
