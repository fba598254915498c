"""Preparation: collections of photos become a data set of crops with the teacher's embeddings."""

from microface.photos.prepare.pool import Workers
from microface.photos.prepare.recipe import Recipe
from microface.photos.prepare.run import Effort, Source, prepare

__all__ = ["Effort", "Recipe", "Source", "Workers", "prepare"]
