#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "engine/autograd/tape.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/random/generator.h"
#include "tests/models/mmf_batch.h"

using namespace molten;

namespace {

struct Variant {
    const char* name;
    std::function<void(MmfConfig&)> change;
};

const std::vector<Variant> kVariants = {
    {"whole", [](MmfConfig&) {}},
    {"graph only", [](MmfConfig& c) { c.fingerprint = c.descriptor = c.retrieval = false; }},
    {"fingerprint only", [](MmfConfig& c) { c.graph = c.descriptor = c.retrieval = false; }},
    {"descriptor only", [](MmfConfig& c) { c.graph = c.fingerprint = c.retrieval = false; }},
    {"retrieval only", [](MmfConfig& c) { c.graph = c.fingerprint = c.descriptor = false; }},
    {"no retrieval", [](MmfConfig& c) { c.retrieval = false; }},
    {"no cross attention", [](MmfConfig& c) { c.cross_attention = false; }},
    {"no gate", [](MmfConfig& c) { c.gate = MmfGate::none; }},
    {"sigmoid gate", [](MmfConfig& c) { c.gate = MmfGate::sigmoid; }},
    {"top-k gate", [](MmfConfig& c) { c.gate = MmfGate::top_k; }},
    {"no layers", [](MmfConfig& c) { c.layers = 0; }},
    {"order 1", [](MmfConfig& c) { c.order = 1; }},
    {"order 5", [](MmfConfig& c) { c.order = 5; }},
};

MmfConfig config_of(const Variant& variant) {
    MmfConfig c = small_mmf();
    variant.change(c);
    return c;
}

// Random numbers in all parameters: the gate starts at zero, where its gradient is special.
void randomise(Mmf& model, DType dtype, std::uint64_t seed) {
    model.visit([&](const std::string&, Tensor& p) {
        p = Tensor::randn(p.shape(), dtype, ++seed, 0.4);
        p.set_requires_grad(true);
    });
}

std::vector<Tensor> parameters_of(Mmf& model) {
    std::vector<Tensor> result;
    model.visit([&](const std::string&, Tensor& p) { result.push_back(p); });
    return result;
}

Tensor probe(const MmfOutput& output, const Tensor& cotangent) { return sum(mul(output.prediction, cotangent)); }

}  // namespace

TEST_CASE("mmf: parameter names are unique and stay what they are") {
    Mmf model(small_mmf(), 1);
    std::vector<std::string> names;
    model.visit([&](const std::string& name, Tensor& p) {
        names.push_back(name);
        CHECK(p.requires_grad());
        CHECK(p.dtype() == DType::f32);
    });
    // Files of trained models hold these names: a change here makes them unreadable.
    std::vector<std::string> expected;
    const auto linear = [&](const std::string& name) { expected.insert(expected.end(), {name + ".weight", name + ".bias"}); };
    const auto mlp = [&](const std::string& name) { linear(name + ".first"), linear(name + ".second"); };
    linear("graph.embed");
    for (const char* layer : {"0", "1"})
        for (const char* part : {".theta", ".bias"}) expected.push_back(std::string("graph.convolutions.") + layer + part);
    linear("graph.readout.value");
    expected.push_back("graph.readout.score.weight");
    linear("graph.readout.project");
    for (const char* part : {"fingerprint", "descriptor", "retrieval"}) mlp(part);
    for (const char* part : {"query", "key", "value", "output", "norm"}) linear(std::string("cross.") + part);
    for (const char* part : {"cross", "graph", "fingerprint", "descriptor", "retrieval"}) mlp(std::string("experts.") + part);
    linear("gate");
    linear("head");
    CHECK(names == expected);
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
}

TEST_CASE("mmf: weights depend on the seed and the name alone") {
    const auto weights = [](const MmfConfig& c, std::uint64_t seed) {
        std::map<std::string, std::vector<double>> result;
        Mmf(c, seed).visit([&](const std::string& name, Tensor& p) { result[name] = p.to_vector(); });
        return result;
    };
    MmfConfig other = small_mmf();
    other.retrieval = false;
    const auto whole = weights(small_mmf(), 5), part = weights(other, 5), again = weights(small_mmf(), 5), seeded = weights(small_mmf(), 6);
    CHECK(whole == again);
    CHECK(part.at("graph.embed.weight") == whole.at("graph.embed.weight"));
    CHECK(part.at("experts.graph.first.weight") == whole.at("experts.graph.first.weight"));
    CHECK(seeded.at("graph.embed.weight") != whole.at("graph.embed.weight"));
}

TEST_CASE("mmf: the gradient of the whole model, along random directions in f64") {
    for (const Variant& variant : kVariants) {
        INFO(std::string(variant.name));
        const MmfConfig c = config_of(variant);
        Mmf model(c, 3);
        randomise(model, DType::f64, 100);
        const MmfBatch batch = batch_of(c, toy_molecules(c, 4, 8), DType::f64);
        const Tensor cotangent = Tensor::randn({4, c.targets}, DType::f64, 77);
        std::vector<Tensor> parameters = parameters_of(model);
        Gradients gradients;
        {
            Tape tape;
            gradients = tape.backward(probe(model.forward(batch, false), cotangent));
        }
        const NoGrad quiet;
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
            std::vector<std::vector<double>> start, direction;
            double analytic = 0;
            for (const Tensor& p : parameters) {
                start.push_back(p.to_vector());
                direction.push_back(Tensor::randn(p.shape(), DType::f64, 1000 * seed + start.size()).to_vector());
                const auto gradient = gradients.of(p).to_vector();
                for (std::size_t i = 0; i < gradient.size(); ++i) analytic += gradient[i] * direction.back()[i];
            }
            const auto value_at = [&](double step) {
                for (std::size_t k = 0; k < parameters.size(); ++k)
                    for (std::size_t i = 0; i < start[k].size(); ++i) parameters[k].mutable_data<double>()[i] = start[k][i] + step * direction[k][i];
                return probe(model.forward(batch, false), cotangent).item();
            };
            // Fourth-order central difference. relu has corners: a step small enough to cross none.
            const double h = 1e-5;
            const double numeric = (8 * (value_at(h) - value_at(-h)) - (value_at(2 * h) - value_at(-2 * h))) / (12 * h);
            value_at(0);
            INFO("direction " << seed << ": analytic " << analytic << ", numeric " << numeric);
            CHECK(std::abs(analytic - numeric) <= 1e-6 * std::max(1.0, std::abs(numeric)));
        }
    }
}

TEST_CASE("mmf: every trainable parameter of every variant receives a finite, and once a non-zero gradient") {
    for (const Variant& variant : kVariants) {
        const MmfConfig c = config_of(variant);
        std::map<std::string, bool> moved;
        const int draws = c.gate == MmfGate::top_k ? 12 : 1;  // an expert that nobody chooses learns nothing: other weights choose others
        for (int draw = 0; draw < draws; ++draw) {
            Mmf model(c, 3);
            randomise(model, DType::f32, 50 + 1000 * static_cast<std::uint64_t>(draw));
            Tape tape;
            const MmfOutput output = model.forward(batch_of(c, toy_molecules(c, 16, 9), DType::f32), true);
            const Gradients gradients = tape.backward(probe(output, Tensor::randn({16, c.targets}, DType::f32, 5)));
            model.visit([&](const std::string& name, Tensor& p) {
                INFO(std::string(variant.name) << ": " << name);
                REQUIRE(gradients.has(p));
                const auto g = gradients.of(p).to_vector();
                CHECK(std::all_of(g.begin(), g.end(), [](double x) { return std::isfinite(x); }));
                moved[name] = moved[name] || std::any_of(g.begin(), g.end(), [](double x) { return x != 0; });
            });
        }
        for (const auto& [name, once] : moved) {
            INFO(std::string(variant.name) << ": " << name);
            // A key's bias adds the same to all scores of a query, which softmax does not take in: its gradient is rounding alone.
            if (name != "cross.key.bias") CHECK(once);
        }
    }
}

TEST_CASE("mmf: the order of molecules and their company change no prediction") {
    for (const Variant& variant : kVariants) {
        INFO(std::string(variant.name));
        const MmfConfig c = config_of(variant);
        Mmf model(c, 3);
        randomise(model, DType::f32, 60);
        auto molecules = toy_molecules(c, 9, 10);
        const NoGrad quiet;
        const auto together = model.forward(batch_of(c, molecules, DType::f32), false).prediction.to_vector();
        const auto targets = static_cast<std::size_t>(c.targets);
        double worst = 0;
        for (std::size_t i = 0; i < molecules.size(); ++i) {
            const auto alone = model.forward(batch_of(c, {molecules[i]}, DType::f32), false).prediction.to_vector();
            for (std::size_t t = 0; t < targets; ++t) worst = std::max(worst, std::abs(alone[t] - together[i * targets + t]));
        }
        CHECK(worst <= 1e-6);
        const std::vector<std::size_t> order = {4, 0, 8, 2, 6, 1, 7, 3, 5};
        std::vector<ToyMolecule> shuffled;
        for (const std::size_t i : order) shuffled.push_back(molecules[i]);
        const auto permuted = model.forward(batch_of(c, shuffled, DType::f32), false).prediction.to_vector();
        worst = 0;
        for (std::size_t i = 0; i < order.size(); ++i)
            for (std::size_t t = 0; t < targets; ++t) worst = std::max(worst, std::abs(permuted[i * targets + t] - together[order[i] * targets + t]));
        CHECK(worst <= 1e-6);
    }
}

TEST_CASE("mmf: gate weights sum to one, or lie between 0 and 1, or keep two") {
    for (const MmfGate kind : {MmfGate::softmax, MmfGate::sigmoid, MmfGate::top_k}) {
        INFO(name_of(kind));
        MmfConfig c = small_mmf();
        c.gate = kind;
        Mmf model(c, 3);
        const auto gate_of = [&] { return model.forward(batch_of(c, toy_molecules(c, 6, 11), DType::f32), false).gate.to_vector(); };
        const NoGrad quiet;
        const std::size_t experts = c.experts().size();
        if (kind == MmfGate::softmax)
            for (const double w : gate_of()) CHECK(w == doctest::Approx(1.0 / static_cast<double>(experts)));  // before training: all equal
        randomise(model, DType::f32, 70);
        const auto gate = gate_of();
        REQUIRE(gate.size() == 6 * experts);
        for (std::size_t row = 0; row < 6; ++row) {
            double total = 0;
            int kept = 0;
            for (std::size_t e = 0; e < experts; ++e) {
                const double w = gate[row * experts + e];
                CHECK((w >= 0 && w <= 1));
                total += w;
                kept += w > 0;
            }
            if (kind != MmfGate::sigmoid) CHECK(total == doctest::Approx(1).epsilon(1e-6));
            CHECK(kept == (kind == MmfGate::top_k ? 2 : static_cast<int>(experts)));
        }
    }
}

TEST_CASE("mmf: dropout is drawn from the generator: the same bits for the same place, none in use") {
    MmfConfig c = small_mmf();
    c.dropout = 0.3, c.graph_dropout = 0.2, c.fingerprint_dropout = 0.4, c.descriptor_dropout = 0.2, c.fingerprint_drop_rate = 0.5, c.retrieval_drop_rate = 0.5;
    Mmf model(c, 3);
    const MmfBatch batch = batch_of(c, toy_molecules(c, 6, 12), DType::f32);
    const NoGrad quiet;
    const auto at = [&](std::uint64_t seed, std::uint64_t offset, bool training) {
        generator() = {seed, offset};
        return model.forward(batch, training).prediction.to_vector();
    };
    CHECK(at(1, 0, true) == at(1, 0, true));
    CHECK(at(1, 0, true) != at(2, 0, true));
    CHECK(at(1, 0, true) != at(1, 50, true));
    CHECK(at(1, 0, false) == at(2, 9, false));
}

TEST_CASE("mmf: one batch is learned by heart") {
    for (const Variant& variant : {kVariants[0], kVariants[1], kVariants[7]}) {
        INFO(std::string(variant.name));
        MmfConfig c = config_of(variant);
        c.width = 32;
        Mmf model(c, 3);
        const MmfBatch batch = batch_of(c, toy_molecules(c, 8, 13), DType::f32);
        const Tensor target = Tensor::randn({8, c.targets}, DType::f32, 21);
        std::vector<Tensor> parameters = parameters_of(model);
        std::vector<std::vector<double>> m(parameters.size()), v(parameters.size());
        double loss = 1;
        int step = 0;
        while (loss >= 1e-3 && step++ < 600) {  // Adam, written out
            Tape tape;
            const Tensor error = sub(model.forward(batch, true).prediction, target);
            const Tensor square = mean(mul(error, error));
            loss = square.item();
            const Gradients gradients = tape.backward(square);
            for (std::size_t k = 0; k < parameters.size(); ++k) {
                const auto g = gradients.of(parameters[k]).to_vector();
                m[k].resize(g.size());
                v[k].resize(g.size());
                auto* p = parameters[k].mutable_data<float>();
                for (std::size_t i = 0; i < g.size(); ++i) {
                    m[k][i] = 0.9 * m[k][i] + 0.1 * g[i];
                    v[k][i] = 0.999 * v[k][i] + 0.001 * g[i] * g[i];
                    p[i] -= static_cast<float>(5e-3 * m[k][i] / (1 - std::pow(0.9, step)) / (std::sqrt(v[k][i] / (1 - std::pow(0.999, step))) + 1e-8));
                }
            }
        }
        INFO("after " << step << " steps");
        CHECK(loss < 1e-3);
    }
}
