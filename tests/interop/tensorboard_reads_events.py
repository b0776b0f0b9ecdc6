"""TensorBoard's own reader finds a run's scalars in groups, each with one rhythm, its configuration and its hyper-parameters."""

import pathlib

import peer

peer.need("tensorboard")
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.plugins.hparams import plugin_data_pb2

GROUPS = {"train", "val", "baseline", "step", "system"}

with peer.folder() as work:
    run = pathlib.Path(work) / "run"
    peer.runner(
        "train", "configs/p6b_v23.yaml", "--npz", peer.SAMPLE, "--output", run, "--epochs", 2, "--set", "train.log_every=5",
        "--set", "model.d_model=64", "--set", "model.layers=1", "--set", "model.feedforward=64", "--set", "model.heads=4",
    )
    events = event_accumulator.EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    tags = events.Tags()
    scalars = {tag: [event.step for event in events.Scalars(tag)] for tag in tags["scalars"]}
    peer.check({tag.split("/")[0] for tag in scalars} == GROUPS, f"groups {sorted({tag.split('/')[0] for tag in scalars})}")
    steps = scalars["step/loss"]
    epochs = scalars["val/loss"]
    peer.check(len(steps) > len(epochs) > 0, f"{len(steps)} steps, {len(epochs)} epochs")
    for tag, at in scalars.items():
        expected = steps if tag.startswith("step/") else epochs
        optional = tag.startswith("system/")  # the first epoch of a process may have no rate yet
        peer.check(at == expected or (optional and set(at) <= set(expected)), f"{tag} stands at {at}, expected {expected}")
    for tag in ("train/loss", "val/cosine", "val/gain", "baseline/copy_last/cosine", "step/gradient_norm", "system/rss_mb"):
        peer.check(tag in scalars, f"no {tag}")

    peer.check("config" in tags["tensors"], f"no text config among {tags['tensors']}")
    metadata = events.SummaryMetadata("config")
    peer.check(metadata.plugin_data.plugin_name == "text", "config is no text")
    text = events.Tensors("config")[0].tensor_proto.string_val[0].decode()
    peer.check("batch_size" in text, "the text is not the configuration")

    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    data = plugin_data_pb2.HParamsPluginData.FromString(content)
    peer.check(data.session_start_info.hparams["model.d_model"].number_value == 64, "hparams lack model.d_model")
    content = events.SummaryMetadata("_hparams_/experiment").plugin_data.content
    metrics = [info.name.tag for info in plugin_data_pb2.HParamsPluginData.FromString(content).experiment.metric_infos]
    peer.check(set(metrics) <= set(scalars) and metrics, f"metrics {metrics}")
    print(f"{len(scalars)} scalar tags, {len(data.session_start_info.hparams)} hyper-parameters")
