#include "tests/train/markup.h"

#include <cctype>
#include <cstring>
#include <set>

namespace molten {
namespace {

bool well_formed_utf8(const std::string& s, std::size_t& at) {
    for (at = 0; at < s.size();) {
        const auto lead = static_cast<unsigned char>(s[at]);
        const std::size_t length = lead < 0x80                   ? 1
                                   : lead >= 0xC2 && lead < 0xE0 ? 2
                                   : lead >= 0xE0 && lead < 0xF0 ? 3
                                   : lead >= 0xF0 && lead < 0xF5 ? 4
                                                                 : 0;
        if (length == 0 || at + length > s.size()) return false;
        for (std::size_t k = 1; k < length; ++k)
            if ((s[at + k] & 0xC0) != 0x80) return false;
        at += length;
    }
    return true;
}

class Reader {
  public:
    explicit Reader(const std::string& text) : s_(text) {}

    Markup read() {
        check_bytes();
        while (at_ < s_.size() && result_.faults.size() < 20) {
            if (s_[at_] != '<') {
                text();
            } else if (s_.compare(at_, 4, "<!--") == 0 || s_.compare(at_, 2, "<?") == 0) {
                fault("a comment or an instruction");
                skip_past(">");
            } else if (s_.compare(at_, 9, "<!DOCTYPE") == 0) {
                if (at_ != 0) fault("a document type behind the start");
                skip_past(">");
            } else if (s_.compare(at_, 2, "</") == 0) {
                end_tag();
            } else {
                start_tag();
            }
        }
        for (const std::size_t i : open_) fault("<" + result_.elements[i].name + "> is never closed");
        return std::move(result_);
    }

  private:
    void fault(const std::string& what) { result_.faults.push_back(what + " at byte " + std::to_string(at_)); }

    void check_bytes() {
        std::size_t bad = 0;
        if (!well_formed_utf8(s_, bad)) result_.faults.push_back("not UTF-8 at byte " + std::to_string(bad));
        for (std::size_t i = 0; i < s_.size(); ++i)
            if ((static_cast<unsigned char>(s_[i]) < 0x20 && s_[i] != '\n' && s_[i] != '\t') || s_[i] == 0x7F)
                result_.faults.push_back("a control byte at " + std::to_string(i));
    }

    void skip_past(const char* what) {
        const std::size_t end = s_.find(what, at_);
        at_ = end == std::string::npos ? s_.size() : end + std::strlen(what);
    }

    std::string resolved(const std::string& raw) {
        std::string out;
        for (std::size_t i = 0; i < raw.size(); ++i) {
            if (raw[i] == '<') fault("a bare < in a value");
            if (raw[i] != '&') {
                out += raw[i];
                continue;
            }
            const std::size_t end = raw.find(';', i);
            const std::string name = end == std::string::npos ? "" : raw.substr(i, end - i + 1);
            const std::map<std::string, char> known = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
            if (!known.contains(name)) {
                fault("an ampersand that begins no known reference");
                continue;
            }
            out += known.at(name);
            i = end;
        }
        return out;
    }

    void text() {
        const std::size_t end = std::min(s_.find('<', at_), s_.size());
        const std::string raw = s_.substr(at_, end - at_);
        if (open_.empty() && raw.find_first_not_of(" \n\t") != std::string::npos) fault("text outside all elements");
        const std::string content = resolved(raw);
        for (const std::size_t i : open_) result_.elements[i].text += content;
        at_ = end;
    }

    std::string name() {
        const std::size_t from = at_;
        while (at_ < s_.size() && (std::isalnum(static_cast<unsigned char>(s_[at_])) || s_[at_] == '-' || s_[at_] == ':')) ++at_;
        if (at_ == from) {
            fault("a name is missing");
            ++at_;
        }
        return s_.substr(from, at_ - from);
    }

    void end_tag() {
        at_ += 2;
        const std::string closed = name();
        if (open_.empty() || result_.elements[open_.back()].name != closed) {
            fault("</" + closed + "> closes " + (open_.empty() ? "nothing" : "<" + result_.elements[open_.back()].name + ">"));
        } else {
            open_.pop_back();
        }
        if (at_ >= s_.size() || s_[at_] != '>') fault("an end tag with more than a name");
        skip_past(">");
    }

    void start_tag() {
        ++at_;
        MarkupElement element;
        element.name = name();
        if (element.name == "script" || element.name == "iframe" || element.name == "object" || element.name == "link")
            fault("<" + element.name + ">");
        bool closed = false;
        while (at_ < s_.size() && s_[at_] != '>') {
            if (s_[at_] == ' ' || s_[at_] == '\n') {
                ++at_;
            } else if (s_[at_] == '/') {
                closed = true;
                ++at_;
                if (at_ < s_.size() && s_[at_] != '>') fault("a / in a tag");
            } else {
                attribute(element);
            }
        }
        if (at_ >= s_.size()) fault("a tag without end");
        ++at_;
        for (const std::size_t i : open_) element.path += result_.elements[i].name + "/";
        element.path += element.name;
        result_.elements.push_back(element);
        if (closed) return;
        open_.push_back(result_.elements.size() - 1);
        if (element.name != "style") return;
        const std::size_t end = std::min(s_.find("</style>", at_), s_.size());  // raw text
        result_.elements.back().text = s_.substr(at_, end - at_);
        at_ = end;
    }

    void attribute(MarkupElement& element) {
        const std::string key = name();
        if (at_ + 1 >= s_.size() || s_[at_] != '=' || s_[at_ + 1] != '"') {
            fault("attribute " + key + " without a quoted value");
            return;
        }
        const std::size_t end = s_.find('"', at_ + 2);
        if (end == std::string::npos) {
            fault("attribute " + key + " does not end");
            at_ = s_.size();
            return;
        }
        const std::string value = resolved(s_.substr(at_ + 2, end - at_ - 2));
        at_ = end + 1;
        if (!element.attributes.emplace(key, value).second) fault("attribute " + key + " twice");
        check_value(key, value);
    }

    void check_value(const std::string& key, const std::string& value) {
        static const std::set<std::string> coordinates = {
            "x", "y", "cx", "cy", "r", "d", "x1", "x2", "y1", "y2", "width", "height", "viewBox", "stroke-width", "transform"};
        if (key.starts_with("on")) fault("attribute " + key);
        if (key == "href" && !value.starts_with("#")) fault("a link to " + value);
        if (key == "src" && !value.starts_with("data:image/")) fault("a source " + value);
        if (key == "style" && value.find("url(") != std::string::npos) fault("an address in a style");
        if (key == "id" && !ids_.insert(value).second) fault("the id " + value + " twice");
        if (coordinates.contains(key) &&
            (value.find("nan") != std::string::npos || value.find("inf") != std::string::npos || value.empty()))
            fault("attribute " + key + "=" + value.substr(0, 40));
    }

    const std::string& s_;
    std::size_t at_ = 0;
    Markup result_;
    std::vector<std::size_t> open_;
    std::set<std::string> ids_;
};

}  // namespace

std::vector<const MarkupElement*> Markup::all(const std::string& name) const {
    std::vector<const MarkupElement*> result;
    for (const MarkupElement& element : elements)
        if (element.name == name) result.push_back(&element);
    return result;
}

Markup read_markup(const std::string& text) { return Reader(text).read(); }

}  // namespace molten
