#pragma once
// Private to chem/featurize: the bytes between a pool and its workers. A frame is a 32-bit length and that many bytes.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "chem/featurize/features.h"

namespace molten::chem {

inline constexpr std::size_t largest_frame = std::size_t{64} << 20;

// Appends one frame with `text` to `out`.
void append_text_frame(std::string& out, std::string_view text);

// Features as one frame.
std::string encode_frame(const Features& features);

// The payload of a frame, back. Every length is checked against what is there and against the others: throws std::runtime_error for
// bytes that encode_frame does not write.
Features decode_features(std::string_view payload);

// Splits a byte stream into frames.
class FrameReader {
  public:
    void append(std::string_view bytes) { buffer_.append(bytes); }
    // Moves the payload of the first complete frame to `payload`; false when there is none yet. Throws std::runtime_error for a length
    // above largest_frame.
    bool next(std::string& payload);

  private:
    std::string buffer_;
    std::size_t start_ = 0;
};

}  // namespace molten::chem
