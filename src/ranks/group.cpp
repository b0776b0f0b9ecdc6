#include "ranks/group.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "ranks/gloo_group.h"
#include "ranks/nccl_group.h"

namespace runner::ranks {

Share share_of(std::int64_t rows, int rank, int ranks) {
  Share share;
  share.part = (rows + ranks - 1) / ranks;
  share.first = std::min(rows, share.part * rank);
  share.count = std::min(share.part, rows - share.first);
  return share;
}

torch::Tensor Group::gather_rows(const torch::Tensor& mine, const Share& share, std::int64_t rows) {
  torch::Tensor padded = mine.contiguous();
  if (share.count < share.part) {
    auto shape = mine.sizes().vec();
    shape[0] = share.part - share.count;
    padded = torch::cat({padded, torch::zeros(shape, mine.options())});
  }
  return gather(padded).narrow(0, 0, rows);  // only the last rows are padding
}

std::string Group::broadcast(const std::string& text) {
  torch::Tensor size = torch::tensor({static_cast<std::int64_t>(text.size())});
  broadcast(size);
  torch::Tensor bytes = torch::empty({size.item<std::int64_t>()}, torch::kUInt8);
  if (leads()) std::memcpy(bytes.data_ptr(), text.data(), text.size());
  if (bytes.numel() > 0) broadcast(bytes);
  return {static_cast<const char*>(bytes.data_ptr()), static_cast<std::size_t>(bytes.numel())};
}

std::vector<std::vector<double>> Group::gather_doubles(const std::vector<double>& mine) {
  const auto count = static_cast<std::int64_t>(mine.size());
  const torch::Tensor block = torch::empty({count}, torch::kFloat64);
  std::copy(mine.begin(), mine.end(), block.data_ptr<double>());
  const torch::Tensor all = gather(block);
  std::vector<std::vector<double>> blocks;
  for (int rank = 0; rank < size(); ++rank) {
    const double* first = all.data_ptr<double>() + rank * count;
    blocks.emplace_back(first, first + count);
  }
  return blocks;
}

double Group::finish_sums(std::vector<double>& figures) {
  std::vector<double> mine{wait_for_sums(), static_cast<double>(runner::stop_signal())};
  mine.insert(mine.end(), figures.begin(), figures.end());
  const auto blocks = gather_doubles(mine);
  double squares = 0;
  stop_signal_ = 0;
  for (const auto& block : blocks) {
    squares += block[0];
    if (stop_signal_ == 0) stop_signal_ = static_cast<int>(block[1]);
  }
  figures.assign(blocks[0].begin() + 2, blocks[0].end());
  return squares;
}

int Group::own_signal() const {
  return runner::stop_signal();
}

void Group::note_signals(const float* of_ranks) {
  stop_signal_ = 0;
  for (int rank = 0; rank < size() && stop_signal_ == 0; ++rank)
    stop_signal_ = static_cast<int>(of_ranks[rank]);
}

void Group::add_up(std::vector<double>& values) {
  const auto blocks = gather_doubles(values);
  std::fill(values.begin(), values.end(), 0.0);
  for (const auto& block : blocks)
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += block[i];
}

std::string gpu_of(const torch::Device& device) {
  return device.is_cuda() ? nccl_gpu_of(device) : "";
}

std::shared_ptr<Group> make_group(const GroupOptions& options, const torch::Device& device) {
  if (device.is_cpu()) return make_gloo_group(options);
  if (device.is_cuda()) return make_nccl_group(options, device);
  throw EnvironmentError(
      fmt::format("{} ranks on one {} device: it has one GPU, which all ranks would share, each with a model "
                  "of its own; "
                  "one rank uses it as fast. More ranks need --device cpu, or CUDA devices",
                  options.place.size, device.str()),
      "device");
}

}  // namespace runner::ranks
