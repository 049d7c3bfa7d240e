#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/io/byte_reader.h"
#include "engine/io/json.h"
#include "engine/io/printable.h"
#include "engine/io/safetensors.h"

namespace molten::io {
namespace {

namespace limits = safetensors_limits;

struct Plan {
    std::string header;                            // length field, JSON and padding
    std::vector<const SafetensorsEntry*> tensors;  // in the order of their bytes
    std::uint64_t size = 0;
};

void check_entry(const SafetensorsEntry& entry) {
    const auto fail = [&](const std::string& what) {
        throw Error(ExitCode::data, fmt::format("tensor {} cannot be written as safetensors: {}", printable(entry.name), what));
    };
    if (entry.name == "__metadata__") fail("the name is reserved");
    if (entry.name.size() > limits::name_bytes) fail(fmt::format("name of more than {} bytes", limits::name_bytes));
    if (entry.shape.size() > limits::rank) fail(fmt::format("more than {} dimensions", limits::rank));
    Checked bytes = safetensors_dtype_size(entry.dtype);
    for (const std::uint64_t dimension : entry.shape) bytes *= dimension;
    if (!(bytes == entry.data.size())) {
        fail(fmt::format("shape [{}] of {} does not make {} bytes", fmt::join(entry.shape, ", "), safetensors_dtype_name(entry.dtype),
                         entry.data.size()));
    }
}

std::vector<const SafetensorsEntry*> in_file_order(std::span<const SafetensorsEntry> entries) {
    if (entries.size() > limits::tensors)
        throw Error(ExitCode::data, fmt::format("{} tensors in one file, at most {}", entries.size(), limits::tensors));
    std::vector<const SafetensorsEntry*> order;
    order.reserve(entries.size());
    for (const SafetensorsEntry& entry : entries) {
        check_entry(entry);
        order.push_back(&entry);
    }
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
    const auto twin = std::adjacent_find(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->name == b->name; });
    if (twin != order.end()) throw Error(ExitCode::data, fmt::format("two tensors are named {}", printable((*twin)->name)));
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->dtype > b->dtype; });
    return order;
}

Plan make_plan(std::span<const SafetensorsEntry> entries, const SafetensorsMetadata& metadata) {
    Plan plan;
    plan.tensors = in_file_order(entries);
    std::string json = "{";
    if (!metadata.empty()) {
        Json texts = Json::object();
        for (const auto& [key, text] : metadata) texts.set(key, text);
        json += "\"__metadata__\":" + texts.text();
    }
    Checked end = 0;
    for (const SafetensorsEntry* entry : plan.tensors) {
        const std::uint64_t begin = end.value("safetensors file size");
        end += entry->data.size();
        if (json.size() > 1) json += ',';
        json += Json(entry->name).text();
        json += fmt::format(":{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", safetensors_dtype_name(entry->dtype),
                            fmt::join(entry->shape, ","), begin, end.value("safetensors file size"));
    }
    json += '}';
    json.append((8 - json.size() % 8) % 8, ' ');
    if (json.size() > limits::header_bytes) {
        throw Error(ExitCode::data, fmt::format("safetensors header of {} bytes, at most {}", json.size(), limits::header_bytes));
    }
    for (unsigned shift = 0; shift < 64; shift += 8) plan.header += static_cast<char>((json.size() >> shift) & 0xFF);
    plan.header += json;
    plan.size = (end + plan.header.size()).value("safetensors file size");
    return plan;
}

void write_plan(FileWriter& writer, const Plan& plan) {
    const std::uint64_t before = writer.size();
    writer.write(plan.header);
    for (const SafetensorsEntry* entry : plan.tensors) writer.write(entry->data);
    if (writer.size() - before != plan.size) throw Error(ExitCode::corrupt, "safetensors writer: size differs from the plan");
}

}  // namespace

WrittenFile write_safetensors(const std::filesystem::path& path, std::span<const SafetensorsEntry> entries,
                              const SafetensorsMetadata& metadata) {
    const Plan plan = make_plan(entries, metadata);
    AtomicFile output(path);
    FileWriter writer(output.file(), plan.size);
    write_plan(writer, plan);
    const WrittenFile written = writer.finish();
    output.commit();
    return written;
}

void write_safetensors(FileWriter& writer, std::span<const SafetensorsEntry> entries, const SafetensorsMetadata& metadata) {
    write_plan(writer, make_plan(entries, metadata));
}

std::uint64_t safetensors_file_size(std::span<const SafetensorsEntry> entries, const SafetensorsMetadata& metadata) {
    return make_plan(entries, metadata).size;
}

}  // namespace molten::io
