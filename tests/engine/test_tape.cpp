#include <doctest/doctest.h>

#include "engine/autograd/checkpoint.h"
#include "engine/autograd/gradcheck.h"
#include "engine/autograd/tape.h"
#include "engine/ops/activation.h"
#include "engine/ops/dropout.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reduce.h"
#include "engine/ops/softmax.h"
#include "engine/ops/view.h"
#include "engine/random/generator.h"

using namespace molten;

namespace {

Tensor trainable(Shape shape, std::uint64_t seed) { return Tensor::randn(shape, DType::f64, seed).set_requires_grad(true); }

std::string message_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a value used twice gets both gradients") {
    const Tensor x = trainable({4}, 1);
    Tape tape;
    const Gradients g = tape.backward(sum(add(mul(x, x), x)));
    for (std::size_t i = 0; i < 4; ++i) CHECK(g.of(x).to_vector()[i] == doctest::Approx(2 * x.to_vector()[i] + 1));
}

TEST_CASE("a chain equals a backward pass written by hand") {
    // loss = sum(relu(x w1^T) w2^T . c): dw2 = c^T h, dh = c w2, dw1 = (dh [h > 0])^T x
    const Tensor x = Tensor::randn({3, 4}, DType::f64, 1), w1 = trainable({5, 4}, 2), w2 = trainable({2, 5}, 3),
                 c = Tensor::randn({3, 2}, DType::f64, 4);
    Tape tape;
    const Tensor h = linear(x, w1, {}, MatMulActivation::relu), y = linear(h, w2);
    const Gradients g = tape.backward(y, c);
    const auto X = x.to_vector(), H = h.to_vector(), W2 = w2.to_vector(), C = c.to_vector(), d1 = g.of(w1).to_vector(),
               d2 = g.of(w2).to_vector();
    for (std::size_t o = 0; o < 2; ++o)
        for (std::size_t k = 0; k < 5; ++k) {
            double expected = 0;
            for (std::size_t r = 0; r < 3; ++r) expected += C[r * 2 + o] * H[r * 5 + k];
            CHECK(d2[o * 5 + k] == doctest::Approx(expected));
        }
    for (std::size_t k = 0; k < 5; ++k)
        for (std::size_t i = 0; i < 4; ++i) {
            double expected = 0;
            for (std::size_t r = 0; r < 3; ++r)
                for (std::size_t o = 0; o < 2; ++o) expected += H[r * 5 + k] > 0 ? C[r * 2 + o] * W2[o * 5 + k] * X[r * 4 + i] : 0;
            CHECK(d1[k * 4 + i] == doctest::Approx(expected));
        }
}

TEST_CASE("nothing is recorded below the first trainable value") {
    const Tensor x = Tensor::randn({2, 3}, DType::f64, 1), w = trainable({4, 3}, 2);
    Tape tape;
    const Tensor y = linear(relu(x), w);
    CHECK(tape.nodes().size() == 1);
    CHECK(y.requires_grad());
    CHECK(tape.dump().find("matmul") != std::string::npos);
    CHECK(tape.dump().find("total") != std::string::npos);
}

TEST_CASE("a frozen weight gets no gradient and costs none") {
    const Tensor x = trainable({2, 3}, 1), w = Tensor::randn({4, 3}, DType::f64, 2);
    Tape tape;
    const Gradients g = tape.backward(sum(linear(x, w)));
    CHECK(g.has(x));
    CHECK_FALSE(g.has(w));
}

TEST_CASE("a changed saved value is noticed") {
    Tensor x = trainable({3}, 1);
    Tape tape;
    const Tensor y = sum(mul(x, x));
    x.mutable_data<double>()[0] = 7;
    const std::string message = message_of([&] { tape.backward(y); });
    CHECK(message.find("changed in place") != std::string::npos);
    CHECK(message.find("binary") != std::string::npos);
}

TEST_CASE("an op without a gradient throws with its name and its reason") {
    const auto forward = [](const Tensors& in, const std::any&, Save&) -> Tensors { return {in[0].clone()}; };
    static const OpDef floor_op("floor", forward, OpGradient(Nondifferentiable{"its derivative is zero almost everywhere"}), nullptr);
    const Tensor x = trainable({3}, 1);
    Tape tape;
    const Tensor y = sum(apply(floor_op, {x})[0]);
    const std::string message = message_of([&] { tape.backward(y); });
    CHECK(message.find("floor") != std::string::npos);
    CHECK(message.find("zero almost everywhere") != std::string::npos);
}

TEST_CASE("an op that loses a gradient is caught by name") {
    const auto forward = [](const Tensors& in, const std::any&, Save&) -> Tensors { return {in[0].clone()}; };
    const auto backward = [](const Node&, const Tensors&) -> Tensors { return {Tensor()}; };
    static const OpDef lossy("lossy", forward, OpGradient(+backward), nullptr);
    const Tensor x = trainable({3}, 1);
    Tape tape;
    const Tensor y = sum(apply(lossy, {x})[0]);
    CHECK(message_of([&] { tape.backward(y); }).find("lossy lost the gradient of its input 0") != std::string::npos);
}

TEST_CASE("a tape is walked once, a root must be trainable, a wide root needs a cotangent") {
    const Tensor x = trainable({3}, 1);
    {
        Tape tape;
        const Tensor y = sum(x);
        tape.backward(y);
        CHECK(message_of([&] { tape.backward(y); }).find("walked") != std::string::npos);
    }
    Tape tape;
    CHECK(message_of([&] { tape.backward(Tensor::zeros({}, DType::f64)); }).find("nothing trainable") != std::string::npos);
    CHECK(message_of([&] { tape.backward(relu(x)); }).find("cotangent") != std::string::npos);
}

TEST_CASE("views share numbers and pass gradients") {
    const Tensor x = trainable({4, 6}, 1);
    const auto report = gradcheck(
        [](const Tensors& in) -> Tensors {
            const Tensor part = contiguous(transpose(slice(in[0], 1, 1, 5), 0, 1));
            return {mul(reshape(part, {2, 8}), reshape(part, {2, 8}))};
        },
        {x});
    CHECK_MESSAGE(report.passed, report.message);
    CHECK(slice(x, 1, 1, 5).storage() == x.storage());
    const auto before = contiguous_copies();
    contiguous(x);
    CHECK(contiguous_copies() == before);
    contiguous(transpose(x, 0, 1));
    CHECK(contiguous_copies() == before + 1);
}

TEST_CASE("checkpoint gives the same bits as no checkpoint") {
    const Tensor w1 = trainable({8, 8}, 1), w2 = trainable({8, 8}, 2), x = trainable({5, 8}, 3);
    const auto block = [&](const Tensors& in) -> Tensors {
        const Tensor h = dropout(gelu(linear(in[0], w1)), 0.4);
        return {softmax(linear(add(h, in[0]), w2))};
    };
    const auto run = [&](bool recompute) {
        generator() = {42, 5};
        Tape tape;
        Tensor y = recompute ? checkpoint(block, {x})[0] : block({x})[0];
        y = sum(mul(dropout(y, 0.2), Tensor::randn({5, 8}, DType::f64, 9)));
        const std::uint64_t offset = generator().offset;
        const std::size_t recorded = tape.nodes().size();
        const Gradients g = tape.backward(y);
        CHECK(generator().offset == offset);
        return std::tuple(y.to_vector(), g.of(w1).to_vector(), g.of(w2).to_vector(), g.of(x).to_vector(), offset, recorded);
    };
    const auto plain = run(false), replayed = run(true);
    CHECK(std::get<0>(plain) == std::get<0>(replayed));
    CHECK(std::get<1>(plain) == std::get<1>(replayed));
    CHECK(std::get<2>(plain) == std::get<2>(replayed));
    CHECK(std::get<3>(plain) == std::get<3>(replayed));
    CHECK(std::get<4>(plain) == std::get<4>(replayed));
    CHECK(std::get<5>(replayed) < std::get<5>(plain));
}

TEST_CASE("checkpoint trains parameters even if no input wants a gradient") {
    const Tensor w = trainable({3, 3}, 1), x = Tensor::randn({2, 3}, DType::f64, 2);
    Tape tape;
    const Tensor y = sum(checkpoint([&](const Tensors& in) -> Tensors { return {linear(in[0], w)}; }, {x})[0]);
    CHECK(tape.backward(y).has(w));
}
