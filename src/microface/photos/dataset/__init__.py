"""Data sets of crops with identities and the teacher's embeddings, in shards that are whole or not there."""

from microface.photos.dataset.manifest import Manifest, ShardInfo, Split
from microface.photos.dataset.reader import Dataset, Shard

__all__ = ["Dataset", "Manifest", "Shard", "ShardInfo", "Split"]
