#include "kernels/common/instance.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "kernels/common/check.h"

namespace molten {
namespace {

// Recursive descent over: sum = product {(+|-) product}; product = atom {(*|/) atom}; atom = number | name | '(' sum ')'.
class SizeParser {
  public:
    SizeParser(std::string_view text, const NamedSizes& sizes) : text_(text), sizes_(sizes) {}

    std::int64_t parse() {
        const std::int64_t value = sum(0);
        if (peek()) fail("unexpected character");
        if (value < 0) fail("negative size");
        return value;
    }

  private:
    [[noreturn]] void fail(const std::string& why) const {
        throw KernelError("size expression \"" + std::string(text_) + "\": " + why + " at character " + std::to_string(at_ + 1));
    }
    char peek() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    std::int64_t sum(int depth) {
        std::int64_t value = product(depth);
        for (char c; (c = peek()) == '+' || c == '-';) {
            ++at_;
            const std::int64_t term = product(depth);
            if (c == '+' ? __builtin_add_overflow(value, term, &value) : __builtin_sub_overflow(value, term, &value)) fail("overflow");
        }
        return value;
    }
    std::int64_t product(int depth) {
        std::int64_t value = atom(depth);
        for (char c; (c = peek()) == '*' || c == '/';) {
            ++at_;
            const std::int64_t factor = atom(depth);
            if (c == '/' && factor == 0) fail("division by zero");
            if (c == '/')
                value /= factor;
            else if (__builtin_mul_overflow(value, factor, &value))
                fail("overflow");
        }
        return value;
    }
    std::int64_t atom(int depth) {
        if (depth > 16) fail("too many parentheses");
        const char c = peek();
        const std::size_t begin = at_;
        if (c == '(') {
            ++at_;
            const std::int64_t value = sum(depth + 1);
            if (peek() != ')') fail("missing )");
            ++at_;
            return value;
        }
        const auto is_word = [&] { return at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'); };
        while (is_word()) ++at_;
        const std::string_view word = text_.substr(begin, at_ - begin);
        if (word.empty()) fail("expected a size");
        if (!std::isdigit(static_cast<unsigned char>(word[0]))) {
            const auto it = sizes_.find(word);
            if (it == sizes_.end()) fail("unknown size \"" + std::string(word) + "\"");
            return it->second;
        }
        if (word.size() > 15 || !std::all_of(word.begin(), word.end(), [](unsigned char d) { return std::isdigit(d); })) fail("bad number");
        return std::stoll(std::string(word));
    }

    std::string_view text_;
    const NamedSizes& sizes_;
    std::size_t at_ = 0;
};

template <class T>
void store_as(const Array& array, void* memory) {
    std::transform(array.numbers.begin(), array.numbers.end(), static_cast<T*>(memory), [](double x) {
        if constexpr (std::is_same_v<T, bf16>) return bf16(static_cast<float>(x));
        else return static_cast<T>(x);
    });
}

template <class T>
void load_as(Array& array, const void* memory) {
    const T* from = static_cast<const T*>(memory);
    for (std::size_t i = 0; i < array.numbers.size(); ++i) array.numbers[i] = static_cast<double>(from[i]);
}

}  // namespace

std::int64_t evaluate_size(std::string_view expression, const NamedSizes& sizes) { return SizeParser(expression, sizes).parse(); }

std::vector<std::int64_t> evaluate_shape(std::string_view shape, const NamedSizes& sizes) {
    if (shape.size() < 2 || shape.front() != '[' || shape.back() != ']') throw KernelError("shape \"" + std::string(shape) + "\" is not [...]");
    shape = shape.substr(1, shape.size() - 2);
    std::vector<std::int64_t> extents;
    while (!shape.empty()) {
        const std::size_t comma = shape.find(',');
        extents.push_back(evaluate_size(shape.substr(0, comma), sizes));
        shape = comma == std::string_view::npos ? std::string_view{} : shape.substr(comma + 1);
    }
    return extents;
}

NamedSizes name_sizes(const OpCases& op, const Sizes& sizes) {
    kernel_check(sizes.size() == op.sizes.size(), std::string(op.op).c_str(),
                 "a shape row has " + std::to_string(sizes.size()) + " numbers, the table names " + std::to_string(op.sizes.size()));
    NamedSizes named;
    for (std::size_t i = 0; i < sizes.size(); ++i) named[op.sizes[i]] = sizes[i];
    return named;
}

bool is_present(const Operand& operand, const NamedSizes& sizes) { return !operand.present || evaluate_size(operand.present, sizes) != 0; }

Array make_array(const Operand& operand, const NamedSizes& sizes) {
    Array array{operand.kind, evaluate_shape(operand.shape, sizes), {}, {}};
    std::int64_t count = 1;
    for (const std::int64_t extent : array.shape)
        kernel_check(!__builtin_mul_overflow(count, extent, &count), operand.name, "the shape overflows");
    array.numbers.resize(static_cast<std::size_t>(count));
    return array;
}

void store(const Array& array, DType stored, void* memory) {
    switch (stored) {
        case DType::f64: return store_as<double>(array, memory);
        case DType::f32: return store_as<float>(array, memory);
        case DType::bf16: return store_as<bf16>(array, memory);
        case DType::i32: return store_as<std::int32_t>(array, memory);
        case DType::u8: return store_as<std::uint8_t>(array, memory);
    }
}

void load(Array& array, DType stored, const void* memory) {
    switch (stored) {
        case DType::f64: return load_as<double>(array, memory);
        case DType::f32: return load_as<float>(array, memory);
        case DType::bf16: return load_as<bf16>(array, memory);
        case DType::i32: return load_as<std::int32_t>(array, memory);
        case DType::u8: return load_as<std::uint8_t>(array, memory);
    }
}

void round_to(Array& array, DType stored) {
    if (stored == DType::f32)
        for (double& x : array.numbers) x = static_cast<float>(x);
    if (stored == DType::bf16)
        for (double& x : array.numbers) x = bf16(static_cast<float>(x));
}

void fill(Array& array, Values values, std::uint64_t seed, std::uint64_t stream) {
    const PhiloxKey key{seed, stream};
    const double scale = values == Values::large ? 0x1p10 : values == Values::tiny ? 0x1p-20 : values == Values::zeros ? 0 : 1;
    const std::int64_t row = array.shape.empty() ? 1 : std::max<std::int64_t>(array.shape.back(), 1);
    const std::int64_t zero_row = array.count() / row / 2;
    for (std::int64_t i = 0; i < array.count(); ++i) {
        double& x = array.numbers[static_cast<std::size_t>(i)];
        if (array.kind == Kind::index) x = 0;
        else if (array.kind == Kind::mask) x = philox_uniform(key, static_cast<std::uint64_t>(i)) < 0.7f;
        else x = scale * philox_normal(key, static_cast<std::uint64_t>(i));
        if (array.kind == Kind::index || array.kind == Kind::mask) continue;
        if (values == Values::positive) x = std::abs(x) + 0.1;
        if (values == Values::one_row_zero && i / row == zero_row) x = 0;
    }
}

Instance make_instance(const OpCases& op, const Sizes& sizes, Values values, std::uint64_t seed) {
    Instance instance{&op, name_sizes(op, sizes), values, seed, {}};
    std::uint64_t stream = 0;
    for (const Operand& operand : op.inputs) {
        ++stream;
        if (!is_present(operand, instance.sizes)) continue;
        Array& array = instance.inputs[operand.name] = make_array(operand, instance.sizes);
        fill(array, values, seed, stream);
    }
    if (!op.generate) return instance;
    // generate() sees doubles for values and the stored types of indices and masks.
    Problem problem;
    problem.dtype = DType::f64;
    problem.sizes = instance.sizes;
    problem.random = {seed, 1000};
    std::map<std::string, std::vector<double>> memory;  // 8 bytes an element are enough for every type
    for (auto& [name, array] : instance.inputs) {
        std::vector<double>& buffer = memory[name];
        buffer.resize(array.numbers.size() + 1);
        store(array, stored_dtype(array.kind, DType::f64), buffer.data());
        problem.buffers[name] = buffer.data();
    }
    op.generate(problem);
    for (auto& [name, array] : instance.inputs) load(array, stored_dtype(array.kind, DType::f64), memory[name].data());
    return instance;
}

std::string Instance::describe() const {
    std::string text = "[";
    for (const char* name : op->sizes) text += (text.size() > 1 ? ", " : "") + std::string(name) + "=" + std::to_string(sizes.find(name)->second);
    return text + "] values=" + std::string(name_of(values)) + " seed=" + std::to_string(seed);
}

std::string_view name_of(Values values) {
    switch (values) {
        case Values::normal: return "normal";
        case Values::large: return "large";
        case Values::tiny: return "tiny";
        case Values::positive: return "positive";
        case Values::zeros: return "zeros";
        case Values::one_row_zero: return "one_row_zero";
    }
    return "?";
}

}  // namespace molten
