#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "tests/train/temporary_directory.h"
#include "train/log/tensorboard.h"

using namespace molten;
using namespace molten::log;

namespace {

// CRC-32C bit by bit, as in RFC 3720, appendix B.4: no table, so nothing in common with the writer.
std::uint32_t crc32c(const std::string& bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
    }
    return crc ^ 0xFFFFFFFF;
}
std::uint32_t masked(const std::string& bytes) {
    const std::uint64_t crc = crc32c(bytes);
    return static_cast<std::uint32_t>((crc >> 15 | crc << 17) + 0xA282EAD8);
}

// Takes bytes from the front; running out of them ends the test.
struct Bytes {
    std::string rest;
    std::string take(std::size_t n) {
        REQUIRE(rest.size() >= n);
        std::string head = rest.substr(0, n);
        rest.erase(0, n);
        return head;
    }
    template <class T>
    T number() {
        T value;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (int shift = 0;; shift += 7) {
            REQUIRE(shift < 64);
            const auto byte = static_cast<unsigned char>(take(1)[0]);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
    }
};

struct Event {
    double wall_time = 0;
    std::int64_t step = 0;
    std::string version, tag;
    std::optional<float> value;
};

Event event_of(const std::string& message) {
    Event event;
    Bytes in{message};
    while (!in.rest.empty()) {
        switch (in.varint()) {
            case 0x09:
                event.wall_time = in.number<double>();
                break;
            case 0x10:
                event.step = static_cast<std::int64_t>(in.varint());
                break;
            case 0x1A:
                event.version = in.take(in.varint());
                break;
            case 0x2A: {
                Bytes summary{in.take(in.varint())};
                REQUIRE(summary.varint() == 0x0A);
                Bytes value{summary.take(summary.varint())};
                CHECK(summary.rest.empty());
                REQUIRE(value.varint() == 0x0A);
                event.tag = value.take(value.varint());
                REQUIRE(value.varint() == 0x15);
                event.value = value.number<float>();
                CHECK(value.rest.empty());
                break;
            }
            default:
                FAIL("an unknown field");
        }
    }
    return event;
}

std::vector<Event> events_of(const std::filesystem::path& directory) {
    std::vector<Event> events;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        CHECK(entry.path().filename().string().starts_with("events.out.tfevents."));
        Bytes in{file_bytes(entry.path())};
        while (!in.rest.empty()) {
            const std::string length = in.take(8);
            CHECK(in.number<std::uint32_t>() == masked(length));
            std::uint64_t size = 0;
            std::memcpy(&size, length.data(), 8);
            const std::string message = in.take(size);
            CHECK(in.number<std::uint32_t>() == masked(message));
            events.push_back(event_of(message));
        }
    }
    return events;
}

}  // namespace

TEST_CASE("tensorboard: the test's own CRC-32C gives the known values") {
    CHECK(crc32c("123456789") == 0xE3069283);
    CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);  // RFC 3720, appendix B.4
    CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43);
    // The first twelve bytes of every event file that TensorFlow writes: a length of 24 and its masked checksum.
    CHECK(masked(std::string("\x18\0\0\0\0\0\0\0", 8)) == 0x224B7FA3);
}

TEST_CASE("tensorboard: scalars come back as written") {
    TemporaryDirectory directory;
    const double before = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    const std::vector<std::pair<std::int64_t, double>> scalars = {{0, 1.5},    {1, 0.1},    {127, -3},
                                                                  {128, 1e30}, {300000, 0}, {std::int64_t{1} << 40, std::nan("")}};
    {
        TensorBoardWriter writer(directory.path);
        for (const auto& [step, value] : scalars) writer.scalar("molten/0/train_loss", step, value);
        writer.scalar(std::string(300, 't'), 7, 2);  // a length of two bytes
    }
    const auto events = events_of(directory.path);
    REQUIRE(events.size() == scalars.size() + 2);
    CHECK(events[0].version == "brain.Event:2");
    CHECK_FALSE(events[0].value);
    for (std::size_t i = 0; i < scalars.size(); ++i) {
        const Event& e = events[i + 1];
        CHECK(e.step == scalars[i].first);
        CHECK(e.tag == "molten/0/train_loss");
        REQUIRE(e.value);
        if (std::isnan(scalars[i].second))
            CHECK(std::isnan(*e.value));
        else
            CHECK(*e.value == static_cast<float>(scalars[i].second));
        CHECK(e.wall_time >= before);
        CHECK(e.wall_time < before + 3600);
        CHECK(e.version.empty());
    }
    CHECK(events.back().tag == std::string(300, 't'));
}

TEST_CASE("tensorboard: each record is on the file at once, and a second writer spoils nothing") {
    TemporaryDirectory directory;
    TensorBoardWriter first(directory.path);
    first.scalar("a", 1, 1);
    CHECK(events_of(directory.path).size() == 2);
    TensorBoardWriter second(directory.path);
    second.scalar("b", 2, 2);
    first.scalar("a", 3, 3);
    CHECK(events_of(directory.path).size() == 5);
}
