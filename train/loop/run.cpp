#include "train/loop/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/io/file.h"
#include "engine/memory/storage.h"
#include "train/log/progress_bar.h"
#include "train/loop/experiment.h"
#include "train/loop/prediction_table.h"
#include "train/loop/report_data.h"

namespace molten::train {
namespace {

// The table with the targets read and the features computed; what cannot be used is in `rejects`.
struct Loaded {
    data::Table table;
    data::Rejects rejects;
    Molecules molecules;
    Material material;
};

std::optional<data::Task> task_of(const std::string& name) { return name == "auto" ? std::nullopt : std::optional(data::parse_task(name)); }

void load_table(const TrainOptions& options, Loaded& loaded, log::RunLog& log) {
    loaded.table = data::read_table(options.data, options.table);
    log.say(fmt::format("{}: {}, {} rows", options.data, loaded.table.description,
                        log::human_count(static_cast<double>(loaded.table.rows.size()))));
    if (options.join.empty()) return;
    const data::JoinCount count = data::join(loaded.table, options.join_key, data::read_table(options.join),
                                             options.join_other_key.empty() ? options.join_key : options.join_other_key);
    log.say(fmt::format("joined {}: {} rows matched, {} without a partner, {} unused", options.join, count.matched, count.without_partner,
                        count.unused));
}

// Returns the column of molecules.
std::size_t load_targets(const TrainOptions& options, Loaded& loaded, log::RunLog& log) {
    loaded.rejects = data::Rejects(options.strict, options.max_rejected);
    load_table(options, loaded, log);
    loaded.rejects.add_refused(loaded.table);
    const std::size_t column = find_molecule_column(loaded.table, options.smiles_column);
    if (options.targets.empty())
        throw Error(ExitCode::usage, "no target is named",
                    fmt::format("give --target; the columns are {}", fmt::join(loaded.table.columns, ", ")));
    for (const std::string& name : options.targets) {
        loaded.material.targets.push_back(data::read_target(loaded.table, name, loaded.rejects, {task_of(options.task), {}}));
        const data::Target& target = loaded.material.targets.back();
        log.say(fmt::format("target {}: {}: {}; {} values, {} missing", name, data::name_of(target.task), target.why, target.present,
                            target.missing));
    }
    data::require_trainable(loaded.material.targets);
    return column;
}

void load_features(const TrainOptions& options, std::size_t column, Loaded& loaded, log::RunLog& log) {
    log::ProgressBar bar("features", loaded.table.rows.size(), "molecules");
    loaded.molecules = featurize_table(loaded.table, column, loaded.rejects, FeatureSettings::of(options),
                                       [&](std::size_t done, std::size_t) { bar.update(done); });
    bar.finish();
    log.say(loaded.rejects.summary(loaded.table.rows.size()));
    loaded.material.table = &loaded.table;
    loaded.material.molecules = &loaded.molecules;
    loaded.material.values = output_values(loaded.molecules, loaded.material.targets);
}

// Molecules with at least one measured target: what is split.
std::vector<std::int64_t> measured(const Material& material) {
    const std::size_t outputs = material.values.size() / std::max<std::size_t>(material.molecules->rows.size(), 1);
    std::vector<std::int64_t> result;
    for (std::int64_t i = 0; i < material.molecules->size(); ++i) {
        const auto first = material.values.begin() + i * static_cast<std::int64_t>(outputs);
        if (std::any_of(first, first + static_cast<std::int64_t>(outputs), [](double v) { return !std::isnan(v); })) result.push_back(i);
    }
    return result;
}

template <class T>
std::vector<T> chosen(const std::vector<T>& values, const std::vector<std::int64_t>& rows) {
    std::vector<T> result;
    for (const std::int64_t r : rows) result.push_back(values[static_cast<std::size_t>(r)]);
    return result;
}

// splits.json and --split-file count the rows of the table; here molecules are counted.
data::Split to_molecules(const data::Split& rows, const Molecules& molecules, std::size_t table_rows) {
    std::vector<std::int64_t> molecule(table_rows, -1);
    for (std::size_t i = 0; i < molecules.rows.size(); ++i) molecule[molecules.rows[i]] = static_cast<std::int64_t>(i);
    data::Split split;
    const auto convert = [&](const std::vector<std::int64_t>& from, std::vector<std::int64_t>& to) {
        for (const std::int64_t r : from)
            if (molecule[static_cast<std::size_t>(r)] >= 0) to.push_back(molecule[static_cast<std::size_t>(r)]);
    };
    convert(rows.train, split.train);
    convert(rows.val, split.val);
    convert(rows.test, split.test);
    return split;
}

data::Split split_of(const TrainOptions& o, const Loaded& loaded) {
    const std::vector<std::int64_t> rows = measured(loaded.material);
    const auto keys = chosen(loaded.molecules.key, rows), scaffolds = chosen(loaded.molecules.scaffold, rows);
    const data::SplitOptions shares{o.train_share, o.val_share, 1 - o.train_share - o.val_share, static_cast<std::uint64_t>(o.seed)};
    const auto pick = [&](const std::vector<data::Split>& splits) {
        if (static_cast<std::size_t>(o.fold) >= splits.size())
            throw Error(ExitCode::usage, fmt::format("--fold {}: there are {}", o.fold, splits.size()), "folds count from 0");
        return splits[static_cast<std::size_t>(o.fold)];
    };
    if (o.split == "file")
        return to_molecules(pick(data::read_splits(o.split_file, static_cast<std::int64_t>(loaded.table.rows.size()))), loaded.molecules,
                            loaded.table.rows.size());
    data::Split split;
    if (o.split == "random") split = data::random_split(keys, shares);
    if (o.split == "scaffold") split = data::scaffold_split(scaffolds, keys, shares);
    if (o.split == "scaffold_balanced") split = data::scaffold_balanced_split(scaffolds, keys, shares);
    if (o.split == "kfold")
        split = pick(data::k_fold_split(keys, static_cast<std::size_t>(o.folds), o.val_share, static_cast<std::uint64_t>(o.seed)));
    if (o.split == "stratified") {
        std::vector<std::int64_t> classes;
        for (const std::int64_t r : rows) {
            const double value = loaded.material.targets[0].values[loaded.molecules.rows[static_cast<std::size_t>(r)]];
            classes.push_back(std::isnan(value) ? -1 : static_cast<std::int64_t>(value));
        }
        split = data::stratified_split(classes, keys, shares);
    }
    if (o.split == "column") {
        const std::size_t column = loaded.table.column(o.split_column);
        std::vector<std::string> words;
        std::vector<std::uint64_t> numbers;
        for (const std::int64_t r : rows) {
            const data::Row& row = loaded.table.rows[loaded.molecules.rows[static_cast<std::size_t>(r)]];
            words.push_back(row.cells[column]);
            numbers.push_back(row.number);
        }
        split = data::column_split(words, numbers, fmt::format("{}: {}", loaded.table.name, o.split_column));
    }
    return data::map_rows(split, rows);
}

void check_split(const data::Split& split, const Molecules& molecules, log::RunLog& log) {
    if (split.train.empty()) throw Error(ExitCode::data, "the training part is empty", "check --split and its shares");
    log.say(fmt::format("split: {} train, {} validation, {} test; {}", split.train.size(), split.val.size(), split.test.size(),
                        data::leak_report(split, molecules.key).text()));
    if (split.val.empty()) log.warn("no validation part: the last epochs are chosen by the training loss, and there are no intervals");
}

void dry_run(const TrainOptions& options, const Loaded& loaded, const data::Split& split, log::RunLog& log) {
    const Pipeline pipeline = Pipeline::fit(options, loaded.molecules, loaded.material.targets, loaded.material.values, split.train);
    const ModelInput input(pipeline, loaded.molecules);
    const Objective objective(options, pipeline, loaded.material.values);
    const auto arms = arms_of(options, sized(options.model, pipeline, loaded.molecules));
    for (const Arm& arm : arms) {
        Member member(options, arm.model, objective, input, split, 0);
        const auto experts = arm.model.experts();
        log.say(fmt::format("{}: {} parameters, experts {}, {} models x {} steps, {} a checkpoint", arm.name,
                            log::human_count(static_cast<double>(member.parameter_count())), fmt::join(experts, " "), arm.members,
                            log::human_count(static_cast<double>(member.total_steps())),
                            log::human_bytes(static_cast<double>(member.state_bytes()))));
        member.step();
    }
    log.say(memory_report().text());
    log.say("dry run: nothing was written");
}

// predictions.csv of a run: every row of the table with the part it was in.
void write_predictions(const Loaded& loaded, const Outcome& outcome, const std::filesystem::path& path) {
    std::vector<std::string> part(loaded.molecules.rows.size(), "unmeasured");
    for (const auto& [name, rows] :
         {std::pair("train", &outcome.split.train), std::pair("val", &outcome.split.val), std::pair("test", &outcome.split.test)})
        for (const std::int64_t r : *rows) part[static_cast<std::size_t>(r)] = name;
    write_prediction_table(loaded.table, loaded.molecules, loaded.rejects, outcome.arms[0].predictions, outcome.pipeline.targets, path,
                           {{"part", part}});
}

int finish_replicate(const TrainOptions& options, const Loaded& loaded, const Outcome& outcome, const RunDirectory& run,
                     const std::string& command, log::RunLog& log) {
    io::write_file_atomically(run.root / "metrics.json", metrics_json(options, outcome).text(true) + "\n");
    write_predictions(loaded, outcome, run.root / "predictions.csv");
    const report::ReportData data = report_data(options, loaded.material, loaded.rejects, outcome, run, command);
    report::write_report(data, run.root);
    for (const report::MetricsTable& table : data.tables) log.say("\n" + report::to_markdown(table));
    log.say(fmt::format("trained in {}; report: {}", log::human_duration(outcome.seconds), (run.root / "report.html").string()));
    return 0;
}

}  // namespace

int run_training(TrainOptions options, const std::string& command) {
    if (options.data.empty()) throw Error(ExitCode::usage, "no table is named", "give --data");
    Loaded loaded;
    log::RunLog terminal;
    const std::size_t column = load_targets(options, loaded, terminal);
    const RunDirectory run = options.dry_run ? RunDirectory{} : RunDirectory::open(options, command);
    log::RunLog log = options.dry_run ? log::RunLog() : log::RunLog(run.root / "run.log");
    log.note(command);
    load_features(options, column, loaded, log);
    if (!options.dry_run) loaded.rejects.write((run.root / "rejected.csv").string());
    loaded.rejects.check(loaded.table.rows.size());
    const std::int64_t learned =
        static_cast<std::int64_t>(std::llround(options.train_share * static_cast<double>(measured(loaded.material).size())));
    const bool classification = loaded.material.targets[0].task != data::Task::regression;
    log.say(fmt::format("for {} molecules to learn from: {}", learned, fmt::join(resolve(options, learned, classification), ", ")));
    if (!options.dry_run) io::write_file_atomically(run.root / "config.toml", to_toml(options));

    std::vector<Outcome> outcomes;
    std::vector<data::Split> splits;
    for (std::int64_t replicate = 0; replicate < options.replicates; ++replicate) {
        TrainOptions own = options;
        own.seed += replicate;
        const data::Split split = split_of(own, loaded);
        check_split(split, loaded.molecules, log);
        if (options.dry_run) return dry_run(own, loaded, split, log), 0;
        std::vector<std::int64_t> rows(loaded.molecules.rows.begin(), loaded.molecules.rows.end());
        splits.push_back(data::map_rows(split, rows));
        data::write_splits(run.root / "splits.json", splits);
        RunDirectory directory = run;
        if (options.replicates > 1) {
            directory.root = run.root / fmt::format("replicate-{}", replicate);
            std::filesystem::create_directories(directory.best());
        }
        Outcome outcome = run_experiment(own, loaded.material, split, directory, log);
        if (outcome.stopped) {
            log.warn(fmt::format("stopped by a signal; saved: continue with `{} --resume auto`", command));
            return static_cast<int>(ExitCode::preempted);
        }
        finish_replicate(own, loaded, outcome, directory, command, log);
        outcomes.push_back(std::move(outcome));
    }
    if (outcomes.size() > 1) {
        const report::MetricsTable table = replicates_table(outcomes);
        io::write_file_atomically(run.root / "results.md", report::to_markdown(table));
        log.say("\n" + report::to_markdown(table));
    }
    return 0;
}

}  // namespace molten::train
