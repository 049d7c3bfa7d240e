#include "train/commands/settings_flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/error.h"

namespace molten::commands {
namespace {

std::string dashed(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

// Lists start from the command line's own values, not from the defaults.
void clear_list(train::TrainOptions& options, const std::string& name) {
    if (name == "target") options.targets.clear();
    if (name == "ablations") options.ablations.clear();
    if (name == "baselines") options.baselines.clear();
}

}  // namespace

SettingFlags::SettingFlags(CLI::App& app) {
    const train::TrainOptions defaults;
    for (const train::Setting& setting : train::settings()) {
        auto given = std::make_unique<Given>();
        given->setting = &setting;
        const std::string help = fmt::format("{} [{}]", setting.help, setting.get(defaults));
        if (setting.flag) {
            const std::string name = dashed(setting.name);
            given->option = app.add_flag(fmt::format("--{},--no-{}{{false}}", name, name), given->values, help);
        } else {
            given->option = app.add_option("--" + dashed(setting.name), given->values, help);
            // One value a flag: what follows it is the next flag. The name of a column may hold a comma, other lists are split there.
            given->option->expected(1)->allow_extra_args(false);
            given->option->multi_option_policy(setting.repeats ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
            if (setting.repeats && setting.name != "target") given->option->delimiter(',');
        }
        given->option->group(setting.section);
        given_.push_back(std::move(given));
    }
}

void SettingFlags::apply(train::TrainOptions& options) const {
    for (const auto& given : given_) {
        if (given->option->count() == 0) continue;
        if (given->setting->repeats) clear_list(options, given->setting->name);
        for (const std::string& value : given->values) {
            if (given->setting->repeats && value == "none") continue;
            try {
                given->setting->set(options, value);
            } catch (const Error& error) {
                throw Error(ExitCode::usage, fmt::format("--{}: {}", dashed(given->setting->name), error.what()), error.hint());
            }
        }
    }
}

}  // namespace molten::commands
