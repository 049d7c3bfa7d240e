#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

// Recorded results of the reference implementation: <folder>/<case>/io.safetensors, folder MOLTEN_PARITY or ../shared/parity.
// The kernels' tests link no engine, so this reads the trusted files itself; the product's reader is engine/io/safetensors.h.

namespace molten {

struct Recorded {
    std::vector<std::int64_t> shape;
    std::vector<float> f32;
    std::vector<std::int64_t> i64;
};

inline std::optional<std::map<std::string, Recorded>> read_parity(const std::string& name) {
    const char* folder = std::getenv("MOLTEN_PARITY");
    const std::filesystem::path path = std::filesystem::path(folder ? folder : "../shared/parity") / name / "io.safetensors";
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    std::stringstream buffer;
    buffer << in.rdbuf();
    const std::string bytes = buffer.str();
    std::uint64_t length = 0;
    if (bytes.size() < 8) throw std::runtime_error(path.string() + ": shorter than its header");
    std::memcpy(&length, bytes.data(), 8);
    if (length > bytes.size() - 8) throw std::runtime_error(path.string() + ": the header reaches past the end");
    const auto header = nlohmann::json::parse(bytes.substr(8, length));
    std::map<std::string, Recorded> tensors;
    for (const auto& [key, entry] : header.items()) {
        if (key == "__metadata__") continue;
        const auto begin = entry.at("data_offsets").at(0).get<std::uint64_t>(), end = entry.at("data_offsets").at(1).get<std::uint64_t>();
        if (begin > end || end > bytes.size() - 8 - length) throw std::runtime_error(path.string() + ": " + key + " lies outside the file");
        Recorded& tensor = tensors[key];
        tensor.shape = entry.at("shape").get<std::vector<std::int64_t>>();
        const char* from = bytes.data() + 8 + length + begin;
        if (entry.at("dtype") == "F32") {
            tensor.f32.resize((end - begin) / 4);
            std::memcpy(tensor.f32.data(), from, end - begin);
        } else if (entry.at("dtype") == "I64") {
            tensor.i64.resize((end - begin) / 8);
            std::memcpy(tensor.i64.data(), from, end - begin);
        }
    }
    return tensors;
}

// |is - should| / |should| in the Euclidean norm.
inline double relative_error(const std::vector<float>& is, const std::vector<float>& should) {
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < should.size(); ++i) {
        const double d = static_cast<double>(is.at(i)) - should[i];
        difference += d * d, norm += static_cast<double>(should[i]) * should[i];
    }
    return is.size() == should.size() ? std::sqrt(difference / std::max(norm, 1e-300)) : 1e300;
}

}  // namespace molten
