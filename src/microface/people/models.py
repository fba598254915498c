"""The model package that a gallery belongs to."""

from microface import models
from microface.errors import UserError
from microface.models import ModelPackage
from microface.people.gallery import Gallery


def package_of(gallery: Gallery, network: str | None = None) -> ModelPackage:
    """Return the package that made `gallery`: `network` (a name or file), or the one whose name the gallery holds."""
    try:
        package = models.load(network or gallery.model)
    except UserError as error:
        if network is not None:
            raise
        raise UserError(gallery.model, "made this gallery and is not found", "add --network FILE.mface") from error
    gallery.require_model(package.model_id)
    return package
