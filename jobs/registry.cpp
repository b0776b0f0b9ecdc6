// Every job, its command and its plug-in: adding one is one row here, one folder, one CMake line.
#include "jobs/registry.h"

#include <algorithm>

#include "jobs/eval/options.h"
#include "jobs/index/options.h"
#include "jobs/predict/options.h"
#include "jobs/search/options.h"
#include "jobs/sequences/options.h"
#include "jobs/smoke/options.h"
#include "jobs/train/options.h"

namespace runner::jobs {
namespace {

template <class T>
std::unique_ptr<JobOptions> make() {
  return std::make_unique<JobOptionsOf<T>>();
}

}  // namespace

const std::vector<JobType>& job_types() {
  static const std::vector<JobType> table = {
      {"train",
       plugins::torch,
       "CONFIG [flags]",
       "train a model",
       nullptr,
       "CONFIG",
       "runner train configs/p6b_v23.yaml --npz my_vectors.npz --epochs 3",
       {{"--resume", &Arguments::resume,
         "continue: --resume (the newest checkpoint of --output; of the newest unfinished run of that name, "
         "if it has a {timestamp}) or --resume=DIR",
         "auto"},
        {"--init", &Arguments::init,
         "start from the weights of a run's folder, a .safetensors or a .pt file"},
        {"--allow-changed", &Arguments::allow_changed,
         "resume although epochs, batch size, lr, health or the machine changed"},
        {"--max-steps", &Arguments::max_steps, "end after this many steps in all, as a finished run does"},
        {"--nproc", &Arguments::nproc, "ranks on this machine, which share each batch (docs/scale.md)"},
        {"--ranks", &Arguments::ranks, "with runner plan: what 1 to so many ranks would bring"}},
       {},
       make<TrainOptions>,
       OutputKind::folder,
       false,
       true},
      {"index",
       plugins::faiss,
       "CONFIG [flags]",
       "build, verify and publish a FAISS index",
       nullptr,
       "CONFIG",
       "runner index configs/index_flat_ip.yaml --npz my_vectors.npz --output my.index\n"
       "  runner index configs/index_ivf.yaml --shard 0/4        (… 3/4, on any machine), then: --merge",
       {{"--force", &Arguments::force, "rebuild although nothing changed"},
        {"--rollback", &Arguments::rollback, "publish the version before the current one again"},
        {"--shard", &Arguments::shard,
         "I/N: build part I of N of the rows alone, I from 0 to N-1; auto: this task's part in a Slurm "
         "array"},
        {"--merge", &Arguments::merge, "verify all parts that --shard built and publish them as one index"}},
       {},
       make<IndexOptions>,
       OutputKind::link,
       true,
       true},
      {"sequences",
       plugins::faiss,
       "CONFIG [flags]",
       "cut embedding vectors into training windows",
       nullptr,
       "CONFIG",
       "runner sequences configs/sequences_ctx5.yaml --npz my_vectors.npz --output windows.npz",
       {},
       {},
       make<SequencesOptions>,
       OutputKind::file,
       true,
       true},
      {"eval",
       plugins::torch,
       "CONFIG [flags]",
       "the five causal alignment tests (5CAT); exit 5 when a gate fails",
       nullptr,
       "CONFIG",
       "runner eval configs/eval_5cat.yaml --model artifacts/lvm/models/latest",
       {{"--nproc", &Arguments::nproc, "ranks on this machine, which share the samples (docs/scale.md)"}},
       {},
       make<EvalOptions>,
       OutputKind::file,
       true},
      {"predict",
       plugins::torch,
       "MODEL --npz F",
       "what comes next, by a trained model; with --index its nearest rows",
       "What comes next: a model's predictions for vectors or ready contexts, and the rows nearest to them.",
       "model",
       "runner predict latest --npz my_vectors.npz --output predictions.npz\n  runner predict latest --npz "
       "my_vectors.npz --index my.index --k 5 --format tsv | head\n  runner predict old/best_model.pt --npz "
       "my_vectors.npz --format jsonl --output predictions.jsonl",
       {},
       {},
       make<PredictOptions>,
       OutputKind::file,
       false,
       true},
      {"search",
       plugins::faiss,
       "INDEX --queries F",
       "nearest neighbours, as npz, text or a table",
       nullptr,
       "index",
       "runner search artifacts/index/cppdocs_flat_ip.index --queries q.npz --k 10 --output neighbours.npz\n"
       "  runner search artifacts/index/cppdocs_flat_ip.index --queries q.npz --k 3 --format tsv | head\n"
       "  runner search artifacts/index/cppdocs_flat_ip.index --queries q.npz --format table --titles "
       "titles.txt",
       {{"--shard", &Arguments::shard,
         "I/N: search part I of N of a Flat index's rows, or of a folder's parts, I from 0 to N-1; auto: "
         "this task's "
         "part in a Slurm array"},
        {"--merge", &Arguments::merge,
         "make one result of what all parts found; the other flags as for the parts"}},
       {},
       make<SearchOptions>},
      {"smoke",
       plugins::both,
       "[--steps 5]",
       "FAISS and libtorch in one go: does this machine work?",
       nullptr,
       "",
       "runner smoke --steps 5",
       {},
       {faiss_part(), torch_part()},
       make<SmokeOptions>},
  };
  return table;
}

const JobType* find_job(const std::string& name) {
  for (const JobType& type : job_types())
    if (name == type.name) return &type;
  return nullptr;
}

std::vector<std::string> all_plugins() {
  std::vector<std::string> names;
  for (const JobType& type : job_types())
    if (std::find(names.begin(), names.end(), type.plugin) == names.end()) names.emplace_back(type.plugin);
  return names;
}

}  // namespace runner::jobs
