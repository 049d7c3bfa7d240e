#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <random>
#include <set>
#include <vector>

#include "engine/io/byte_reader.h"
#include "engine/io/safetensors.h"
#include "tests/engine/io_test_support.h"

using namespace molten;
using namespace molten::io;
using F = molten::io::SafetensorsFault;

namespace {

std::string little_endian(std::uint64_t value) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFF);
    return bytes;
}

std::string file_of(std::string_view header, std::size_t payload) {
    return little_endian(header.size()).append(header).append(payload, 'p');
}

// A tensor "a" with these three fields, alone in a file.
std::string one(std::string_view dtype, std::string_view shape, std::string_view offsets, std::size_t payload) {
    return file_of(fmt::format(R"({{"a":{{"dtype":{},"shape":{},"data_offsets":{}}}}})", dtype, shape, offsets), payload);
}

// Tensors of bytes at these ranges.
std::string ranges(const std::vector<std::pair<int, int>>& at, std::size_t payload) {
    std::string header = "{";
    for (std::size_t i = 0; i < at.size(); ++i) {
        header += fmt::format(R"({}"t{}":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}})", i > 0 ? "," : "", i,
                              at[i].second - at[i].first, at[i].first, at[i].second);
    }
    return file_of(header + "}", payload);
}

struct Bad {
    const char* what;
    std::string bytes;
    F fault;
};

std::vector<Bad> bad_lengths() {
    const std::string good = one("\"F32\"", "[2]", "[0,8]", 8);
    return {
        {"empty file", "", F::too_short},
        {"seven bytes", std::string(7, '\0'), F::too_short},
        {"length only, of a header", little_endian(2), F::header_past_end},
        {"header longer than the file by one", little_endian(good.size() - 7) + good.substr(8), F::header_past_end},
        {"header length 2^64 - 1", little_endian(UINT64_MAX) + "{}", F::header_too_large},
        {"header length 2^64 - 8: plus 8 wraps to 0", little_endian(UINT64_MAX - 7) + "{}", F::header_too_large},
        {"header length 2^63", little_endian(1ULL << 63) + "{}", F::header_too_large},
        {"header length 100,000,001", little_endian(100'000'001) + "{}", F::header_too_large},
        {"header length 100,000,000 in a short file", little_endian(100'000'000) + "{}", F::header_past_end},
        {"header of no bytes", little_endian(0), F::header_not_object},
        {"header of no bytes before data", little_endian(0) + "{}", F::header_not_object},
        {"header is an array", file_of("[]", 0), F::header_not_object},
        {"header is null", file_of("null", 0), F::header_not_object},
        {"space before the header", file_of(" {}", 0), F::header_not_object},
        {"byte order mark before the header", file_of("\xef\xbb\xbf{}", 0), F::header_not_object},
        {"pickle", std::string("\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00", 11), F::header_past_end},
    };
}

std::vector<Bad> bad_json() {
    return {
        {"half an object", file_of("{", 0), F::header_syntax},
        {"cut in a name", file_of(R"({"a)", 0), F::header_syntax},
        {"two documents", file_of("{}{}", 0), F::header_syntax},
        {"text behind the object", file_of("{} x", 0), F::header_syntax},
        {"zero byte behind the object", file_of(std::string_view("{}\0", 3), 0), F::header_syntax},
        {"zero byte, then an object", file_of(std::string_view("{}\0{}", 5), 0), F::header_syntax},
        {"comma before the brace", file_of(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},})", 1), F::header_syntax},
        {"comment", file_of("{/**/}", 0), F::header_syntax},
        {"lone surrogate", file_of(R"({"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0), F::header_syntax},
        {"length says less than the object", little_endian(1) + "{}", F::header_syntax},
        {"invalid UTF-8 in a name", file_of("{\"a\xff\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0), F::header_encoding},
        {"overlong UTF-8 in a name", file_of("{\"\xc0\xaf\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0),
         F::header_encoding},
        {"UTF-8 cut by the length", little_endian(3) + "{\"\xc3\xa9\":1}", F::header_encoding},
        {"nested five deep", file_of(R"({"a":{"x":{"y":{"z":{}}}}})", 0), F::header_depth},
        {"a million brackets", file_of(R"({"a":{"x":)" + std::string(1'000'000, '['), 0), F::header_depth},
        {"name of 3 MB", file_of("{\"" + std::string(3'000'000, 'n') + "\":1}", 0), F::header_string_too_long},
        {"metadata of 3 MB in one text", file_of(R"({"__metadata__":{"k":")" + std::string(3'000'000, 'v') + "\"}}", 0),
         F::header_string_too_long},
        {"offset 1e999", one("\"U8\"", "[1]", "[0,1e999]", 1), F::header_number},
        {"number of a thousand digits", one("\"U8\"", fmt::format("[{}]", std::string(1000, '1')), "[0,1]", 1), F::header_number},
    };
}

std::vector<Bad> bad_metadata() {
    std::string many = R"({"__metadata__":{)";
    for (int i = 0; i <= 10'000; ++i) many += fmt::format(R"({}"k{}":"")", i > 0 ? "," : "", i);
    return {
        {"metadata is a text", file_of(R"({"__metadata__":"pt"})", 0), F::metadata_not_object},
        {"metadata is null", file_of(R"({"__metadata__":null})", 0), F::metadata_not_object},
        {"metadata is an array", file_of(R"({"__metadata__":[]})", 0), F::metadata_not_object},
        {"metadata value is a number", file_of(R"({"__metadata__":{"k":1}})", 0), F::metadata_value_not_string},
        {"metadata value is an object", file_of(R"({"__metadata__":{"k":{}}})", 0), F::metadata_value_not_string},
        {"metadata value is null", file_of(R"({"__metadata__":{"k":null}})", 0), F::metadata_value_not_string},
        {"metadata key twice", file_of(R"({"__metadata__":{"k":"1","k":"2"}})", 0), F::duplicate_metadata_key},
        {"metadata twice", file_of(R"({"__metadata__":{},"__metadata__":{}})", 0), F::duplicate_metadata_key},
        {"10,001 entries of metadata", file_of(many + "}}", 0), F::metadata_too_large},
    };
}

std::vector<Bad> bad_tensors() {
    const std::string tensor = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
    return {
        {"tensor is a number", file_of(R"({"a":1})", 0), F::tensor_not_object},
        {"tensor is an array", file_of(R"({"a":["U8",[1],[0,1]]})", 1), F::tensor_not_object},
        {"tensor is null", file_of(R"({"a":null})", 0), F::tensor_not_object},
        {"name of 1,025 bytes", file_of("{\"" + std::string(1025, 'n') + "\":" + tensor + "}", 1), F::tensor_name_too_long},
        {"tensor twice",
         file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2),
         F::duplicate_tensor},
        {"tensor twice, once escaped",
         file_of(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0),
         F::duplicate_tensor},
        {"dtype twice", file_of(R"({"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", 1), F::duplicate_field},
        {"shape twice", file_of(R"({"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}})", 1), F::duplicate_field},
        {"offsets twice", file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1]}})", 1), F::duplicate_field},
        {"no field at all", file_of(R"({"a":{}})", 0), F::missing_dtype},
        {"no dtype", file_of(R"({"a":{"shape":[1],"data_offsets":[0,1]}})", 1), F::missing_dtype},
        {"no shape", file_of(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1), F::missing_shape},
        {"no offsets", file_of(R"({"a":{"dtype":"U8","shape":[1]}})", 1), F::missing_offsets},
        {"Dtype in capitals", file_of(R"({"a":{"Dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1), F::missing_dtype},
        {"dtype is a number", one("8", "[1]", "[0,1]", 1), F::dtype_not_string},
        {"dtype is null", one("null", "[1]", "[0,1]", 1), F::dtype_not_string},
        {"dtype unknown", one("\"F31\"", "[1]", "[0,4]", 4), F::dtype_unknown},
        {"dtype in small letters", one("\"f32\"", "[1]", "[0,4]", 4), F::dtype_unknown},
        {"dtype empty", one("\"\"", "[1]", "[0,4]", 4), F::dtype_unknown},
    };
}

std::vector<Bad> bad_shapes() {
    return {
        {"shape is a number", one("\"U8\"", "1", "[0,1]", 1), F::shape_not_array},
        {"shape is an object", one("\"U8\"", "{}", "[0,1]", 1), F::shape_not_array},
        {"shape is null", one("\"U8\"", "null", "[0,1]", 1), F::shape_not_array},
        {"negative dimension", one("\"U8\"", "[-1]", "[0,1]", 1), F::shape_value},
        {"dimension with a point", one("\"U8\"", "[1.0]", "[0,1]", 1), F::shape_value},
        {"dimension 1e0", one("\"U8\"", "[1e0]", "[0,1]", 1), F::shape_value},
        {"dimension is a text", one("\"U8\"", "[\"1\"]", "[0,1]", 1), F::shape_value},
        {"dimension is an array", one("\"U8\"", "[[1]]", "[0,1]", 1), F::shape_value},
        {"dimension true", one("\"U8\"", "[true]", "[0,1]", 1), F::shape_value},
        {"dimension 2^64", one("\"U8\"", "[18446744073709551616]", "[0,1]", 1), F::shape_value},
        {"nine dimensions", one("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]", 1), F::shape_rank},
        {"2^32 times 2^32: the product wraps to 0", one("\"U8\"", "[4294967296,4294967296]", "[0,0]", 0), F::shape_overflow},
        {"2^62 F32: the bytes wrap to 0", one("\"F32\"", "[4611686018427387904]", "[0,0]", 0), F::shape_overflow},
        {"2^62 + 1 F32: the bytes wrap to 4", one("\"F32\"", "[4611686018427387905]", "[0,4]", 4), F::shape_overflow},
        {"overflow before a zero", one("\"U8\"", "[4294967296,4294967296,0]", "[0,0]", 0), F::shape_overflow},
        {"2^64 - 1 U16", one("\"U16\"", "[18446744073709551615]", "[0,2]", 2), F::shape_overflow},
        {"one byte too few", one("\"F32\"", "[2]", "[0,7]", 7), F::size_mismatch},
        {"one byte too many", one("\"F32\"", "[2]", "[0,9]", 9), F::size_mismatch},
        {"scalar of no bytes", one("\"F32\"", "[]", "[0,0]", 0), F::size_mismatch},
        {"no elements but a byte", one("\"U8\"", "[0,5]", "[0,1]", 1), F::size_mismatch},
        {"shape of another dtype", one("\"F64\"", "[2]", "[0,8]", 8), F::size_mismatch},
    };
}

std::vector<Bad> bad_offsets() {
    return {
        {"offsets are a number", one("\"U8\"", "[1]", "1", 1), F::offsets_not_array},
        {"offsets are a text", one("\"U8\"", "[1]", "\"0,1\"", 1), F::offsets_not_array},
        {"negative offset", one("\"U8\"", "[1]", "[-1,0]", 1), F::offsets_value},
        {"offset with a point", one("\"U8\"", "[1]", "[0,1.0]", 1), F::offsets_value},
        {"offset 2^64", one("\"U8\"", "[1]", "[0,18446744073709551616]", 1), F::offsets_value},
        {"offset null", one("\"U8\"", "[1]", "[null,1]", 1), F::offsets_value},
        {"no offsets in the array", one("\"U8\"", "[1]", "[]", 1), F::offsets_count},
        {"one offset", one("\"U8\"", "[1]", "[1]", 1), F::offsets_count},
        {"three offsets", one("\"U8\"", "[1]", "[0,1,2]", 1), F::offsets_count},
        {"offsets reversed", one("\"U8\"", "[1]", "[1,0]", 1), F::offsets_reversed},
        {"begin 2^64 - 1, end 0", one("\"U8\"", "[1]", "[18446744073709551615,0]", 1), F::offsets_reversed},
        {"end behind the file", one("\"U8\"", "[2]", "[0,2]", 1), F::offsets_past_end},
        {"end 2^64 - 1", one("\"U8\"", "[18446744073709551615]", "[0,18446744073709551615]", 1), F::offsets_past_end},
        {"data cut off", ranges({{0, 4}, {4, 8}}, 7), F::offsets_past_end},
        {"data missing", ranges({{0, 4}}, 0), F::offsets_past_end},
        {"gap at the start", ranges({{1, 4}}, 4), F::gap},
        {"gap in the middle", ranges({{0, 4}, {5, 8}}, 8), F::gap},
        {"empty tensor behind the rest", ranges({{0, 4}, {6, 6}}, 6), F::gap},
        {"two tensors on the same bytes", ranges({{0, 4}, {0, 4}}, 4), F::overlap},
        {"overlap by one", ranges({{0, 4}, {3, 8}}, 8), F::overlap},
        {"one inside the other", ranges({{0, 8}, {2, 4}}, 8), F::overlap},
        {"empty tensor inside another", ranges({{0, 8}, {4, 4}}, 8), F::overlap},
        {"one byte behind the last tensor", ranges({{0, 4}}, 5), F::trailing_bytes},
        {"data and no tensors", file_of("{}", 1), F::trailing_bytes},
        {"a second file appended", ranges({{0, 4}}, 4) + ranges({{0, 4}}, 4), F::trailing_bytes},
    };
}

// The fault of these bytes, checked to be the same from memory and, by both accesses, from a file. None: they parse.
std::optional<F> fault_of(const std::string& bytes, const std::filesystem::path& scratch) {
    std::vector<std::optional<F>> found;
    const auto attempt = [&](auto&& open) {
        try {
            open();
            found.push_back(std::nullopt);
        } catch (const SafetensorsError& error) {
            CHECK(error.code() == ExitCode::corrupt);
            CHECK(std::string_view(error.what()).size() < 600);
            CHECK_FALSE(error.hint().empty());
            found.push_back(error.fault());
        }
    };
    test::write_text(scratch, bytes);
    attempt([&] { SafetensorsFile::parse(as_bytes(bytes), scratch.string()); });
    attempt([&] { SafetensorsFile::open(scratch, SafetensorsAccess::map); });
    attempt([&] { SafetensorsFile::open(scratch, SafetensorsAccess::read); });
    CHECK(found[0] == found[1]);
    CHECK(found[0] == found[2]);
    return found[0];
}

// Parses, touches every byte that an accepted file hands out, and says whether it was accepted. Anything but a SafetensorsError escapes.
bool survives(std::string_view bytes) {
    try {
        const SafetensorsFile file = SafetensorsFile::parse(as_bytes(bytes), "x");
        unsigned sum = 0;
        for (std::size_t i = 0; i < file.size(); ++i) {
            for (const std::byte byte : file[i].data) sum += std::to_integer<unsigned>(byte);
            REQUIRE(file.find(file[i].name));
        }
        REQUIRE(sum < UINT32_MAX);
        return true;
    } catch (const SafetensorsError&) {
        return false;
    }
}

std::string sample() {
    return file_of(
        R"({"__metadata__":{"format":"pt"},)"
        R"("w.a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
        R"("w.\u00e9":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},)"
        R"("s":{"dtype":"BOOL","shape":[],"data_offsets":[32,33]}}   )",
        33);
}

}  // namespace

TEST_CASE("each of many bad safetensors files gives its own fault") {
    const test::TemporaryDirectory directory(test::fast_parent());
    std::size_t count = 0;
    std::set<F> faults;
    for (const auto& group : {bad_lengths(), bad_json(), bad_metadata(), bad_tensors(), bad_shapes(), bad_offsets()}) {
        for (const Bad& bad : group) {
            CAPTURE(bad.what);
            const auto found = fault_of(bad.bytes, directory / "bad.safetensors");
            REQUIRE(found);
            CHECK(static_cast<int>(*found) == static_cast<int>(bad.fault));
            faults.insert(bad.fault);
            ++count;
        }
    }
    MESSAGE(count, " bad files, ", faults.size(), " faults");
    CHECK(count >= 60);
    // All of the enumeration but tensor_too_many (below) and the eight of the index (test_safetensors.cpp).
    CHECK(faults.size() == static_cast<std::size_t>(F::index_syntax) - 1);
}

TEST_CASE("a safetensors message names file, tensor and numbers") {
    const std::string bytes = one("\"F32\"", "[2, 3]", "[0,20]", 20);
    try {
        SafetensorsFile::parse(as_bytes(bytes), "model.safetensors");
        FAIL("parsed");
    } catch (const SafetensorsError& error) {
        CHECK(std::string(error.what()) ==
              "model.safetensors: tensor \"a\": shape [2, 3] of F32 needs 24 bytes, data_offsets [0, 20] hold 20");
    }
}

TEST_CASE("a safetensors file cut anywhere is refused") {
    const std::string good = sample();
    REQUIRE(survives(good));
    for (std::size_t length = 0; length < good.size(); ++length) {
        CAPTURE(length);
        REQUIRE_FALSE(survives(good.substr(0, length)));
    }
    // Cut by the length field: the same bytes, but the header is said to end earlier or later.
    for (std::size_t header = 0; header < good.size() + 40; ++header) {
        const std::string moved = little_endian(header) + good.substr(8);
        CAPTURE(header);
        REQUIRE(survives(moved) == (header == good.size() - 8 - 33));
    }
}

TEST_CASE("every bit of a safetensors header flipped: an error or a file that holds together") {
    const std::string good = sample();
    const std::size_t header_end = good.size() - 33;
    std::size_t accepted = 0;
    for (std::size_t at = 0; at < header_end; ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
            accepted += survives(bad);
        }
    }
    // What stays readable is a letter of a name or of the metadata, or a dtype of the same size. The manifest of a checkpoint finds those.
    MESSAGE(accepted, " of ", 8 * header_end, " flips stay readable");
    CHECK(accepted < 8 * header_end / 5);
}

TEST_CASE("safetensors bytes at random: an error or a file that holds together") {
    const std::string good = sample();
    std::mt19937 random(4242);
    for (int round = 0; round < 20'000; ++round) {
        std::string bad = good;
        const int edits = 1 + static_cast<int>(random() % 8);
        for (int i = 0; i < edits; ++i) {
            const std::size_t at = random() % bad.size();
            switch (random() % 4) {
                case 0:
                    bad[at] = static_cast<char>(random());
                    break;
                case 1:
                    bad.erase(at, 1 + random() % 8);
                    break;
                case 2:
                    bad.insert(at, 1, "{}[],:\"0123456789"[random() % 17]);
                    break;
                default:
                    bad.insert(at, bad.substr(random() % bad.size(), random() % 30));
                    break;
            }
        }
        survives(bad);
    }
}

namespace {

// A header of `tensors` tensors of no bytes and the highest rank that the limit on header bytes allows.
std::string crowded_header(std::uint64_t tensors, std::string_view shape) {
    std::string header = "{";
    for (std::uint64_t i = 0; i < tensors; ++i) {
        header += fmt::format(R"({}"{:x}":{{"dtype":"U8","shape":[{}],"data_offsets":[0,0]}})", i > 0 ? "," : "", i, shape);
    }
    return header + "}";
}

// Peak resident memory of this process in bytes. getrusage's figure is inherited from the parent, this one is not.
std::uint64_t peak_memory() {
    const std::string status = test::read_text("/proc/self/status");
    return std::stoull(status.substr(status.find("VmHWM:") + 6)) * 1024;
}

std::string shape_of_millions() {
    std::string header = R"({"a":{"dtype":"U8","shape":[0)";
    for (int i = 0; i < 40'000'000; ++i) header += ",0";
    return header + R"(],"data_offsets":[0,0]}})";
}

// One __metadata__ of long texts, or many of one text each.
std::string long_metadata(bool repeated) {
    std::string header = R"({"__metadata__":{"first":"")";
    for (int i = 0; i < 48; ++i)
        header += fmt::format(R"({}"{}":"{}")", repeated ? R"(},"__metadata__":{)" : ",", i, std::string(1'990'000, 'v'));
    return header + "}}";
}

}  // namespace

TEST_CASE("a safetensors file opened under a memory watch" * doctest::skip()) {
    const std::filesystem::path path = std::getenv("MOLTEN_TEST_FILE");
    const auto access = std::string_view(std::getenv("MOLTEN_TEST_ACCESS")) == "map" ? SafetensorsAccess::map : SafetensorsAccess::read;
    const std::uint64_t before = peak_memory();
    std::string outcome = "parsed";
    try {
        SafetensorsFile::open(path, access);
    } catch (const SafetensorsError& error) {
        outcome = std::to_string(static_cast<int>(error.fault()));
    }
    test::write_text(path.string() + ".result", fmt::format("{} {}", outcome, peak_memory() - before));
    std::exit(0);
}

TEST_CASE("opening a safetensors file takes no more memory than the file and 64 MB") {
    if (test::under_sanitizer()) {
        MESSAGE("SKIPPED: under a sanitizer the memory of the process is mostly the sanitizer's");
        return;
    }
    struct Case {
        std::string what;
        std::function<std::string()> bytes;
        std::string outcome;
    };
    const test::TemporaryDirectory directory(test::fast_parent());
    const auto code = [](F fault) { return std::to_string(static_cast<int>(fault)); };
    const std::vector<Case> cases = {
        {"a million vectors", [] { return file_of(crowded_header(1'000'000, "0"), 0); }, "parsed"},
        {"950,000 tensors of rank 8", [] { return file_of(crowded_header(950'000, "0,0,0,0,0,0,0,0"), 0); }, "parsed"},
        {"one tensor too many", [] { return file_of(crowded_header(1'000'001, "0"), 0); }, code(F::tensor_too_many)},
        {"a shape of 40 million numbers", [] { return file_of(shape_of_millions(), 0); }, code(F::shape_rank)},
        {"96 MB of metadata", [] { return file_of(long_metadata(false), 0); }, "parsed"},
        {"metadata again and again", [] { return file_of(long_metadata(true), 0); }, code(F::duplicate_metadata_key)},
        {"100 MB of data", [] { return one("\"U8\"", "[100000000]", "[0,100000000]", 100'000'000); }, "parsed"},
        {"a shape of 2^63 in a small file", [] { return one("\"U8\"", "[9223372036854775808]", "[0,9223372036854775808]", 8); },
         code(F::offsets_past_end)},
    };
    for (const Case& test_case : cases) {
        test::write_text(directory / "m.safetensors", test_case.bytes());
        const double size = static_cast<double>(std::filesystem::file_size(directory / "m.safetensors"));
        for (const std::string access : {"map", "read"}) {
            const auto child =
                test::run_child("a safetensors file opened under a memory watch",
                                {{"MOLTEN_TEST_FILE", (directory / "m.safetensors").string()}, {"MOLTEN_TEST_ACCESS", access}});
            INFO(test_case.what, ", ", access, ": ", child.output);
            REQUIRE(child.exit_code == 0);
            const std::string result = test::read_text(directory / "m.safetensors.result");
            CHECK(result.substr(0, result.find(' ')) == test_case.outcome);
            const double peak = std::stod(result.substr(result.find(' ') + 1));
            const std::string figures =
                fmt::format("{}, {}: file {:.1f} MB, peak {:.1f} MB", test_case.what, access, size / 1e6, peak / 1e6);
            CAPTURE(figures);
            if (std::getenv("MOLTEN_TEST_VERBOSE") != nullptr) fmt::print("{}\n", figures);
            CHECK(peak <= size + 64e6);
        }
    }
}
