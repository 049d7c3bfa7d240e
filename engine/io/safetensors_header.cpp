#include "engine/io/safetensors_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "engine/io/byte_reader.h"
#include "engine/io/printable.h"

namespace molten::io {
namespace {

namespace limits = safetensors_limits;
using Fault = SafetensorsFault;

SafetensorsFault fault_of(JsonFault fault) {
    switch (fault) {
        case JsonFault::encoding:
            return Fault::header_encoding;
        case JsonFault::depth:
            return Fault::header_depth;
        case JsonFault::string_length:
            return Fault::header_string_too_long;
        case JsonFault::number_length:
        case JsonFault::number_range:
            return Fault::header_number;
        default:
            return Fault::header_syntax;
    }
}

// Turns the events of the header into tensors. The state says what the next value belongs to.
class HeaderHandler : public JsonHandler {
  public:
    HeaderHandler(SafetensorsHeader& header, std::string_view file) : header_(header), file_(file) {}

    void null(JsonPosition) override { value(Kind::other); }
    void boolean(bool, JsonPosition) override { value(Kind::other); }
    void negative_integer(std::int64_t, JsonPosition) override { value(Kind::other); }
    void real(double, JsonPosition) override { value(Kind::other); }
    void unsigned_integer(std::uint64_t number, JsonPosition) override { value(Kind::number, number); }
    void string(std::string& text, JsonPosition) override { value(Kind::string, 0, &text); }
    void begin_object(JsonPosition) override { value(Kind::object); }
    void begin_array(JsonPosition) override { value(Kind::array); }
    void key(std::string& name, JsonPosition) override;
    void end_object(JsonPosition) override;
    void end_array(JsonPosition) override;

  private:
    enum class Kind { other, number, string, object, array };
    enum class State { start, top, metadata, tensor, shape, offsets, skipped };
    enum class Field { dtype, shape, offsets, unknown };

    void value(Kind kind, std::uint64_t number = 0, std::string* text = nullptr);
    void begin_top_value(Kind kind);
    void field_value(Kind kind, std::string* text);
    void add_dimension(Kind kind, std::uint64_t number);
    void add_offset(Kind kind, std::uint64_t number);
    void add_metadata(Kind kind, std::string* text);
    void begin_field(std::string_view name);
    void finish_tensor();
    [[noreturn]] void fail(Fault fault, const std::string& what) const {
        throw SafetensorsError(fault, fmt::format("{}: tensor {}: {}", file_, printable(key_), what));
    }

    SafetensorsHeader& header_;
    std::string_view file_;
    State state_ = State::start;
    State before_skip_ = State::top;
    std::uint32_t skip_depth_ = 0;
    std::string key_;  // the tensor at work
    std::string metadata_key_;
    bool is_metadata_ = false;  // key_ is __metadata__
    bool saw_metadata_ = false;
    Field field_ = Field::unknown;
    bool saw_dtype_ = false, saw_shape_ = false, saw_offsets_ = false;
    std::size_t offset_count_ = 0;
    HeaderTensor tensor_;
};

void HeaderHandler::key(std::string& name, JsonPosition) {
    if (state_ == State::top) {
        key_ = std::move(name);
        is_metadata_ = key_ == "__metadata__";
    } else if (state_ == State::metadata) {
        metadata_key_ = std::move(name);
    } else if (state_ == State::tensor) {
        begin_field(name);
    }
}

void HeaderHandler::value(Kind kind, std::uint64_t number, std::string* text) {
    switch (state_) {
        case State::start:
            state_ = State::top;
            break;  // '{' is known to be first
        case State::top:
            begin_top_value(kind);
            break;
        case State::metadata:
            add_metadata(kind, text);
            break;
        case State::tensor:
            field_value(kind, text);
            break;
        case State::shape:
            add_dimension(kind, number);
            break;
        case State::offsets:
            add_offset(kind, number);
            break;
        case State::skipped:
            if (kind == Kind::object || kind == Kind::array) ++skip_depth_;
            break;
    }
}

void HeaderHandler::begin_top_value(Kind kind) {
    if (is_metadata_) {
        if (saw_metadata_) fail(Fault::duplicate_metadata_key, "is there twice");
        if (kind != Kind::object) fail(Fault::metadata_not_object, "must be an object of texts");
        saw_metadata_ = true;
        state_ = State::metadata;
        return;
    }
    if (kind != Kind::object) fail(Fault::tensor_not_object, "must be an object with dtype, shape and data_offsets");
    if (key_.size() > limits::name_bytes) {
        fail(Fault::tensor_name_too_long, fmt::format("name of {} bytes, at most {} allowed", key_.size(), limits::name_bytes));
    }
    if (header_.tensors.size() == limits::tensors) fail(Fault::tensor_too_many, fmt::format("more than {} tensors", limits::tensors));
    tensor_ = HeaderTensor();
    saw_dtype_ = saw_shape_ = saw_offsets_ = false;
    state_ = State::tensor;
}

void HeaderHandler::begin_field(std::string_view name) {
    bool* seen = nullptr;
    if (name == "dtype") {
        field_ = Field::dtype;
        seen = &saw_dtype_;
    } else if (name == "shape") {
        field_ = Field::shape;
        seen = &saw_shape_;
    } else if (name == "data_offsets") {
        field_ = Field::offsets;
        seen = &saw_offsets_;
    } else {
        field_ = Field::unknown;
        return;
    }
    if (*seen) fail(Fault::duplicate_field, fmt::format("{} is there twice", name));
    *seen = true;
}

void HeaderHandler::field_value(Kind kind, std::string* text) {
    switch (field_) {
        case Field::dtype: {
            if (kind != Kind::string) fail(Fault::dtype_not_string, "dtype is not a text");
            const auto dtype = safetensors_dtype_of(*text);
            if (!dtype) fail(Fault::dtype_unknown, fmt::format("dtype {} is not known here", printable(*text)));
            tensor_.dtype = *dtype;
            break;
        }
        case Field::shape:
            if (kind != Kind::array) fail(Fault::shape_not_array, "shape is not an array");
            state_ = State::shape;
            break;
        case Field::offsets:
            if (kind != Kind::array) fail(Fault::offsets_not_array, "data_offsets is not an array");
            offset_count_ = 0;
            state_ = State::offsets;
            break;
        case Field::unknown:  // the reference reader passes over fields it does not know, and so does this one
            if (kind == Kind::object || kind == Kind::array) {
                state_ = State::skipped;
                skip_depth_ = 1;
            }
            break;
    }
}

void HeaderHandler::add_dimension(Kind kind, std::uint64_t number) {
    if (kind != Kind::number) {
        fail(Fault::shape_value, fmt::format("dimension {} of shape is no integer from 0 to 2^64 - 1", tensor_.rank));
    }
    if (tensor_.rank == limits::rank) fail(Fault::shape_rank, fmt::format("more than {} dimensions", limits::rank));
    tensor_.shape[tensor_.rank++] = number;
}

void HeaderHandler::add_offset(Kind kind, std::uint64_t number) {
    if (kind != Kind::number) fail(Fault::offsets_value, "data_offsets holds something else than integers from 0 to 2^64 - 1");
    if (offset_count_ == 2) fail(Fault::offsets_count, "data_offsets holds more than two numbers");
    (offset_count_++ == 0 ? tensor_.begin : tensor_.end) = number;
}

void HeaderHandler::add_metadata(Kind kind, std::string* text) {
    if (kind != Kind::string) {
        fail(Fault::metadata_value_not_string, fmt::format("the value of {} is not a text", printable(metadata_key_)));
    }
    if (header_.metadata.size() == limits::metadata_entries) {
        fail(Fault::metadata_too_large, fmt::format("more than {} entries", limits::metadata_entries));
    }
    if (!header_.metadata.emplace(metadata_key_, std::move(*text)).second) {
        fail(Fault::duplicate_metadata_key, fmt::format("{} is there twice", printable(metadata_key_)));
    }
}

void HeaderHandler::end_array(JsonPosition) {
    if (state_ == State::skipped) {
        if (--skip_depth_ == 0) state_ = State::tensor;
        return;
    }
    if (state_ == State::offsets && offset_count_ != 2) fail(Fault::offsets_count, "data_offsets must hold two numbers");
    state_ = State::tensor;
}

void HeaderHandler::end_object(JsonPosition) {
    if (state_ == State::skipped) {
        if (--skip_depth_ == 0) state_ = State::tensor;
    } else if (state_ == State::tensor) {
        finish_tensor();
        state_ = State::top;
    } else if (state_ == State::metadata) {
        state_ = State::top;
    }
}

void HeaderHandler::finish_tensor() {
    if (!saw_dtype_) fail(Fault::missing_dtype, "has no dtype");
    if (!saw_shape_) fail(Fault::missing_shape, "has no shape");
    if (!saw_offsets_) fail(Fault::missing_offsets, "has no data_offsets");
    if (tensor_.end < tensor_.begin) {
        fail(Fault::offsets_reversed, fmt::format("data_offsets [{}, {}] end before they begin", tensor_.begin, tensor_.end));
    }
    Checked bytes = safetensors_dtype_size(tensor_.dtype);
    for (std::size_t i = 0; i < tensor_.rank; ++i) bytes *= tensor_.shape[i];
    if (!(bytes == tensor_.end - tensor_.begin)) {
        const std::string shape = fmt::format("{}", fmt::join(std::span(tensor_.shape).first(tensor_.rank), ", "));
        if (!bytes.ok()) fail(Fault::shape_overflow, fmt::format("shape [{}] has more bytes than 64 bits can count", shape));
        fail(Fault::size_mismatch,
             fmt::format("shape [{}] of {} needs {} bytes, data_offsets [{}, {}] hold {}", shape, safetensors_dtype_name(tensor_.dtype),
                         bytes.value_or(0), tensor_.begin, tensor_.end, tensor_.end - tensor_.begin));
    }
    const std::string_view kept = header_.names.keep(key_);
    tensor_.name_data = kept.data();
    tensor_.name_size = static_cast<std::uint16_t>(kept.size());
    header_.tensors.push_back(tensor_);
}

void check_names(SafetensorsHeader& header, std::string_view file) {
    const auto& tensors = header.tensors;
    auto& order = header.by_name;
    order.resize(tensors.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return tensors[a].name() < tensors[b].name(); });
    for (std::size_t i = 1; i < order.size(); ++i) {
        if (tensors[order[i]].name() == tensors[order[i - 1]].name()) {
            throw SafetensorsError(Fault::duplicate_tensor,
                                   fmt::format("{}: tensor {} is there twice", file, printable(tensors[order[i]].name())));
        }
    }
}

// The ranges must cover the payload once, from its first byte to its last.
void check_layout(SafetensorsHeader& header, std::string_view file) {
    std::sort(header.tensors.begin(), header.tensors.end(), [](const HeaderTensor& a, const HeaderTensor& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end != b.end ? a.end < b.end : a.name() < b.name();
    });
    std::uint64_t covered = 0;
    for (const HeaderTensor& tensor : header.tensors) {
        const auto fail = [&](Fault fault, const std::string& what) {
            throw SafetensorsError(fault, fmt::format("{}: tensor {}: data_offsets [{}, {}] {}", file, printable(tensor.name()),
                                                      tensor.begin, tensor.end, what));
        };
        if (tensor.end > header.payload_size) {
            fail(Fault::offsets_past_end, fmt::format("end behind the file, which has {} bytes of data", header.payload_size));
        }
        if (tensor.begin > covered) fail(Fault::gap, fmt::format("leave a gap: the tensor before ends at {}", covered));
        if (tensor.begin < covered) fail(Fault::overlap, fmt::format("overlap: the tensor before ends at {}", covered));
        covered = tensor.end;
    }
    if (covered != header.payload_size) {
        throw SafetensorsError(Fault::trailing_bytes,
                               fmt::format("{}: {} bytes behind the last tensor belong to none", file, header.payload_size - covered));
    }
}

}  // namespace

std::string_view NameArena::keep(std::string_view name) {
    if (block_bytes - used_ < name.size()) {
        blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes));
        used_ = 0;
    }
    char* place = blocks_.empty() ? nullptr : blocks_.back().get() + used_;
    if (!name.empty()) std::memcpy(place, name.data(), name.size());
    used_ += name.size();
    return {place, name.size()};
}

std::uint64_t check_header_length(std::span<const std::byte> first_bytes, std::uint64_t file_size, std::string_view file) {
    if (file_size < 8)
        throw SafetensorsError(Fault::too_short, fmt::format("{}: {} bytes, a safetensors file has at least 8", file, file_size));
    ByteReader reader(first_bytes, std::string(file));
    const std::uint64_t length = reader.u64();
    if (length > limits::header_bytes) {
        throw SafetensorsError(Fault::header_too_large,
                               fmt::format("{}: header of {} bytes, at most {} allowed", file, length, limits::header_bytes));
    }
    if (length > file_size - 8) {
        throw SafetensorsError(Fault::header_past_end,
                               fmt::format("{}: header of {} bytes, {} are left in the file", file, length, file_size - 8));
    }
    if (length == 0 || reader.u8() != '{') {
        throw SafetensorsError(Fault::header_not_object, fmt::format("{}: the header does not begin with '{{'", file));
    }
    return length;
}

SafetensorsHeader parse_safetensors_header(ByteSource& source, std::uint64_t header_length, std::uint64_t file_size,
                                           std::string_view file) {
    // The shortest tensor is `"":{"dtype":"U8","shape":[],"data_offsets":[0,0]},`: so many fit, and no vector has to grow.
    constexpr std::uint64_t shortest_tensor = 49;
    SafetensorsHeader header;
    header.payload_offset = 8 + header_length;
    header.payload_size = file_size - header.payload_offset;
    header.tensors.reserve(static_cast<std::size_t>(std::min(header_length / shortest_tensor + 1, limits::tensors)));
    HeaderHandler handler(header, file);
    const JsonLimits json_limits = {.bytes = header_length,
                                    .depth = limits::header_depth,
                                    .string = limits::header_string,
                                    .array = header_length,
                                    .values = header_length};
    try {
        parse_json_events(source, handler, fmt::format("{}: header", file), json_limits);
    } catch (const JsonError& error) {
        throw SafetensorsError(fault_of(error.fault()), error.what());
    }
    check_layout(header, file);
    check_names(header, file);
    return header;
}

}  // namespace molten::io
