"""Preparation: collections of photos become a data set of crops with the teacher's embeddings."""

from microface.photos.prepare.recipe import Recipe
from microface.photos.prepare.run import prepare

__all__ = ["Recipe", "prepare"]
