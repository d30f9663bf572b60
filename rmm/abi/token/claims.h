// SPDX-License-Identifier: GPL-2.0-or-later
// Tags, labels and fixed texts of the CCA attestation token (DEN0137 1.0-rel0 A7.2.3).
#pragma once

#include <cstdint>
#include <string_view>

namespace abi::token {

// A7.2.3: the token is a tagged map of its two parts.
inline constexpr std::uint64_t kCollectionTag = 399;
inline constexpr std::int64_t kPlatformPart = 44234;
inline constexpr std::int64_t kRealmPart = 44241;

inline constexpr std::string_view kSha256Name = "sha-256", kSha512Name = "sha-512";  // IANA's hash names

namespace realm {  // A7.2.3.1
inline constexpr std::int64_t kChallenge = 10;
inline constexpr std::int64_t kProfile = 265;
inline constexpr std::int64_t kPersonalizationValue = 44235;
inline constexpr std::int64_t kHashAlgorithm = 44236;
inline constexpr std::int64_t kPublicKey = 44237;
inline constexpr std::int64_t kInitialMeasurement = 44238;
inline constexpr std::int64_t kExtensibleMeasurements = 44239;
inline constexpr std::int64_t kPublicKeyHashAlgorithm = 44240;
inline constexpr std::string_view kProfileText = "tag:arm.com,2023:realm#1.0.0";
}  // namespace realm

namespace platform {  // A7.2.3.2
inline constexpr std::int64_t kChallenge = 10;
inline constexpr std::int64_t kInstanceId = 256;
inline constexpr std::int64_t kProfile = 265;
inline constexpr std::int64_t kLifecycle = 2395;
inline constexpr std::int64_t kImplementationId = 2396;
inline constexpr std::int64_t kSoftwareComponents = 2399;
inline constexpr std::int64_t kVerificationService = 2400;
inline constexpr std::int64_t kConfig = 2401;
inline constexpr std::int64_t kHashAlgorithm = 2402;
inline constexpr std::string_view kProfileText = "tag:arm.com,2023:cca_platform#1.0.0";

namespace component {  // A7.2.3.2.7
inline constexpr std::int64_t kType = 1;
inline constexpr std::int64_t kMeasurement = 2;
inline constexpr std::int64_t kVersion = 4;
inline constexpr std::int64_t kSignerId = 5;
}  // namespace component
}  // namespace platform

}  // namespace abi::token
