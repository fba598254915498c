"""The face model: components of texture and of shape, how they vary between people and within one, donors of hair."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from microface.console import track
from microface.demo.maker.canvas import FACE, HEIGHT, WIDTH, mirrored_flow, resized, warp
from microface.demo.maker.components import Components, principal, spread
from microface.demo.maker.densely import flows, full
from microface.demo.maker.heads import Heads
from microface.demo.maker.silhouette import silhouette

TEXTURES, SHAPES = 140, 40
_SHAPE_WEIGHT = 0.8
"""Share of shape's deviation in the joint space, by that of texture."""
_BETWEEN, _WITHIN = 90, 25
_SMALL = WIDTH // 2, HEIGHT // 2
_SHAPE_GRID = WIDTH // 4, HEIGHT // 4
_LEAST_SHARP_SHARE, _LEAST_COVER = 0.25, 0.80


@dataclass(frozen=True)
class FaceModel:
    """What is needed to draw people; a point of the joint space is texture, then shape coefficients, both scaled.

    `texture` [140, H * W * 3] are the pictures that a unit of each texture coordinate adds; `shape_mean` [p] and
    `shape` [40, p] give the flow on a grid a quarter as large; `mean`, `between`, `within` are a `Spread`.
    Donors are heads before plain backgrounds in the common frame: `donors` uint8 [n, H, W, 3], `opacity` uint8
    [n, H, W], their points `donor_points` [n, d] and who they are.
    """

    texture: np.ndarray
    shape_mean: np.ndarray
    shape: np.ndarray
    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray
    donors: np.ndarray
    opacity: np.ndarray
    donor_points: np.ndarray
    donor_people: np.ndarray

    def save(self, path: Path) -> None:
        """Write the model as an .npz file."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "FaceModel":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(**{field.name: stored[field.name] for field in fields(cls)})

    def picture(self, point: np.ndarray) -> np.ndarray:
        """Return the texture float32 [H, W, 3] that `point` adds to the mean."""
        return (point[:TEXTURES].astype(np.float32) @ self.texture).reshape(HEIGHT, WIDTH, 3)

    def flow(self, point: np.ndarray, asymmetry: float) -> np.ndarray:
        """Return the flow [H, W, 2] of the shape of `point`, what is asymmetric in it kept by `asymmetry` 0..1."""
        grid = self.shape_mean + point[TEXTURES:].astype(np.float32) @ self.shape
        flow = resized(grid.reshape(_SHAPE_GRID[1], _SHAPE_GRID[0], 2), WIDTH, HEIGHT)
        even = (flow + mirrored_flow(flow)) / 2
        return np.asarray(even + asymmetry * (flow - even))


def fit(heads: Heads, count: int, seed: int = 0) -> FaceModel:
    """Fit the model to `count` of the `heads`, donors of hair first, then sharp heads of people seen often."""
    outlines = {
        i: mask
        for i in track(_covered(heads, 0.15), "silhouettes")
        if (mask := silhouette(heads.pictures[i])) is not None
    }
    chosen = _chosen(heads, list(outlines), count, seed)
    flow = flows(heads.pictures, chosen)
    aligned = np.stack([warp(heads.pictures[i][..., :3], full(f)) for i, f in zip(chosen, flow, strict=True)])
    masks = [warp(mask, full(f)) for mask, f in zip(outlines.values(), flow, strict=False)]
    return _model(aligned, flow, tuple(heads.people[i] for i in chosen), np.stack(masks))


def _covered(heads: Heads, share: float) -> np.ndarray:
    """Return the indices of heads that fill the frame, without the `share` that is least sharp."""
    sharp = heads.sharpness > np.quantile(heads.sharpness, share)
    return np.flatnonzero(sharp & (heads.cover > _LEAST_COVER))


def _chosen(heads: Heads, donors: list[int], count: int, seed: int) -> np.ndarray:
    names, who, counts = np.unique(np.array(heads.people), return_inverse=True, return_counts=True)
    often = counts[who] >= 4
    unnamed = np.array([":" not in name for name in names])[who]
    rest = _covered(heads, _LEAST_SHARP_SHARE)
    rest = np.setdiff1d(rest[often[rest] | (unnamed[rest] & (rest % 3 == 0))], donors)
    more = np.random.default_rng(seed).permutation(rest)[: max(0, count - len(donors))]
    return np.concatenate([np.array(donors, int), more])


def _model(aligned: np.ndarray, flow: np.ndarray, people: tuple[str, ...], masks: np.ndarray) -> FaceModel:
    textures, texture = _texture(aligned)
    shapes, shape = _shape(flow)
    joint = np.hstack([textures, shapes]).astype(np.float64)
    both, donors = spread(joint, people, _BETWEEN, _WITHIN), len(masks)
    return FaceModel(
        texture=texture,
        shape_mean=shape.mean,
        shape=shape.directions,
        mean=both.mean,
        between=both.between,
        within=both.within,
        donors=aligned[:donors],
        opacity=np.rint(masks * 255).astype(np.uint8),
        donor_points=joint[:donors],
        donor_people=np.array(people[:donors]),
    )


def _texture(aligned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scaled coordinates [n, k] of heads of half size, and the full-size pictures that they regress on."""
    mask = resized(FACE, *_SMALL)[..., None]
    small = np.stack([(resized(head, *_SMALL) * mask).ravel() for head in aligned]).astype(np.float32)
    coordinates, _ = _scaled(small, principal(small, TEXTURES), 1.0)
    inverse = np.linalg.inv(coordinates.T @ coordinates + 1e-3 * np.eye(TEXTURES) * coordinates.var())
    mean = aligned.mean(axis=0, dtype=np.float64).astype(np.float32).ravel()
    pictures = np.zeros((TEXTURES, mean.size), np.float32)
    for start in range(0, len(aligned), 200):
        part = slice(start, start + 200)
        weights = (inverse @ coordinates[part].T).astype(np.float32)
        pictures += weights @ (aligned[part].reshape(-1, mean.size).astype(np.float32) - mean)
    return coordinates, pictures


def _shape(flow: np.ndarray) -> tuple[np.ndarray, Components]:
    grid = np.stack([resized(full(f), *_SHAPE_GRID).ravel() for f in flow]).astype(np.float32)
    return _scaled(grid, principal(grid, SHAPES), _SHAPE_WEIGHT)


def _scaled(rows: np.ndarray, components: Components, weight: float) -> tuple[np.ndarray, Components]:
    """Return coordinates whose total variance is `weight` squared, and the components that undo the scale."""
    raw = components.coefficients(rows)
    scale = weight / np.sqrt(raw.var(axis=0).sum())
    return raw * scale, Components(components.mean, components.directions / scale)
