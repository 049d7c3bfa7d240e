#include "engine/io/json.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/io/byte_reader.h"
#include "engine/io/printable.h"

namespace molten::io {
namespace {

// First position in `order` whose member is not less than `name`.
std::vector<std::uint32_t>::const_iterator lower_bound(std::span<const JsonMember> members, const std::vector<std::uint32_t>& order,
                                                       std::string_view name) {
    return std::lower_bound(order.begin(), order.end(), name,
                            [&](std::uint32_t index, std::string_view wanted) { return members[index].first < wanted; });
}

}  // namespace

// Builds the tree from events. Open arrays and objects are kept on a stack of values, not of calls.
class JsonTreeBuilder : public JsonHandler {
  public:
    explicit JsonTreeBuilder(std::string_view name) : name_(name) {}
    Json take() { return std::move(root_); }

    void null(JsonPosition) override { add(Json()); }
    void boolean(bool value, JsonPosition) override { add(value); }
    void unsigned_integer(std::uint64_t value, JsonPosition) override {
        add(std::in_range<std::int64_t>(value) ? Json(value) : Json(static_cast<double>(value)));
    }
    void negative_integer(std::int64_t value, JsonPosition) override { add(value); }
    void real(double value, JsonPosition) override { add(value); }
    void string(std::string& value, JsonPosition) override { add(std::move(value)); }
    void begin_array(JsonPosition) override { open_.push_back({Json::array(), {}, {}}); }
    void begin_object(JsonPosition) override { open_.push_back({Json::object(), {}, {}}); }
    void key(std::string& name, JsonPosition position) override {
        open_.back().key = std::move(name);
        open_.back().key_positions.push_back(position);
    }
    void end_array(JsonPosition) override { close(); }
    void end_object(JsonPosition) override {
        index_members(std::get<JsonObject>(open_.back().value.value_));
        close();
    }

  private:
    struct Open {
        Json value;
        std::string key;
        std::vector<JsonPosition> key_positions;
    };

    void add(Json value) {
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (auto* array = std::get_if<JsonArray>(&open_.back().value.value_)) {
            array->push_back(std::move(value));
        } else {
            std::get<JsonObject>(open_.back().value.value_).members_.emplace_back(std::move(open_.back().key), std::move(value));
        }
    }

    void close() {
        Json done = std::move(open_.back().value);
        open_.pop_back();
        add(std::move(done));
    }

    // Sorting finds repeated keys in n log n whatever the keys are; a hash table could be made to collide.
    void index_members(JsonObject& object) {
        auto& members = object.members_;
        auto& order = object.by_name_;
        order.resize(members.size());
        for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            const int order_of_names = members[a].first.compare(members[b].first);
            return order_of_names < 0 || (order_of_names == 0 && a < b);
        });
        for (std::size_t i = 1; i < order.size(); ++i) {
            if (members[order[i]].first != members[order[i - 1]].first) continue;
            const JsonPosition first = open_.back().key_positions[order[i - 1]];
            throw JsonError(
                JsonFault::duplicate_key, name_, open_.back().key_positions[order[i]],
                fmt::format("key {} is there twice (first at {}:{})", printable(members[order[i]].first), first.line, first.column),
                "keep one of the two");
        }
    }

    std::string_view name_;
    Json root_;
    std::vector<Open> open_;
};

Json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits) {
    MemorySource source(as_bytes(text));
    JsonTreeBuilder builder(name);
    parse_json_events(source, builder, name, limits);
    return builder.take();
}

Json read_json(const std::filesystem::path& path, const JsonLimits& limits) {
    return parse_json(read_file(path, limits.bytes), path.string(), limits);
}

std::span<const JsonMember> JsonObject::members() const { return members_; }

std::size_t JsonObject::size() const { return members_.size(); }

const Json* JsonObject::find(std::string_view name) const {
    const auto it = lower_bound(members_, by_name_, name);
    return it != by_name_.end() && members_[*it].first == name ? &members_[*it].second : nullptr;
}

void JsonObject::set(std::string name, Json value) {
    const auto it = lower_bound(members_, by_name_, name);
    if (it != by_name_.end() && members_[*it].first == name) {
        members_[*it].second = std::move(value);
        return;
    }
    by_name_.insert(it, static_cast<std::uint32_t>(members_.size()));
    members_.emplace_back(std::move(name), std::move(value));
}

const char* Json::kind_name() const {
    constexpr const char* names[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
    return names[value_.index()];
}

const Json* Json::find(std::string_view name) const {
    const JsonObject* object = as_object();
    return object == nullptr ? nullptr : object->find(name);
}

Json& Json::set(std::string name, Json value) {
    if (is_null()) value_ = JsonObject();
    auto* object = std::get_if<JsonObject>(&value_);
    if (object == nullptr) throw Error(ExitCode::usage, fmt::format("cannot set {} in a JSON {}", printable(name), kind_name()));
    object->set(std::move(name), std::move(value));
    return *this;
}

Json& Json::push_back(Json value) {
    if (is_null()) value_ = JsonArray();
    auto* array = std::get_if<JsonArray>(&value_);
    if (array == nullptr) throw Error(ExitCode::usage, fmt::format("cannot append to a JSON {}", kind_name()));
    array->push_back(std::move(value));
    return *this;
}

JsonView JsonView::operator[](std::string_view name) const {
    if (value_ != nullptr && value_->kind() != Json::Kind::object) fail_kind("object");
    return {value_ == nullptr ? nullptr : value_->find(name), path_ + "." + std::string(name)};
}

JsonView JsonView::element(std::size_t index) const {
    const Json* element = nullptr;
    if (value_ != nullptr && index < array().size()) element = &array()[index];
    return {element, fmt::format("{}[{}]", path_, index)};
}

const Json& JsonView::value() const {
    if (value_ == nullptr) fail("missing");
    return *value_;
}

void JsonView::fail(const std::string& why) const { throw Error(ExitCode::data, path_ + ": " + why); }

void JsonView::fail_kind(const char* expected) const {
    const Json& found = value();  // "missing" comes first
    const bool small = found.kind() != Json::Kind::array && found.kind() != Json::Kind::object && !found.is_null();
    if (!small) fail(fmt::format("expected {}, found {}", expected, found.kind_name()));
    const std::string shown = found.as_string() != nullptr ? printable(*found.as_string()) : found.text();
    fail(fmt::format("expected {}, found {} {}", expected, found.kind_name(), shown));
}

bool JsonView::boolean() const {
    if (value().as_boolean() == nullptr) fail_kind("boolean");
    return *value_->as_boolean();
}

std::int64_t JsonView::integer(std::int64_t low, std::int64_t high) const {
    if (value().as_integer() == nullptr) fail_kind("integer");
    const std::int64_t found = *value_->as_integer();
    if (found < low || found > high) fail(fmt::format("{} is out of range, {} to {} allowed", found, low, high));
    return found;
}

double JsonView::number(double low, double high) const {
    double found = 0;
    if (value().as_integer() != nullptr) {
        found = static_cast<double>(*value_->as_integer());
    } else if (value_->as_real() != nullptr) {
        found = *value_->as_real();
    } else {
        fail_kind("number");
    }
    if (!(found >= low && found <= high)) fail(fmt::format("{} is out of range, {} to {} allowed", found, low, high));
    return found;
}

const std::string& JsonView::string() const {
    if (value().as_string() == nullptr) fail_kind("string");
    return *value_->as_string();
}

const JsonArray& JsonView::array() const {
    if (value().as_array() == nullptr) fail_kind("array");
    return *value_->as_array();
}

const JsonObject& JsonView::object() const {
    if (value().as_object() == nullptr) fail_kind("object");
    return *value_->as_object();
}

std::size_t JsonView::size() const {
    if (value().as_object() != nullptr) return value_->as_object()->size();
    if (value_->as_array() == nullptr) fail_kind("array or object");
    return value_->as_array()->size();
}

}  // namespace molten::io
