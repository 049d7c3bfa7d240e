// Forward and gradients of single operators against PyTorch's, recorded for loss = sum(out * grad_out).
#include <doctest/doctest.h>

#include <optional>

#include "kernels/activation/activation.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/loss/loss.h"
#include "kernels/softmax/softmax.h"
#include "tests/parity.h"

namespace molten {
namespace {

constexpr double kTolerance = 1e-5;

std::optional<RecordedTensors> recorded() {
    const auto file = parity_folder("ops") / "io.safetensors";
    if (std::filesystem::exists(file)) return RecordedTensors(file);
    MESSAGE("SKIPPED: " << file.string() << " is not there (set MOLTEN_PARITY)");
    return std::nullopt;
}

// Rows and length of the last axis.
std::pair<std::int64_t, std::int64_t> as_rows(const std::vector<std::int64_t>& shape) {
    std::int64_t rows = 1;
    for (std::size_t k = 0; k + 1 < shape.size(); ++k) rows *= shape[k];
    return {rows, shape.back()};
}

void check_activation(const char* name, Activation function) {
    const auto data = recorded();
    if (!data) return;
    const std::string prefix = std::string(name) + ".";
    const auto x = data->floats(prefix + "in0"), dy = data->floats(prefix + "grad_out");
    std::vector<float> y(x.size()), dx(x.size());
    const auto count = static_cast<std::int64_t>(x.size());
    cpu::activation_forward({}, {x.data(), y.data(), count, function, DType::f32});
    cpu::activation_backward({}, {x.data(), y.data(), dy.data(), dx.data(), count, function, DType::f32});
    CHECK(relative_error(y, data->floats(prefix + "out")) <= kTolerance);
    CHECK(relative_error(dx, data->floats(prefix + "grad0")) <= kTolerance);
}

void check_cross_entropy(const char* name, double label_smoothing) {
    const auto data = recorded();
    if (!data) return;
    const std::string prefix = std::string(name) + ".";
    const auto x = data->floats(prefix + "in0");
    const auto wide = data->integers(prefix + "target");
    const std::vector<std::int32_t> target(wide.begin(), wide.end());
    const auto [rows, classes] = as_rows(data->shape(prefix + "in0"));
    std::vector<float> loss(1), lse(target.size()), dx(x.size());
    const float dloss = data->has(prefix + "grad_out") ? data->floats(prefix + "grad_out")[0] : 1.f;
    cpu::cross_entropy_forward({}, {x.data(), target.data(), loss.data(), lse.data(), rows, classes, -100, label_smoothing, Reduction::mean, DType::f32});
    cpu::cross_entropy_backward(
        {}, {x.data(), target.data(), lse.data(), &dloss, dx.data(), rows, classes, -100, label_smoothing, Reduction::mean, DType::f32});
    CHECK(relative_error(loss, data->floats(prefix + "out")) <= kTolerance);
    CHECK(relative_error(dx, data->floats(prefix + "grad0")) <= kTolerance);
}

}  // namespace

TEST_CASE("kernel parity gelu_erf") { check_activation("gelu_erf", Activation::gelu); }
TEST_CASE("kernel parity gelu_tanh") { check_activation("gelu_tanh", Activation::gelu_tanh); }
TEST_CASE("kernel parity silu") { check_activation("silu", Activation::silu); }
TEST_CASE("kernel parity cross-entropy") { check_cross_entropy("ce", 0); }
TEST_CASE("kernel parity cross-entropy with label smoothing") { check_cross_entropy("ce_smooth", 0.1); }

TEST_CASE("kernel parity softmax") {
    const auto data = recorded();
    if (!data) return;
    const auto x = data->floats("softmax.in0"), dy = data->floats("softmax.grad_out");
    const auto [rows, n] = as_rows(data->shape("softmax.in0"));
    std::vector<float> y(x.size()), dx(x.size());
    cpu::softmax_forward({}, {x.data(), nullptr, y.data(), rows, n, false, DType::f32});
    cpu::softmax_backward({}, {y.data(), dy.data(), dx.data(), rows, n, false, DType::f32});
    CHECK(relative_error(y, data->floats("softmax.out")) <= kTolerance);
    CHECK(relative_error(dx, data->floats("softmax.grad0")) <= kTolerance);
}

TEST_CASE("kernel parity logsumexp") {
    const auto data = recorded();
    if (!data) return;
    const auto x = data->floats("logsumexp.in0"), dy = data->floats("logsumexp.grad_out");
    const auto [rows, n] = as_rows(data->shape("logsumexp.in0"));
    std::vector<float> y(dy.size()), dx(x.size());
    cpu::logsumexp_forward({}, {x.data(), nullptr, y.data(), rows, n, DType::f32});
    cpu::logsumexp_backward({}, {x.data(), nullptr, dy.data(), dx.data(), rows, n, DType::f32});
    CHECK(relative_error(y, data->floats("logsumexp.out")) <= kTolerance);
    CHECK(relative_error(dx, data->floats("logsumexp.grad0")) <= kTolerance);
}

TEST_CASE("kernel parity layer_norm") {
    const auto data = recorded();
    if (!data) return;
    const auto x = data->floats("layer_norm.in0"), weight = data->floats("layer_norm.in1"), bias = data->floats("layer_norm.in2");
    const auto dy = data->floats("layer_norm.grad_out");
    const auto [rows, n] = as_rows(data->shape("layer_norm.in0"));
    std::vector<float> y(x.size()), dx(x.size()), dweight(weight.size()), dbias(bias.size());
    std::vector<float> mean(static_cast<std::size_t>(rows)), rstd(mean.size());
    cpu::layer_norm_forward({}, {x.data(), nullptr, weight.data(), bias.data(), nullptr, y.data(), mean.data(), rstd.data(), rows, n, 1e-5, DType::f32});
    cpu::layer_norm_backward({}, {dy.data(), nullptr, x.data(), weight.data(), mean.data(), rstd.data(), dx.data(), dweight.data(), dbias.data(), rows,
                                  n, DType::f32});
    CHECK(relative_error(y, data->floats("layer_norm.out")) <= kTolerance);
    CHECK(relative_error(dx, data->floats("layer_norm.grad0")) <= kTolerance);
    CHECK(relative_error(dweight, data->floats("layer_norm.grad1")) <= kTolerance);
    CHECK(relative_error(dbias, data->floats("layer_norm.grad2")) <= kTolerance);
}

}  // namespace molten
