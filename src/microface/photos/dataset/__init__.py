"""Data sets of crops with identities and the teacher's embeddings, in shards that are whole or not there."""

from microface.photos.dataset.crop_file import CropFile
from microface.photos.dataset.manifest import Manifest, ShardInfo, Split
from microface.photos.dataset.reader import Dataset, Shard
from microface.photos.dataset.strangers import NEAR, near, strangers_near, unit

__all__ = ["NEAR", "CropFile", "Dataset", "Manifest", "Shard", "ShardInfo", "Split", "near", "strangers_near", "unit"]
