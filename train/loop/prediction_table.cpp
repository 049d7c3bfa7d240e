#include "train/loop/prediction_table.h"

#include <sstream>

#include "engine/io/file.h"
#include "train/data/csv.h"

namespace molten::train {

void write_prediction_table(const data::Table& table, const Molecules& molecules, const data::Rejects& rejects,
                            const Predictions& predictions, const std::vector<TargetInfo>& targets, const std::filesystem::path& path,
                            const MoleculeColumns& extra) {
    std::ostringstream out;
    data::CsvWriter csv(out);
    for (const std::string& column : table.columns) csv.user_cell(column);
    for (const TargetInfo& target : targets)
        for (const char* suffix : {"_pred", "_lower", "_upper"}) csv.own_cell(target.name + suffix);
    for (const auto& [name, values] : extra) csv.own_cell(name);
    csv.own_cell("reason");
    csv.end_row();

    std::size_t molecule = 0;
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        const data::Row& row = table.rows[r];
        for (std::size_t c = 0; c < table.columns.size(); ++c) csv.user_cell(c < row.cells.size() ? row.cells[c] : "");
        const bool usable = molecule < molecules.rows.size() && molecules.rows[molecule] == r;
        for (const TargetInfo& target : targets) {
            if (!usable) {
                for (int i = 0; i < 3; ++i) csv.own_cell("");
                continue;
            }
            const TargetPrediction p = target_prediction(predictions, target, static_cast<std::int64_t>(molecule));
            if (target.task == data::Task::multiclass)
                csv.own_cell(p.label);
            else
                csv.number(p.value);
            csv.number(p.lower);
            csv.number(p.upper);
        }
        for (const auto& [name, values] : extra) csv.own_cell(usable ? values[molecule] : "");
        const data::Reject* reject = rejects.find(row.number);
        csv.own_cell(reject ? reject->reason : "");
        csv.end_row();
        molecule += usable;
    }
    io::write_file_atomically(path, out.str());
}

}  // namespace molten::train
