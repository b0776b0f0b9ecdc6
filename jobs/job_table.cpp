// Every job: adding one is one row here, one folder, one CMake line.
#include "jobs/job_type.h"
#if __has_include("jobs/train/options.h")
#include "jobs/train/options.h"
#define HAVE_TRAIN 1
#endif
#if __has_include("jobs/index/options.h")
#include "jobs/index/options.h"
#define HAVE_INDEX 1
#endif
#if __has_include("jobs/search/options.h")
#include "jobs/search/options.h"
#define HAVE_SEARCH 1
#endif
#if __has_include("jobs/sequences/options.h")
#include "jobs/sequences/options.h"
#define HAVE_SEQUENCES 1
#endif
#if __has_include("jobs/eval/options.h")
#include "jobs/eval/options.h"
#define HAVE_EVAL 1
#endif
#if __has_include("jobs/smoke/options.h")
#include "jobs/smoke/options.h"
#define HAVE_SMOKE 1
#endif

namespace runner::jobs {
namespace {

template <class T>
std::unique_ptr<JobOptions> make() {
  return std::make_unique<JobOptionsOf<T>>();
}

}  // namespace

const std::vector<JobType>& job_types() {
  using Kind [[maybe_unused]] = Argument::Kind;
  static const std::vector<JobType> table = {
#ifdef HAVE_TRAIN
      {"train",
       "librunner_train",
       "Train a model.",
       "CONFIG",
       "runner train configs/p6b_v23.yaml --npz my_vectors.npz --epochs 3",
       {{"--resume", Kind::optional_text,
         "continue: --resume (the newest checkpoint of --output) or --resume=DIR"},
        {"--init", Kind::text, "start from the weights of an old best_model.pt or a run's folder"},
        {"--allow-changed", Kind::present, "resume although epochs, batch size, lr or the machine changed"},
        {"--max-steps", Kind::number, "end after this many steps in all, as a finished run does"}},
       {},
       make<TrainOptions>},
#endif
#ifdef HAVE_INDEX
      {"index",
       "librunner_index",
       "Build, verify and publish a FAISS index.",
       "CONFIG",
       "runner index configs/index_flat_ip.yaml --npz my_vectors.npz --output my.index",
       {{"--force", Kind::present, "rebuild although nothing changed"},
        {"--rollback", Kind::present, "publish the version before the current one again"}},
       {},
       make<IndexOptions>},
#endif
#ifdef HAVE_SEQUENCES
      {"sequences",
       "librunner_index",
       "Cut embedding vectors into training windows.",
       "CONFIG",
       "runner sequences configs/sequences_ctx5.yaml --npz my_vectors.npz --output windows.npz",
       {},
       {},
       make<SequencesOptions>},
#endif
#ifdef HAVE_EVAL
      {"eval",
       "librunner_train",
       "The five causal alignment tests (5CAT); exit 5 when a gate fails.",
       "CONFIG",
       "runner eval configs/eval_5cat.yaml --model artifacts/lvm/models/latest",
       {},
       {},
       make<EvalOptions>},
#endif
#ifdef HAVE_SEARCH
      {"search",
       "librunner_index",
       "Exact nearest neighbours, as npz.",
       "index",
       "runner search artifacts/index/cppdocs_flat_ip.index --queries q.npz --k 10 --output neighbours.npz",
       {},
       {},
       make<SearchOptions>},
#endif
#ifdef HAVE_SMOKE
      {"smoke",
       "librunner_smoke",
       "FAISS and libtorch in one go: does this machine work?",
       "",
       "runner smoke --steps 5",
       {},
       {{"faiss", "librunner_index"}, {"torch", "librunner_train"}},
       make<SmokeOptions>},
#endif
  };
  return table;
}

}  // namespace runner::jobs
