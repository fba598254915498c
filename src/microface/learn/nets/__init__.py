"""Networks in torch, one file per family, in a form that lowers to an integer network exactly."""

from microface.learn.nets import facenet as _facenet  # noqa: F401
from microface.learn.nets import mobilenet_v2 as _mobilenet_v2  # noqa: F401
from microface.learn.nets.registry import Family, build, family, names, options_of

__all__ = ["Family", "build", "family", "names", "options_of"]
