#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace molten {

// Memory of `bytes` bytes of NaN (0xff), `offset` bytes past a 64-byte boundary, between two guard bands of a pattern.
class Guarded {
  public:
    static constexpr std::size_t kBand = 1024;

    Guarded(std::size_t bytes, std::size_t offset, unsigned char guard) : bytes_(bytes), guard_(guard) {
        memory_.resize(bytes + 2 * kBand + offset + 64, guard);
        const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
        begin_ = (address + kBand + 63) / 64 * 64 - address + offset;
        std::fill_n(memory_.begin() + static_cast<std::ptrdiff_t>(begin_), bytes, static_cast<unsigned char>(0xff));
    }
    Guarded(Guarded&&) = default;

    void* data() { return memory_.data() + begin_; }
    const void* data() const { return memory_.data() + begin_; }
    std::size_t bytes() const { return bytes_; }

    void freeze() { kept_ = memory_; }  // an input: nothing may be written to it from now on
    bool frozen() const { return !kept_.empty(); }

    std::string damage() const {
        if (frozen()) return kept_ == memory_ ? "" : "an input was written to";
        for (std::size_t i = 0; i < memory_.size(); ++i) {
            if (i >= begin_ && i < begin_ + bytes_) continue;
            if (memory_[i] != guard_)
                return i < begin_ ? "written " + std::to_string(begin_ - i) + " bytes before its begin"
                                  : "written " + std::to_string(i - begin_ - bytes_) + " bytes past its end";
        }
        return "";
    }

  private:
    std::size_t bytes_, begin_ = 0;
    unsigned char guard_;
    std::vector<unsigned char> memory_, kept_;
};

}  // namespace molten
