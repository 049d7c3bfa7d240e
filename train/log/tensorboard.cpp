#include "train/log/tensorboard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <ctime>
#include <string>

namespace molten::log {
namespace {

// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), and its mask as TFRecord wants it: rotated by 15 and shifted by a constant.
std::uint32_t crc32c(std::string_view bytes) {
    static const auto table = [] {
        std::array<std::uint32_t, 256> t{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t c = i;
            for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ (c & 1 ? 0x82F63B78u : 0);
            t[i] = c;
        }
        return t;
    }();
    std::uint32_t crc = 0xFFFFFFFFu;
    for (const char byte : bytes) crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xFF] ^ (crc >> 8);
    return ~crc;
}

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u; }

template <class T>
void append_raw(std::string& out, T value) {  // little-endian, as both formats want it
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out.append(bytes, sizeof value);
}

// Protocol buffers: a key is field << 3 | wire type (0 varint, 1 64-bit, 2 bytes, 5 32-bit).
void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
}
void append_bytes(std::string& out, int field, std::string_view bytes) {
    append_varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
    append_varint(out, bytes.size());
    out += bytes;
}

double wall_time() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

// Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5 }
std::string event(std::int64_t step) {
    std::string out;
    append_varint(out, 1 << 3 | 1);
    append_raw(out, wall_time());
    append_varint(out, 2 << 3 | 0);
    append_varint(out, static_cast<std::uint64_t>(step));
    return out;
}

std::string file_name() {
    char host[128] = "localhost";
    gethostname(host, sizeof host - 1);
    return fmt::format("events.out.tfevents.{}.{}.{}", static_cast<long long>(std::time(nullptr)), host, getpid());
}

}  // namespace

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& directory)
    : file_(io::File::open(directory / file_name(), io::OpenMode::append)) {
    std::string first = event(0);
    append_bytes(first, 3, "brain.Event:2");
    record(first);
}

// Summary { repeated Value value = 1 }, Value { string tag = 1; float simple_value = 2 }
void TensorBoardWriter::scalar(std::string_view tag, std::int64_t step, double value) {
    std::string entry, summary, message = event(step);
    append_bytes(entry, 1, tag);
    append_varint(entry, 2 << 3 | 5);
    append_raw(entry, static_cast<float>(value));
    append_bytes(summary, 1, entry);
    append_bytes(message, 5, summary);
    record(message);
}

void TensorBoardWriter::record(std::string_view message) {
    std::string length, out;
    append_raw(length, static_cast<std::uint64_t>(message.size()));
    out = length;
    append_raw(out, masked(crc32c(length)));
    out += message;
    append_raw(out, masked(crc32c(message)));
    file_.write_all(out);
}

}  // namespace molten::log
