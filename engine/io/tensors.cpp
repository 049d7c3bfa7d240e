#include "engine/io/tensors.h"

#include <fmt/format.h>

#include <cstring>

namespace molten::io {
namespace {

SafetensorsDType dtype_of(DType dtype) {
    switch (dtype) {
        case DType::f64:
            return SafetensorsDType::f64;
        case DType::f32:
            return SafetensorsDType::f32;
        case DType::bf16:
            return SafetensorsDType::bf16;
        case DType::i32:
            return SafetensorsDType::i32;
        case DType::u8:
            return SafetensorsDType::u8;
    }
    return SafetensorsDType::u8;
}

SafetensorsEntry find(const SafetensorsFile& file, const std::string& name) {
    const auto entry = file.find(name);
    if (!entry) throw Error(ExitCode::corrupt, fmt::format("{}: tensor {} is missing", file.name(), name));
    return *entry;
}

}  // namespace

void NamedTensors::add(std::string name, const Tensor& tensor) {
    items_.push_back({std::move(name), {tensor.shape().begin(), tensor.shape().end()}, tensor});
}

std::vector<SafetensorsEntry> NamedTensors::entries() const {
    std::vector<SafetensorsEntry> result;
    for (const Item& item : items_)
        result.push_back({item.name,
                          dtype_of(item.tensor.dtype()),
                          item.shape,
                          {static_cast<const std::byte*>(item.tensor.data()), item.tensor.bytes()}});
    return result;
}

std::uint64_t NamedTensors::bytes() const { return safetensors_file_size(entries()); }

void read_into(const SafetensorsFile& file, const std::string& name, Tensor& into) {
    const SafetensorsEntry entry = find(file, name);
    const std::vector<std::uint64_t> wanted(into.shape().begin(), into.shape().end());
    if (entry.dtype != dtype_of(into.dtype()) || !std::equal(wanted.begin(), wanted.end(), entry.shape.begin(), entry.shape.end()))
        throw Error(ExitCode::corrupt,
                    fmt::format("{}: tensor {} is {} [{}], expected {} {}", file.name(), name, safetensors_dtype_name(entry.dtype),
                                fmt::join(entry.shape, ", "), safetensors_dtype_name(dtype_of(into.dtype())), into.shape().text()));
    if (!entry.data.empty()) std::memcpy(into.mutable_data(), entry.data.data(), entry.data.size());
}

std::vector<double> read_doubles(const SafetensorsFile& file, const std::string& name) {
    const SafetensorsEntry entry = find(file, name);
    if (entry.dtype != SafetensorsDType::f64 || entry.shape.size() != 1)
        throw Error(ExitCode::corrupt, fmt::format("{}: tensor {} must be F64 with one axis", file.name(), name));
    std::vector<double> result(entry.data.size() / sizeof(double));
    if (!result.empty()) std::memcpy(result.data(), entry.data.data(), entry.data.size());
    return result;
}

}  // namespace molten::io
