#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "engine/io/byte_reader.h"
#include "engine/io/json.h"
#include "tests/engine/io_test_support.h"

using namespace molten;
using namespace molten::io;

namespace {

JsonFault fault_of(std::string_view text, const JsonLimits& limits = {}) {
    try {
        parse_json(text, "t.json", limits);
    } catch (const JsonError& error) {
        CHECK(error.code() == ExitCode::corrupt);
        return error.fault();
    }
    FAIL("parsed: ", std::string(text.substr(0, 60)));
    return {};
}

std::string message_of(std::string_view text) {
    try {
        parse_json(text, "t.json");
    } catch (const JsonError& error) {
        return error.what();
    }
    return "no error";
}

template <class Call>
std::string failure(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        CHECK(error.code() == ExitCode::data);
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("JSON values of every kind are read") {
    const Json json = parse_json(
        R"( {"n":null,"t":true,"f":false,"i":-42,"d":1.5e-3,"s":"a\u00e9\n\ud83d\ude00","a":[1,[],{}],"o":{"z":1,"y":2}} )", "t.json");
    CHECK(json.find("n")->is_null());
    CHECK(*json.find("t")->as_boolean());
    CHECK_FALSE(*json.find("f")->as_boolean());
    CHECK(*json.find("i")->as_integer() == -42);
    CHECK(*json.find("d")->as_real() == 1.5e-3);
    CHECK(*json.find("s")->as_string() == "a\xc3\xa9\n\xf0\x9f\x98\x80");
    CHECK(json.find("a")->as_array()->size() == 3);
    const auto members = json.find("o")->as_object()->members();
    REQUIRE(members.size() == 2);
    CHECK(members[0].first == "z");
    CHECK(members[1].first == "y");
    CHECK(json.find("missing") == nullptr);
    CHECK(*parse_json("9223372036854775807", "t").as_integer() == INT64_MAX);
    CHECK(*parse_json("-9223372036854775808", "t").as_integer() == INT64_MIN);
    CHECK(*parse_json("9223372036854775808", "t").as_real() == 9223372036854775808.0);
    CHECK(*parse_json("1000000000000000019884624838656", "t").as_real() == 1e30);  // model_max_length of many tokenizers
    CHECK(*parse_json("1.0", "t").as_real() == 1.0);
    CHECK(*parse_json("-0", "t").as_integer() == 0);
    CHECK(*parse_json("\xef\xbb\xbf 7", "t").as_integer() == 7);
}

TEST_CASE("JSON that is none is refused with its place") {
    for (const char* text : {"",
                             " ",
                             "{",
                             "[",
                             "[1,]",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{\"a\" 1}",
                             "'a'",
                             "nul",
                             "truefalse",
                             "1 2",
                             "{} {}",
                             "[1}",
                             "]",
                             "01",
                             "+1",
                             ".5",
                             "1.",
                             "1e",
                             "0x10",
                             "NaN",
                             "Infinity",
                             "-",
                             "\"a",
                             "\"\\x\"",
                             "\"\\u12\"",
                             "\"\\ud800\"",
                             "\"\\udc00\\ud800\"",
                             "\"tab\there\"",
                             "// c\n1",
                             "/* c */ 1",
                             "[1 2]",
                             "{\"a\":}",
                             "{1:2}"}) {
        CAPTURE(text);
        CHECK(fault_of(text) == JsonFault::syntax);
    }
    CHECK(fault_of(std::string_view("{}\0garbage", 10)) == JsonFault::syntax);
    CHECK(fault_of(std::string_view("\0", 1)) == JsonFault::syntax);
    CHECK(fault_of(std::string_view("[1,\0]", 5)) == JsonFault::syntax);
    CHECK(fault_of("[1,\x0b]") == JsonFault::syntax);
    for (const char* text : {"\"\xff\"", "\"\xc3(\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82", "[\x80]"}) {
        CHECK(fault_of(text) == JsonFault::encoding);
    }
    CHECK(fault_of("1e999") == JsonFault::number_range);
    CHECK(fault_of("[-1e400]") == JsonFault::number_range);
    CHECK(message_of("{\n \"a\": 1,\n \"b\": tru\n}").substr(0, 11) == "t.json:3:10");
    CHECK(message_of(std::string(3000, '[')).find("t.json:1:65: nested too deeply (limit depth: 64)") == 0);
}

TEST_CASE("a repeated key is refused with both places") {
    CHECK(message_of("{\"a\": 1,\n \"b\": 2, \"a\": 3}") == "t.json:2:12: key \"a\" is there twice (first at 1:4)");
    CHECK(fault_of(R"([{"x":{"k":1,"\u006b":2}}])") == JsonFault::duplicate_key);
    CHECK(fault_of(R"({"":1,"":2})") == JsonFault::duplicate_key);
    std::string many = "{";
    for (int i = 0; i < 5000; ++i) many += "\"k" + std::to_string(i * 7919 % 5000) + "\":0,";
    CHECK(fault_of(many + "\"k77\":1}") == JsonFault::duplicate_key);
    CHECK(parse_json(many + "\"last\":1}", "t").as_object()->size() == 5001);
}

TEST_CASE("JSON limits hold to the last one allowed") {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK_NOTHROW(parse_json(nested(64), "t"));
    CHECK(fault_of(nested(65)) == JsonFault::depth);
    CHECK(fault_of(std::string(5'000'000, '[')) == JsonFault::depth);
    std::string objects;
    for (int i = 0; i < 65; ++i) objects += "{\"a\":";
    CHECK(fault_of(objects) == JsonFault::depth);
    const JsonLimits small = {.bytes = 40, .depth = 3, .string = 5, .array = 3, .values = 6, .number = 4};
    CHECK_NOTHROW(parse_json(R"(["12345"])", "t", small));
    CHECK(fault_of(R"(["123456"])", small) == JsonFault::string_length);
    CHECK(fault_of(R"({"123456":1})", small) == JsonFault::string_length);
    CHECK_NOTHROW(parse_json("[1,2,3]", "t", small));
    CHECK(fault_of("[1,2,3,4]", small) == JsonFault::array_length);
    CHECK(fault_of("[1,2,{},[]]", small) == JsonFault::array_length);
    CHECK_NOTHROW(parse_json(R"({"a":1,"b":2,"c":3})", "t", small));
    CHECK(fault_of(R"({"a":1,"b":2,"c":3,"d":4})", small) == JsonFault::array_length);
    CHECK_NOTHROW(parse_json("[[1,2],[3]]", "t", small));
    CHECK(fault_of("[[1,2],[3,4]]", small) == JsonFault::value_count);
    CHECK(fault_of("[12345]", small) == JsonFault::number_length);
    CHECK(fault_of("[1,                                      2]", small) == JsonFault::document_size);
    CHECK(fault_of("[" + std::string(1'000'000, '1') + "]") == JsonFault::number_length);
    CHECK(fault_of("\"" + std::string(8'000'001, 'a') + "\"") == JsonFault::string_length);
}

TEST_CASE("JSON getters name the path") {
    const Json document =
        parse_json(R"({"hidden_size":"64","layers":[{"dim":8},{"dim":-1}],"rate":0.5,"on":true,"none":null,"big":1e30})", "config.json");
    const JsonView config(document, "config");
    CHECK(failure([&] { config["hidden_size"].integer(); }) == "config.hidden_size: expected integer, found string \"64\"");
    CHECK(failure([&] { config["layers"][1]["dim"].integer(1, 65536); }) == "config.layers[1].dim: -1 is out of range, 1 to 65536 allowed");
    CHECK(failure([&] { config["layers"][2]["dim"].integer(); }) == "config.layers[2].dim: missing");
    CHECK(failure([&] { config["nothing"].string(); }) == "config.nothing: missing");
    CHECK(failure([&] { config["rate"]["x"].string(); }) == "config.rate: expected object, found number 0.5");
    CHECK(failure([&] { config["on"][0].string(); }) == "config.on: expected array, found boolean true");
    CHECK(failure([&] { config["none"].number(); }) == "config.none: expected number, found null");
    CHECK(failure([&] { config["layers"].boolean(); }) == "config.layers: expected boolean, found array");
    CHECK(failure([&] { config["big"].integer(); }) == "config.big: expected integer, found number 1e+30");
    CHECK(failure([&] { config["rate"].number(0.6, 1.0); }) == "config.rate: 0.5 is out of range, 0.6 to 1 allowed");
    CHECK(config["layers"][0]["dim"].integer(1, 8) == 8);
    CHECK(config["layers"].size() == 2);
    CHECK(config["layers"][0]["dim"].number() == 8.0);
    CHECK(config["rate"].number() == 0.5);
    CHECK(config["on"].boolean());
    CHECK(config["none"].integer_or(3) == 3);
    CHECK(config["nothing"].string_or("x") == "x");
    CHECK(failure([&] { config["rate"].integer_or(3); }) == "config.rate: expected integer, found number 0.5");
}

TEST_CASE("JSON text is the same every time and reads back") {
    Json json;
    json.set("b", 1).set("a", Json::array().push_back(1.0).push_back("q\"\\\n\x01\xc3\xa9").push_back(nullptr).push_back(true));
    json.set("empty", Json::object()).set("none", Json::array()).set("b", -7);
    CHECK(json.text() == "{\"b\":-7,\"a\":[1.0,\"q\\\"\\\\\\n\\u0001\xc3\xa9\",null,true],\"empty\":{},\"none\":[]}");
    CHECK(parse_json(R"({"a":[1,{"b":2.5}],"c":{}})", "t").text(true) ==
          "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2.5\n    }\n  ],\n  \"c\": {}\n}\n");
    CHECK(Json(0.1).text() == "0.1");
    CHECK(Json(-0.0).text() == "-0.0");
    CHECK(Json(1e22).text() == "1e+22");
    CHECK(Json(UINT32_MAX).text() == "4294967295");
    CHECK_THROWS_AS(Json(UINT64_MAX), Error);
    CHECK_THROWS_AS(Json(std::nan("")).text(), Error);
    CHECK_THROWS_AS(Json(std::numeric_limits<double>::infinity()).text(), Error);
    CHECK_THROWS_AS(Json("\xff").text(), Error);
    CHECK_THROWS_AS(Json(1).set("a", 2), Error);
    CHECK_THROWS_AS(Json("x").push_back(2), Error);
}

TEST_CASE("doubles come back to the bit, by our reader and by strtod") {
    std::mt19937_64 random(20240611);
    for (int i = 0; i < 200'000; ++i) {
        const double value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        const std::string text = Json(value).text();
        const double by_strtod = std::strtod(text.c_str(), nullptr);
        REQUIRE(std::bit_cast<std::uint64_t>(by_strtod) == std::bit_cast<std::uint64_t>(value));
        if (i % 10 != 0) continue;
        const Json back = parse_json(text, "t");
        REQUIRE(back.as_real() != nullptr);
        REQUIRE(std::bit_cast<std::uint64_t>(*back.as_real()) == std::bit_cast<std::uint64_t>(value));
    }
}

TEST_CASE("JSON is read from a file through a window") {
    const test::TemporaryDirectory directory;
    std::string text = "[";
    for (int i = 0; i < 30'000; ++i) text += "\"\xe2\x82\xac" + std::to_string(i) + "\",\n";
    text += "0]";
    test::write_text(directory / "a.json", text);
    const Json whole = read_json(directory / "a.json");
    CHECK(whole.as_array()->size() == 30'001);
    CHECK(failure([&] { read_json(directory / "a.json", {.bytes = 1000}); }).find("at most 1.0 kB") != std::string::npos);
    struct Count : JsonHandler {
        std::size_t values = 0;
        std::string joined;
        void null(JsonPosition) override { ++values; }
        void boolean(bool, JsonPosition) override { ++values; }
        void unsigned_integer(std::uint64_t, JsonPosition) override { ++values; }
        void negative_integer(std::int64_t, JsonPosition) override { ++values; }
        void real(double, JsonPosition) override { ++values; }
        void string(std::string& value, JsonPosition) override {
            ++values;
            joined += value;
        }
        void begin_object(JsonPosition) override {}
        void key(std::string&, JsonPosition) override {}
        void end_object(JsonPosition) override {}
        void begin_array(JsonPosition) override {}
        void end_array(JsonPosition) override {}
    } count;
    const File file = File::open(directory / "a.json", OpenMode::read);
    FileSource source(file, 0, text.size());
    parse_json_events(source, count, "a.json");
    CHECK(count.values == 30'001);
    std::string expected;
    for (int i = 0; i < 30'000; ++i) expected += "\xe2\x82\xac" + std::to_string(i);
    CHECK(count.joined == expected);
}
