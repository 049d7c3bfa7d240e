#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/io/json_events.h"

// JSON as a value: parsed under limits, walked with errors that name the path, written the same way every time.
namespace molten::io {

class Json;
using JsonArray = std::vector<Json>;
using JsonMember = std::pair<std::string, Json>;

// Members in the order in which they were added, found by name in O(log n).
class JsonObject {
  public:
    std::span<const JsonMember> members() const;
    std::size_t size() const;
    // The value of `name`, or null where there is none.
    const Json* find(std::string_view name) const;
    // Adds a member, or replaces the value of one. O(n) per new member: for documents made by hand, not for vocabularies.
    void set(std::string name, Json value);

  private:
    friend class JsonTreeBuilder;
    std::vector<JsonMember> members_;
    std::vector<std::uint32_t> by_name_;  // indices into members_, sorted by name
};

// Integers are 64-bit signed; a number with a point, an exponent or more than 63 bits is a double.
class Json {
  public:
    enum class Kind { null, boolean, integer, real, string, array, object };

    Json() = default;
    Json(std::nullptr_t) {}
    template <std::same_as<bool> T>
    Json(T value) : value_(value) {}
    template <std::integral T>
    requires(!std::same_as<T, bool>) Json(T value) : value_(to_int64(value)) {}
    template <std::floating_point T>
    Json(T value) : value_(static_cast<double>(value)) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(JsonArray value) : value_(std::move(value)) {}
    Json(JsonObject value) : value_(std::move(value)) {}
    static Json array() { return JsonArray(); }
    static Json object() { return JsonObject(); }

    Kind kind() const { return static_cast<Kind>(value_.index()); }
    const char* kind_name() const;
    bool is_null() const { return kind() == Kind::null; }

    // The content if it is of that kind, else null. An integer is not a double here; JsonView::number takes both.
    const bool* as_boolean() const { return std::get_if<bool>(&value_); }
    const std::int64_t* as_integer() const { return std::get_if<std::int64_t>(&value_); }
    const double* as_real() const { return std::get_if<double>(&value_); }
    const std::string* as_string() const { return std::get_if<std::string>(&value_); }
    const JsonArray* as_array() const { return std::get_if<JsonArray>(&value_); }
    const JsonObject* as_object() const { return std::get_if<JsonObject>(&value_); }
    // The member `name`, or null if this is no object or has no such member.
    const Json* find(std::string_view name) const;

    // Building: set turns null into an object, push_back turns null into an array; any other kind is a mistake of the caller (Error usage).
    Json& set(std::string name, Json value);
    Json& push_back(Json value);

    // UTF-8 text; the same value gives the same bytes. Doubles are the shortest text that reads back to the same bits, and keep a point or
    // an exponent. Pretty: two spaces, a line a member. Throws Error(numbers) for NaN and infinity, Error(data) for text that is not UTF-8.
    std::string text(bool pretty = false) const;

  private:
    friend class JsonTreeBuilder;
    template <std::integral T>
    static std::int64_t to_int64(T value) {
        if (!std::in_range<std::int64_t>(value)) throw Error(ExitCode::data, "number too large for a JSON integer");
        return static_cast<std::int64_t>(value);
    }
    std::variant<std::monostate, bool, std::int64_t, double, std::string, JsonArray, JsonObject> value_;
};

// Parses one document. `name` is the source in messages ("config.json"). Throws JsonError; a repeated key is one.
Json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits = {});
// The same, of a file.
Json read_json(const std::filesystem::path& path, const JsonLimits& limits = {});

// A place in a document and how it was reached, for reading a configuration: every getter throws Error(data) that names the path,
// what was expected and what is there: `config.hidden_size: expected integer, found string "64"`.
class JsonView {
  public:
    // `document` must outlive the view.
    JsonView(const Json& document, std::string path) : value_(&document), path_(std::move(path)) {}

    // A member or element. One that is missing gives a view that exists() denies and every getter refuses.
    JsonView operator[](std::string_view name) const;
    JsonView operator[](const char* name) const { return (*this)[std::string_view(name)]; }
    template <std::integral T>
    JsonView operator[](T index) const {
        return element(static_cast<std::size_t>(index));
    }
    bool exists() const { return value_ != nullptr; }
    bool is_null() const { return value_ != nullptr && value_->is_null(); }
    const std::string& path() const { return path_; }
    const Json& value() const;

    bool boolean() const;
    std::int64_t integer(std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                         std::int64_t high = std::numeric_limits<std::int64_t>::max()) const;
    double number(double low = -std::numeric_limits<double>::infinity(), double high = std::numeric_limits<double>::infinity()) const;
    const std::string& string() const;
    const JsonArray& array() const;
    const JsonObject& object() const;
    std::size_t size() const;  // of an array or object

    // The same with a default for a member that is missing or null; one that is there must still be right.
    bool boolean_or(bool fallback) const { return absent() ? fallback : boolean(); }
    std::int64_t integer_or(std::int64_t fallback, std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                            std::int64_t high = std::numeric_limits<std::int64_t>::max()) const {
        return absent() ? fallback : integer(low, high);
    }
    double number_or(double fallback) const { return absent() ? fallback : number(); }
    std::string string_or(std::string_view fallback) const { return absent() ? std::string(fallback) : string(); }

    // Error(data) at this place, for a rule of the caller's.
    [[noreturn]] void fail(const std::string& why) const;

  private:
    JsonView(const Json* value, std::string path) : value_(value), path_(std::move(path)) {}
    JsonView element(std::size_t index) const;
    bool absent() const { return value_ == nullptr || value_->is_null(); }
    [[noreturn]] void fail_kind(const char* expected) const;

    const Json* value_;
    std::string path_;
};

}  // namespace molten::io
