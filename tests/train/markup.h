#pragma once
#include <map>
#include <string>
#include <vector>

// A strict reader of the HTML and SVG that we write, for tests: every element closed in order, every attribute quoted. It shares no
// code with train/report.
namespace molten {

struct MarkupElement {
    std::string name;
    std::map<std::string, std::string> attributes;  // references resolved
    std::string text;                               // its own text and that of all below it, references resolved
    std::string path;                               // "html/body/figure"
};

struct Markup {
    std::vector<MarkupElement> elements;  // in the order of their start tags
    std::vector<std::string> faults;      // what is wrong, with the byte; empty for sound markup

    std::vector<const MarkupElement*> all(const std::string& name) const;
};

// Faults are also: control bytes, text that is not UTF-8, <script>, attributes that begin with "on", addresses other than "#..." and
// "data:image/", an id twice, "nan" or "inf" in a coordinate.
Markup read_markup(const std::string& text);

}  // namespace molten
