"""How many photos a second training takes, beside a plain torch loop over the same network.

    python -m microface.learn.train.bench --net slimface --batch 512 --device cuda --teacher teacher.onnx

Every row is warmed up, then timed for some steps: by the clock, and by the processor time of the process, which other
work on the machine does not change much. "plain" is what one writes first: crops from memory as float tensors,
rows-first memory layout, float32, AdamW, no augmentation. The other rows add what microface does, one after another.
"""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from microface.console import console, table
from microface.files import write_json
from microface.learn import nets
from microface.learn.nets.layers import ConvUnit, PReLU
from microface.learn.train.config import Augmentation, TrainConfig
from microface.learn.train.data import Photos
from microface.learn.train.feed import DeviceFeed, HostFeed
from microface.learn.train.losses import Lesson, Subject, Total
from microface.learn.train.optimise import optimizer_of
from microface.learn.train.place import Where, where
from microface.learn.train.schedule import View
from microface.learn.train.schedule_file import config_of
from microface.learn.train.team import Team
from microface.learn.tuning import prepare_process

_PHOTOS = 4096
Step = Callable[[], None]


def main() -> None:
    """Measure and print; the command line of the module."""
    options = _parsed()
    if options.device != "cuda":
        prepare_process()
    place = where(options.device)
    place.prepare(1)
    rows = {
        name: _speed(make(options, place), options, place) for name, make in _ROWS.items() if _wanted(name, options)
    }
    shown = [(name, *(f"{value:,.0f}" for value in values.values())) for name, values in rows.items()]
    columns = ("what", "photos / s", "photos / s of processor time")
    console.print(table(f"{options.net}, batch {options.batch}, {place.device}", columns, shown))
    if options.json:
        write_json(options.json, {"net": options.net, "batch": options.batch, "device": str(place.device), **rows})


def _parsed() -> Namespace:
    parser = ArgumentParser(description="Photos per second of training, beside a plain torch loop.")
    parser.add_argument("--net", default="facenet", choices=nets.names())
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--teacher", default="", help="ONNX teacher for the row with one")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _wanted(name: str, options: Namespace) -> bool:
    return bool(options.teacher) or "teacher" not in name


def _speed(step: Step, options: Namespace, place: Where) -> dict[str, float]:
    """Return photos per second of `step` by the clock and by processor time, after two steps to warm up."""
    for _ in range(2):
        step()
    _wait(place)
    begun, used = time.perf_counter(), time.process_time()
    for _ in range(options.steps):
        step()
    _wait(place)
    photos = float(options.steps * options.batch)
    return {"clock": photos / (time.perf_counter() - begun), "processor": photos / (time.process_time() - used)}


def _wait(place: Where) -> None:
    if place.on_gpu:
        torch.cuda.synchronize()


def _photos(size: tuple[int, int], embedding: int) -> Photos:
    """Return photos of noise with random targets, which cost as much as others."""
    random = np.random.default_rng(0)
    crops = random.integers(0, 256, (_PHOTOS, size[0] + 8, size[1] + 8, 3), np.uint8)
    targets = random.normal(size=(_PHOTOS, embedding)).astype(np.float32)
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    index = np.stack([np.zeros(_PHOTOS, np.int64), np.arange(_PHOTOS)], 1)
    return Photos((crops,), index, targets, np.arange(_PHOTOS) % 500, size)


def _config(options: Namespace, **changes: object) -> TrainConfig:
    config = config_of("", {"data": "noise", "net": options.net, "epochs": 1.0, "batch": options.batch})
    return replace(config, **changes)  # type: ignore[arg-type]


def _learner(options: Namespace, place: Where, quick: bool) -> tuple[nn.Module, Callable[[Lesson], None], Photos]:
    """Return the network, a function that learns from a lesson, and the photos; `quick`: channels last, bfloat16."""
    settings = nets.options_of(options.net, {})
    network = nets.build(options.net, settings)
    network = place.put(network) if quick else network.to(place.device)
    photos, config = _photos(settings.input_size, settings.embedding), _config(options)
    subject = Subject(settings.embedding, torch.from_numpy(photos.targets), torch.from_numpy(photos.people))
    losses = Total(config.terms, subject).to(place.device)
    optimizer = optimizer_of((network,), config)

    def learn(lesson: Lesson) -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(place.device.type, torch.bfloat16, enabled=quick and place.on_gpu):
            student = network(lesson.x)
        losses(student, lesson, 0.5).backward()
        optimizer.step()

    return network, learn, photos


def _plain(options: Namespace, place: Where) -> Step:
    _, learn, photos = _learner(options, place, quick=False)
    return lambda: learn(_from_memory(photos, options.batch, place))


def _laid_out(options: Namespace, place: Where, by_torch: bool = False) -> Step:
    network, learn, photos = _learner(options, place, quick=True)
    for layer in network.modules() if by_torch else ():
        layer.__class__ = {ConvUnit: nn.Sequential, PReLU: nn.PReLU}.get(type(layer), type(layer))
    lesson = _from_memory(photos, options.batch, place)
    ready = replace(lesson, x=lesson.x.contiguous(memory_format=torch.channels_last))
    return lambda: learn(ready)


def _from_memory(photos: Photos, batch: int, place: Where) -> Lesson:
    """Return the centre of random crops as a plain loop would make it."""
    rows = np.random.permutation(len(photos))[:batch]
    x = torch.from_numpy(photos.crops(rows)[:, 4:-4, 4:-4]).to(place.device).permute(0, 3, 1, 2).float().contiguous()
    tensors = torch.from_numpy(photos.targets[rows]), torch.from_numpy(photos.people[rows])
    return Lesson((x - 128) / 128, *(tensor.to(place.device) for tensor in tensors))


def _host(options: Namespace, place: Where) -> Step:
    """The host pipeline as in training: its thread makes the next batch meanwhile."""
    _, learn, photos = _learner(options, place, quick=True)
    feed, size = HostFeed(photos, _config(options), Team(), place), photos.content
    lessons = (lesson for epoch in range(10**6) for lesson in feed.lessons(epoch, 0, lambda _: View(size)))
    return lambda: learn(next(lessons))


def _device(options: Namespace, place: Where, teacher: str = "") -> Step:
    _, learn, photos = _learner(options, place, quick=True)
    strong = Augmentation(10, 0.1, 0.05, 0.25, 25, 0.2, 0.1, 0.5, 0.15, 0.1, 0.2, 6, 0.3, 0.1)
    feed = DeviceFeed(photos, _config(options, augmentation=strong, teacher=teacher), Team(), place, photos.content)
    lessons = (lesson for epoch in range(10**6) for lesson in feed.lessons(epoch, 0, lambda _: View(photos.content)))
    return lambda: learn(next(lessons))


_ROWS: dict[str, Callable[[Namespace, Where], Step]] = {
    "plain loop, no augmentation": _plain,
    "channels last, bfloat16 on a GPU, one batch again and again": lambda options, place: _laid_out(
        options, place, by_torch=True
    ),
    "the same, norm and activation in one kernel on a processor": _laid_out,
    "host pipeline, one process": _host,
    "device pipeline, all augmentations": _device,
    "device pipeline and live teacher": lambda options, place: _device(options, place, options.teacher),
}

if __name__ == "__main__":
    main()
