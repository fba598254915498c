"""Networks in torch, one file per family, in a form that lowers to an integer network exactly.

Every module of this folder is imported here, so a new family is one new file.
"""

import importlib
import pkgutil

from microface.learn.nets.registry import Family, NetworkOptions, build, family, names, options_of
from microface.learn.nets.size import Size, empty_size

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["Family", "NetworkOptions", "Size", "build", "empty_size", "family", "names", "options_of"]
