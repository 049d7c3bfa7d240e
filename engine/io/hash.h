#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace molten::io {

// A 128-bit XXH3 digest (Collet, github.com/Cyan4973/xxHash). Finds damage, not forgery: it is no cryptographic hash.
struct Hash128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    bool operator==(const Hash128&) const = default;
    // 32 lower-case hexadecimal digits, high half first: what `xxhsum -H2` prints.
    std::string hex() const;
    static std::optional<Hash128> from_hex(std::string_view digits);
};

Hash128 hash128(std::span<const std::byte> bytes);

// XXH3-128 over a stream: the same digest as hash128 over the bytes joined.
class Hasher {
  public:
    Hasher();
    void update(std::span<const std::byte> bytes);
    Hash128 digest() const;

  private:
    struct State;
    struct Deleter {
        void operator()(State*) const;
    };
    std::unique_ptr<State, Deleter> state_;
};

}  // namespace molten::io
