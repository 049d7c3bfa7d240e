#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/core/error.h"

namespace molten::io {

// An unsigned 64-bit number from a file, under arithmetic that cannot wrap: once a step overflows, the value is lost and stays lost.
// Every size, offset or count read from input goes through this type until it has been compared with a real length.
class Checked {
  public:
    constexpr Checked(std::uint64_t value) : value_(value) {}  // implicit: `Checked n = rows; n *= columns;`

    constexpr bool ok() const { return ok_; }
    // The number. Throws Error(corrupt) naming `what` if any step on the way overflowed.
    std::uint64_t value(std::string_view what) const {
        if (!ok_) throw Error(ExitCode::corrupt, std::string(what) + " does not fit in 64 bits");
        return value_;
    }
    constexpr std::uint64_t value_or(std::uint64_t fallback) const { return ok_ ? value_ : fallback; }

    friend constexpr Checked operator+(Checked a, Checked b) {
        Checked r(0);
        r.ok_ = a.ok_ && b.ok_ && !__builtin_add_overflow(a.value_, b.value_, &r.value_);
        return r;
    }
    friend constexpr Checked operator-(Checked a, Checked b) {
        Checked r(0);
        r.ok_ = a.ok_ && b.ok_ && !__builtin_sub_overflow(a.value_, b.value_, &r.value_);
        return r;
    }
    friend constexpr Checked operator*(Checked a, Checked b) {
        Checked r(0);
        r.ok_ = a.ok_ && b.ok_ && !__builtin_mul_overflow(a.value_, b.value_, &r.value_);
        return r;
    }
    constexpr Checked& operator+=(Checked b) { return *this = *this + b; }
    constexpr Checked& operator-=(Checked b) { return *this = *this - b; }
    constexpr Checked& operator*=(Checked b) { return *this = *this * b; }
    // Equal only if both are whole numbers that never overflowed.
    friend constexpr bool operator==(Checked a, Checked b) { return a.ok_ && b.ok_ && a.value_ == b.value_; }

  private:
    std::uint64_t value_;
    bool ok_ = true;
};

// The same bytes as characters: the one place where input changes its type without a copy.
inline std::string_view as_text(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

// Reads little-endian numbers and byte ranges from the front of a span. The span must outlive the reader and what it hands out.
// Reading past the end throws Error(corrupt) with the source's name and the offset.
class ByteReader {
  public:
    explicit ByteReader(std::span<const std::byte> bytes, std::string source = "input") : bytes_(bytes), source_(std::move(source)) {}

    std::size_t position() const { return position_; }
    std::size_t remaining() const { return bytes_.size() - position_; }

    std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(little_endian(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian(4)); }
    std::uint64_t u64() { return little_endian(8); }
    float f32() { return __builtin_bit_cast(float, u32()); }
    double f64() { return __builtin_bit_cast(double, u64()); }
    std::span<const std::byte> bytes(std::uint64_t count);
    std::string_view text(std::uint64_t count) { return as_text(bytes(count)); }
    void skip(std::uint64_t count) { bytes(count); }

  private:
    std::uint64_t little_endian(std::size_t width);

    std::span<const std::byte> bytes_;
    std::size_t position_ = 0;
    std::string source_;
};

}  // namespace molten::io
