#pragma once
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/io/safetensors.h"

// Recorded results of the reference implementation: a folder a case, read from its files alone. The place is MOLTEN_PARITY,
// by default ../shared/parity beside the checkout.

namespace molten {

inline std::filesystem::path parity_folder(const std::string& name) {
    const char* root = std::getenv("MOLTEN_PARITY");
    return std::filesystem::path(root && *root ? root : "../shared/parity") / name;
}

// The tensors of one safetensors file as plain vectors.
class RecordedTensors {
  public:
    explicit RecordedTensors(const std::filesystem::path& file) : file_(io::SafetensorsFile::open(file)) {}

    bool has(const std::string& name) const { return file_.find(name).has_value(); }
    std::vector<std::int64_t> shape(const std::string& name) const {
        const auto shape = entry(name, io::SafetensorsDType::f32, false).shape;
        return {shape.begin(), shape.end()};
    }
    std::vector<float> floats(const std::string& name) const { return copy<float>(entry(name, io::SafetensorsDType::f32, true)); }
    std::vector<std::int64_t> integers(const std::string& name) const { return copy<std::int64_t>(entry(name, io::SafetensorsDType::i64, true)); }

  private:
    io::SafetensorsEntry entry(const std::string& name, io::SafetensorsDType dtype, bool typed) const {
        const auto found = file_.find(name);
        if (!found) throw std::runtime_error(file_.name() + " has no tensor " + name);
        if (typed && found->dtype != dtype) throw std::runtime_error(name + " has another dtype");
        return *found;
    }
    template <class T>
    static std::vector<T> copy(const io::SafetensorsEntry& entry) {
        std::vector<T> values(entry.data.size() / sizeof(T));
        if (!values.empty()) std::memcpy(values.data(), entry.data.data(), entry.data.size());
        return values;
    }

    io::SafetensorsFile file_;
};

// |a - b| / |b| in the Euclidean norm; infinite where sizes differ or a number is not finite.
template <class A, class B>
double relative_error(const std::vector<A>& a, const std::vector<B>& b) {
    if (a.size() != b.size()) return HUGE_VAL;
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
        difference += (x - y) * (x - y);
        norm += y * y;
    }
    if (!std::isfinite(difference)) return HUGE_VAL;
    return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

// All tensors of a case at once; nothing where the folder is not there.
struct Recorded {
    std::vector<std::int64_t> shape;
    std::vector<float> f32;
    std::vector<std::int64_t> i64;
};
inline std::optional<std::map<std::string, Recorded>> read_parity(const std::string& name) {
    const std::filesystem::path path = parity_folder(name) / "io.safetensors";
    if (!std::filesystem::exists(path)) return std::nullopt;
    const io::SafetensorsFile file = io::SafetensorsFile::open(path);
    const RecordedTensors tensors(path);
    std::map<std::string, Recorded> result;
    for (std::size_t i = 0; i < file.size(); ++i) {
        const std::string key(file[i].name);
        Recorded& recorded = result[key];
        recorded.shape = tensors.shape(key);
        if (file[i].dtype == io::SafetensorsDType::f32) recorded.f32 = tensors.floats(key);
        if (file[i].dtype == io::SafetensorsDType::i64) recorded.i64 = tensors.integers(key);
    }
    return result;
}

}  // namespace molten
