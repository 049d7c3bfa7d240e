#include <doctest/doctest.h>

#include "models/mmf/config.h"
#include "tests/models/mmf_batch.h"

using namespace molten;

namespace {

MmfConfig read(const std::string& text) {
    const io::Json document = io::parse_json(text, "config.json");
    return MmfConfig::from_json(io::JsonView(document, "config.json"));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("mmf config: written and read back, every field") {
    MmfConfig c = small_mmf();
    c.graph_dropout = 0.125;
    c.dropout = 0.1;
    c.fingerprint_dropout = 0.3;
    c.descriptor_dropout = 0.7;
    c.fingerprint_drop_rate = 0.25;
    c.retrieval_drop_rate = 0.75;
    c.descriptor = false;
    c.cross_attention = false;
    c.top_k = 3;
    c.order = 5;
    for (const MmfGate gate : {MmfGate::softmax, MmfGate::sigmoid, MmfGate::top_k, MmfGate::none}) {
        c.gate = gate;
        const MmfConfig back = read(c.to_json().text(true));
        CHECK(back.to_json().text() == c.to_json().text());
        CHECK(back.gate == gate);
        CHECK(back.graph_dropout == 0.125);
        CHECK(back.retrieval_drop_rate == 0.75);
        CHECK_FALSE(back.descriptor);
        CHECK(back.experts() == std::vector<std::string>{"graph", "fingerprint", "retrieval"});
    }
}

TEST_CASE("mmf config: each missing or wrong field is named") {
    const std::string good = small_mmf().to_json().text(false);
    const io::Json document = io::parse_json(good, "config.json");
    int fields = 0;
    for (const auto& [name, value] : io::JsonView(document, "config.json").object().members()) {
        for (const std::string& bad : {std::string("null"), std::string("[]"), std::string("-3"), std::string("1e99"), std::string("\"?\"")}) {
            io::Json changed = io::parse_json(good, "config.json");
            const std::string text = replaced(good, "\"" + name + "\":" + value.text(), "\"" + name + "\":" + bad);
            INFO(name << " = " << bad);
            try {
                read(text);
                FAIL("was taken");
            } catch (const Error& error) {
                CHECK(error.code() == ExitCode::data);
                CHECK(std::string(error.what()).find(name) != std::string::npos);
            }
        }
        ++fields;
    }
    CHECK(fields == 24);
}

TEST_CASE("mmf config: sizes that make no model") {
    const auto refused = [](const std::function<void(MmfConfig&)>& change, const char* why) {
        MmfConfig c = small_mmf();
        change(c);
        INFO(std::string(why));
        try {
            c.check();
            FAIL("was taken");
        } catch (const Error& error) {
            CHECK(error.code() == ExitCode::usage);
            CHECK(std::string(error.what()).find(why) != std::string::npos);
        }
    };
    small_mmf().check();
    refused([](MmfConfig& c) { c.graph = c.fingerprint = c.descriptor = c.retrieval = false; }, "every part is switched off");
    refused([](MmfConfig& c) { c.width = 9; }, "width 9 is not a multiple of 2 heads");
    refused([](MmfConfig& c) { c.node_features = 0; }, "node features");
    refused([](MmfConfig& c) { c.fingerprint_bits = 0; }, "fingerprint");
    refused([](MmfConfig& c) { c.descriptors = 0; }, "descriptors");
    refused([](MmfConfig& c) { c.retrieved = 0; }, "retrieval vector");
    refused([](MmfConfig& c) { c.targets = 0; }, "no target");
    refused([](MmfConfig& c) { c.dropout = 1; }, "dropout of 1");
    refused([](MmfConfig& c) { c.order = 0; }, "order");
}
