// Attention against recorded PyTorch results, and what a table of random numbers does not reach: padding that must change
// nothing, a bias of -infinity, a single key, a key cache, long rows.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/common/check.h"
#include "kernels/common/philox.h"
#include "tests/parity.h"

namespace molten {
namespace {

std::vector<float> random_floats(std::int64_t count, std::uint64_t stream) {
    std::vector<float> numbers(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(philox_normal({44, stream}, i));
    return numbers;
}

struct Heads {
    std::vector<float> q, k, v, out, logsumexp;
    AttentionArgs args;

    Heads(std::int64_t batch, std::int64_t heads, std::int64_t queries, std::int64_t keys, std::int64_t width)
        : q(random_floats(batch * heads * queries * width, 1)),
          k(random_floats(batch * heads * keys * width, 2)),
          v(random_floats(batch * heads * keys * width, 3)),
          out(q.size(), NAN),
          logsumexp(static_cast<std::size_t>(batch * heads * queries), NAN) {
        args.batch = batch, args.heads = args.key_heads = heads, args.queries = queries, args.keys = keys, args.width = width;
        bind();
    }
    void bind() { args.q = q.data(), args.k = k.data(), args.v = v.data(), args.out = out.data(), args.logsumexp = logsumexp.data(); }
    Heads(const Heads&) = delete;
};

Launch variant(const char* name) {
    Launch launch;
    launch.variant = name;
    return launch;
}

}  // namespace

TEST_CASE("parity: attention equals PyTorch's scaled_dot_product_attention") {
    const auto recorded = read_parity("ops");
    if (!recorded) {
        MESSAGE("SKIPPED: no recorded results (set MOLTEN_PARITY)");
        return;
    }
    int cases = 0;
    for (const auto& [key, out] : *recorded) {
        if (!key.starts_with("sdpa_") || !key.ends_with(".out")) continue;
        const std::string name = key.substr(0, key.size() - 4);
        std::istringstream numbers(name.substr(5));
        std::int64_t size[6] = {};
        for (auto& n : size) {
            numbers >> n;
            numbers.ignore(1);
        }
        const auto at = [&](const char* what) -> const std::vector<float>& { return recorded->at(name + what).f32; };
        for (const char* which : {"v1", "v2"}) {
            INFO(name, " ", which);
            Heads heads(size[0], size[1], size[2], size[3], size[4]);
            heads.args.causal = size[5] != 0;
            heads.q = at(".in0"), heads.k = at(".in1"), heads.v = at(".in2");
            heads.bind();
            cpu::attention_forward(variant(which), heads.args);
            CHECK(relative_error(heads.out, out.f32) <= 1e-5);
            std::vector<float> dq(heads.q.size()), dk(heads.k.size()), dv(heads.v.size());
            cpu::attention_backward(variant(which), {heads.args, at(".grad_out").data(), dq.data(), dk.data(), dv.data(), nullptr});
            CHECK(relative_error(dq, at(".grad0")) <= 1e-5);
            CHECK(relative_error(dk, at(".grad1")) <= 1e-5);
            CHECK(relative_error(dv, at(".grad2")) <= 1e-5);
        }
        ++cases;
    }
    CHECK(cases == 4);
}

TEST_CASE("attention: masked keys change nothing, whatever they hold") {
    for (const char* which : {"v1", "v2"}) {
        INFO(which);
        const std::int64_t seen = 37, padded = 50;
        Heads plain(1, 2, 20, seen, 8), longer(1, 2, 20, padded, 8);
        longer.q = plain.q;
        std::vector<std::uint8_t> mask(static_cast<std::size_t>(padded), 0);
        std::fill_n(mask.begin(), seen, std::uint8_t{1});
        for (std::int64_t h = 0; h < 2; ++h)
            for (std::int64_t j = 0; j < padded; ++j)
                for (std::int64_t d = 0; d < 8; ++d) {
                    const auto to = static_cast<std::size_t>((h * padded + j) * 8 + d),
                               from = static_cast<std::size_t>((h * seen + j) * 8 + d);
                    longer.k[to] = j < seen ? plain.k[from] : 1e4f;
                    longer.v[to] = j < seen ? plain.v[from] : -1e4f;
                }
        longer.bind();
        longer.args.key_mask = mask.data();
        cpu::attention_forward(variant(which), plain.args);
        cpu::attention_forward(variant(which), longer.args);
        for (std::size_t i = 0; i < plain.out.size(); ++i) CHECK(longer.out[i] == doctest::Approx(plain.out[i]).epsilon(1e-5));
    }
}

TEST_CASE("attention: a bias of -infinity is a mask, and a row of them has no output and no gradient") {
    for (const char* which : {"v1", "v2"}) {
        INFO(which);
        Heads heads(1, 1, 14, 30, 4);
        const float infinity = std::numeric_limits<float>::infinity();
        std::vector<float> bias(14 * 30, 0);
        for (std::size_t j = 0; j < 30; ++j) bias[5 * 30 + j] = -infinity;  // row 5 sees nothing
        for (std::size_t i = 0; i < 14; ++i) bias[i * 30 + 7] = -infinity;  // nobody sees key 7
        heads.args.bias = bias.data(), heads.args.bias_strides = {0, 0, 30};
        cpu::attention_forward(variant(which), heads.args);
        CHECK(heads.logsumexp[5] == -infinity);
        for (std::size_t d = 0; d < 4; ++d) CHECK(heads.out[5 * 4 + d] == 0);
        const auto dout = random_floats(14 * 4, 9);
        std::vector<float> dq(heads.q.size(), NAN), dk(heads.k.size(), NAN), dv(heads.v.size(), NAN), dbias(bias.size(), NAN);
        cpu::attention_backward(variant(which), {heads.args, dout.data(), dq.data(), dk.data(), dv.data(), dbias.data()});
        for (std::size_t d = 0; d < 4; ++d) CHECK((dq[5 * 4 + d] == 0 && dk[7 * 4 + d] == 0 && dv[7 * 4 + d] == 0));
        for (std::size_t j = 0; j < 30; ++j) CHECK(dbias[5 * 30 + j] == 0);
        for (const auto* gradient : {&dq, &dk, &dv, &dbias})
            for (const float x : *gradient) CHECK(std::isfinite(x));
    }
}

TEST_CASE("attention: one key is the identity on its value") {
    Heads heads(3, 2, 5, 1, 7);
    cpu::attention_forward({}, heads.args);
    for (std::size_t b = 0; b < 6; ++b)
        for (std::size_t i = 0; i < 5; ++i)
            for (std::size_t d = 0; d < 7; ++d) CHECK(heads.out[(b * 5 + i) * 7 + d] == heads.v[b * 7 + d]);
}

TEST_CASE("attention: a causal sequence taken token by token with a key cache gives the whole sequence") {
    Heads whole(1, 2, 40, 40, 16);
    whole.args.causal = true;
    for (const char* which : {"v1", "v2"}) {
        cpu::attention_forward(variant(which), whole.args);
        std::vector<float> token(2 * 16);
        for (std::int64_t i = 0; i < 40; ++i) {
            AttentionArgs step = whole.args;
            step.q = whole.q.data() + i * 16, step.q_strides = {0, 40 * 16, 16};
            step.k_strides = step.v_strides = {0, 40 * 16, 16};
            step.out = token.data(), step.logsumexp = nullptr;
            step.queries = 1, step.keys = i + 1, step.causal_offset = i;
            cpu::attention_forward({}, step);
            for (std::size_t d = 0; d < 32; ++d) {
                const std::size_t at = d / 16 * 640 + static_cast<std::size_t>(i) * 16 + d % 16;
                CHECK(std::abs(token[d] - whole.out[at]) <= 2e-6f);
            }
        }
    }
}

TEST_CASE("attention says what it does not do") {
    Heads heads(1, 3, 2, 2, 4);
    heads.args.key_heads = 2;
    CHECK_THROWS_WITH_AS(cpu::attention_forward({}, heads.args), "attention: 3 query heads cannot share 2 key heads evenly", KernelError);
    heads.args.key_heads = 3;
    CHECK_THROWS_AS(cpu::attention_forward(variant("v7"), heads.args), KernelError);
}

}  // namespace molten
