#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "engine/io/byte_reader.h"
#include "engine/io/safetensors.h"
#include "tests/engine/io_test_support.h"

using namespace molten;
using namespace molten::io;
using molten::test::TemporaryDirectory;

namespace {

std::string little_endian(std::uint64_t value) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFF);
    return bytes;
}

std::vector<SafetensorsEntry> all_entries(const SafetensorsFile& file) {
    std::vector<SafetensorsEntry> entries;
    for (std::size_t i = 0; i < file.size(); ++i) entries.push_back(file[i]);
    return entries;
}

std::string write_error(std::span<const SafetensorsEntry> entries, const SafetensorsMetadata& metadata = {}) {
    const TemporaryDirectory directory(test::fast_parent());
    try {
        write_safetensors(directory / "x.safetensors", entries, metadata);
    } catch (const Error& error) {
        CHECK(error.code() == ExitCode::data);
        CHECK(std::filesystem::is_empty(directory.path()));
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("safetensors written by hand is read") {
    const std::string header =
        R"({"__metadata__":{"format":"pt"},)"
        R"("b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12],"more":{"x":[1]}},)"
        R"("a\u00e9":{"shape":[2],"data_offsets":[0,4],"dtype":"BF16"},)"
        R"("scalar":{"dtype":"U8","shape":[],"data_offsets":[12,13]},)"
        R"("none":{"dtype":"I64","shape":[3,0],"data_offsets":[4,4]}}  )";
    const std::string payload("\x80\x3f\x00\xc0\x00\x00\x80\x3f\x00\x00\x00\x40\x07", 13);
    const std::string bytes = little_endian(header.size()) + header + payload;
    const TemporaryDirectory directory(test::fast_parent());
    test::write_text(directory / "m.safetensors", bytes);
    for (const auto access : {SafetensorsAccess::map, SafetensorsAccess::read}) {
        const SafetensorsFile file = SafetensorsFile::open(directory / "m.safetensors", access);
        REQUIRE(file.size() == 4);
        CHECK(file.metadata() == SafetensorsMetadata{{"format", "pt"}});
        CHECK(file[0].name == "a\xc3\xa9");
        CHECK(file[0].dtype == SafetensorsDType::bf16);
        CHECK(as_text(file[0].data) == payload.substr(0, 4));
        CHECK(file[1].name == "none");
        CHECK(file[1].data.empty());
        const auto b = file.find("b");
        REQUIRE(b);
        CHECK(std::vector<std::uint64_t>(b->shape.begin(), b->shape.end()) == std::vector<std::uint64_t>{2, 1});
        float values[2];
        std::memcpy(values, b->data.data(), 8);
        CHECK(values[0] == 1.0F);
        CHECK(values[1] == 2.0F);
        CHECK(file.find("scalar")->shape.empty());
        CHECK(as_text(file.find("scalar")->data) == "\x07");
        CHECK_FALSE(file.find("B"));
        CHECK_FALSE(file.find(""));
    }
    const std::string empty = little_endian(2) + "{}";
    CHECK(SafetensorsFile::parse(as_bytes(empty), "empty").size() == 0);
}

TEST_CASE("safetensors are written as the format says") {
    const std::string f32("\x00\x00\x80\x3f\x00\x00\x00\x40", 8);
    const std::string i64(8, '\x01');
    const std::string u8("\x05\x06\x07", 3);
    const std::uint64_t two[] = {2}, one[] = {1}, three[] = {3, 1};
    const SafetensorsEntry entries[] = {{"z\"", SafetensorsDType::u8, three, as_bytes(u8)},
                                        {"y", SafetensorsDType::f32, two, as_bytes(f32)},
                                        {"x", SafetensorsDType::i64, one, as_bytes(i64)},
                                        {"a", SafetensorsDType::f32, two, as_bytes(f32)}};
    std::string header =
        R"({"__metadata__":{"format":"pt","k":"v\n"},)"
        R"("x":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
        R"("a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},)"
        R"("y":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},)"
        R"("z\"":{"dtype":"U8","shape":[3,1],"data_offsets":[24,27]}})";
    header.append((8 - header.size() % 8) % 8, ' ');
    const std::string expected = little_endian(header.size()) + header + i64 + f32 + f32 + u8;
    const SafetensorsMetadata metadata = {{"k", "v\n"}, {"format", "pt"}};
    const TemporaryDirectory directory(test::fast_parent());
    const WrittenFile written = write_safetensors(directory / "m.safetensors", entries, metadata);
    CHECK(test::read_text(directory / "m.safetensors") == expected);
    CHECK(written.size == expected.size());
    CHECK(written.hash == hash128(as_bytes(expected)));
    CHECK(safetensors_file_size(entries, metadata) == expected.size());
    CHECK(list_directory(directory.path()).size() == 1);
    CHECK(write_safetensors(directory / "e.safetensors", {}).size == 16);
    CHECK(test::read_text(directory / "e.safetensors") == little_endian(8) + "{}      ");
}

TEST_CASE("the safetensors writer refuses what it could not read back") {
    const std::string data(8, 'x');
    const std::uint64_t two[] = {2}, huge[] = {UINT64_MAX, 3}, many[9] = {1, 1, 1, 1, 1, 1, 1, 1, 8};
    const auto f32 = SafetensorsDType::f32;
    const std::string long_name(1025, 'n');
    CHECK(write_error({{{"a", f32, two, as_bytes(data)}, {"a", f32, two, as_bytes(data)}}}).find("two tensors are named \"a\"") == 0);
    CHECK(write_error({{{"a", SafetensorsDType::f64, two, as_bytes(data)}}}).find("shape [2] of F64 does not make 8 bytes") !=
          std::string::npos);
    CHECK(write_error({{{"a", f32, huge, as_bytes(data)}}}).find("does not make") != std::string::npos);
    CHECK(write_error({{{"__metadata__", f32, two, as_bytes(data)}}}).find("reserved") != std::string::npos);
    CHECK(write_error({{{long_name, f32, two, as_bytes(data)}}}).find("1024") != std::string::npos);
    CHECK(write_error({{{"a", SafetensorsDType::u8, many, as_bytes(data)}}}).find("8 dimensions") != std::string::npos);
    CHECK(write_error({{{"\xff", f32, two, as_bytes(data)}}}).find("not UTF-8") != std::string::npos);
    CHECK(write_error({{{"a", f32, two, as_bytes(data)}}}, {{"k", "\xff"}}).find("not UTF-8") != std::string::npos);
}

TEST_CASE("every dtype has its name and size") {
    using D = SafetensorsDType;
    const std::pair<const char*, std::size_t> table[] = {{"F64", 8},     {"F32", 4},     {"F16", 2}, {"BF16", 2}, {"I64", 8},
                                                         {"I32", 4},     {"I16", 2},     {"I8", 1},  {"U8", 1},   {"BOOL", 1},
                                                         {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"U16", 2}, {"U32", 4},  {"U64", 8}};
    for (const auto& [name, size] : table) {
        const auto dtype = safetensors_dtype_of(name);
        REQUIRE(dtype);
        CHECK(safetensors_dtype_name(*dtype) == name);
        CHECK(safetensors_dtype_size(*dtype) == size);
    }
    CHECK(safetensors_dtype_of("F32") == D::f32);
    CHECK(safetensors_dtype_of("BF16") == D::bf16);
    CHECK_FALSE(safetensors_dtype_of("f32"));
    CHECK_FALSE(safetensors_dtype_of("F4"));
    CHECK_FALSE(safetensors_dtype_of(""));
}

TEST_CASE("parity files of the reference writer are read, and written again to the byte") {
    const std::filesystem::path parity = test::shared_folder("parity");
    if (parity.empty()) {
        MESSAGE("SKIPPED: no parity folder (MOLTEN_PARITY, ../shared/parity)");
        return;
    }
    const TemporaryDirectory directory(test::fast_parent());
    std::size_t files = 0, tensors = 0, same = 0;
    for (const auto& item : std::filesystem::recursive_directory_iterator(parity)) {
        if (item.path().extension() != ".safetensors") continue;
        CAPTURE(item.path().string());
        const SafetensorsFile mapped = SafetensorsFile::open(item.path(), SafetensorsAccess::map);
        const SafetensorsFile read = SafetensorsFile::open(item.path(), SafetensorsAccess::read);
        REQUIRE(mapped.size() == read.size());
        for (std::size_t i = 0; i < mapped.size(); ++i) REQUIRE(as_text(mapped[i].data) == as_text(read[i].data));
        auto entries = all_entries(read);
        std::shuffle(entries.begin(), entries.end(), std::mt19937(7));
        write_safetensors(directory / "again.safetensors", entries, read.metadata());
        const std::string original = test::read_text(item.path()), again = test::read_text(directory / "again.safetensors");
        // The reference writes no space but the padding; a few files come from a writer that does, and differ in the header only.
        const bool by_reference = original.find("\": {") == std::string::npos;
        // CHECK on the texts themselves would print megabytes.
        const auto payload = [](const std::string& bytes) { return bytes.substr(8 + ByteReader(as_bytes(bytes)).u64()); };
        const bool equal = by_reference ? again == original : payload(again) == payload(original);
        CHECK(equal);
        same += by_reference;
        ++files;
        tensors += read.size();
    }
    MESSAGE(files, " files, ", tensors, " tensors, ", same, " files the same to the byte");
    CHECK(same > 0);
}

TEST_CASE("a sharded model is read through its index") {
    const TemporaryDirectory directory(test::fast_parent());
    const std::string data(8, 'd');
    const std::uint64_t two[] = {2};
    const SafetensorsEntry a[] = {{"a", SafetensorsDType::f32, two, as_bytes(data)}, {"b", SafetensorsDType::f32, two, as_bytes(data)}};
    const SafetensorsEntry c[] = {{"c", SafetensorsDType::f32, two, as_bytes(data)}};
    write_safetensors(directory / "model-00001-of-00002.safetensors", a);
    write_safetensors(directory / "model-00002-of-00002.safetensors", c);
    const auto index = directory / "model.safetensors.index.json";
    const std::string one = "model-00001-of-00002.safetensors", other = "model-00002-of-00002.safetensors";
    const auto fault_with = [&](const std::string& text) {
        test::write_text(index, text);
        try {
            SafetensorsModel::open(directory.path());
        } catch (const SafetensorsError& error) {
            CHECK(error.code() == ExitCode::corrupt);
            return static_cast<int>(error.fault());
        }
        return -1;
    };
    const auto map = [&](const std::string& inside) {
        return fmt::format(R"({{"metadata":{{"total_size":24}},"weight_map":{{{}}}}})", inside);
    };
    const auto row = [](const std::string& name, const std::string& file) { return fmt::format("\"{}\":\"{}\"", name, file); };
    const std::string good = map(row("a", one) + "," + row("b", one) + "," + row("c", other));
    CHECK(fault_with(good) == -1);
    const SafetensorsModel model = SafetensorsModel::open(index, SafetensorsAccess::read);
    CHECK(model.size() == 3);
    CHECK(model.files().size() == 2);
    CHECK(model.entries().size() == 3);
    CHECK(as_text(model.find("c")->data) == data);
    CHECK_FALSE(model.find("d"));
    using F = SafetensorsFault;
    const auto code = [](F fault) { return static_cast<int>(fault); };
    CHECK(fault_with("{") == code(F::index_syntax));
    CHECK(fault_with(map(row("a", one) + "," + row("a", one))) == code(F::index_syntax));
    CHECK(fault_with("[]") == code(F::index_no_weight_map));
    CHECK(fault_with("{}") == code(F::index_no_weight_map));
    CHECK(fault_with(R"({"weight_map":[]})") == code(F::index_no_weight_map));
    CHECK(fault_with(R"({"weight_map":{"a":1}})") == code(F::index_value_not_string));
    for (const char* name : {"../x.safetensors", "/etc/x.safetensors", "sub/x.safetensors", "..", ".", "", "x.bin", ".safetensors",
                             "a\\\\b.safetensors", "x\\u0000.safetensors", "x\\n.safetensors"}) {
        CAPTURE(name);
        CHECK(fault_with(map(row("a", name))) == code(F::index_file_name));
    }
    CHECK(fault_with(map(row("a", "gone.safetensors"))) == code(F::index_file_missing));
    CHECK(fault_with(map(row("a", one) + "," + row("b", one) + "," + row("c", one))) == code(F::index_tensor_missing));
    CHECK(fault_with(map(row("a", one) + "," + row("b", one) + "," + row("c", other) + "," + row("d", other))) ==
          code(F::index_tensor_missing));
    CHECK(fault_with(map(row("a", one) + "," + row("c", other))) == code(F::index_tensor_unlisted));
    CHECK(fault_with(map(row("a", one) + "," + row("b", other) + "," + row("c", other))) == code(F::index_tensor_unlisted));
    std::string many;
    for (int i = 0; i <= 10'000; ++i) many += fmt::format(R"({}"t{}":"f{}.safetensors")", i > 0 ? "," : "", i, i);
    CHECK(fault_with(map(many)) == code(F::index_too_many_files));
    const TemporaryDirectory nothing(test::fast_parent());
    CHECK_THROWS_AS(SafetensorsModel::open(nothing.path()), Error);
    CHECK_THROWS_AS(SafetensorsModel::open(nothing / "x.safetensors"), Error);
}
