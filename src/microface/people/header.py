"""`embeddings.h`: the gallery as a constant of C, for applications that keep it in their program."""

from collections.abc import Iterator

from microface.people.gallery import Gallery
from microface.people.image import to_image

_WARNING = "Templates of real people are biometric data: keep this file as private as their photos."


def embeddings_header(gallery: Gallery) -> str:
    """Return the text of `embeddings.h`: people and templates to read, and the image that mf_gallery_write takes."""
    lines = [
        f"/* People enrolled with the model {gallery.model}: made by microface. {_WARNING} */",
        "#ifndef MF_EMBEDDINGS_H",
        "#define MF_EMBEDDINGS_H",
        "",
        "#include <stdint.h>",
        "",
        f"#define MF_EMBEDDINGS_PEOPLE {len(gallery)}",
        f"#define MF_EMBEDDINGS_TEMPLATES {len(gallery.templates)}",
        f"#define MF_EMBEDDINGS_DIMENSIONS {gallery.dimensions}",
        f"#define MF_EMBEDDINGS_THRESHOLD INT32_C({max(gallery.threshold, 1 - 2**31)})",
        "",
        *_people(gallery),
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def _people(gallery: Gallery) -> Iterator[str]:
    if not len(gallery):
        return
    names = ", ".join(_string(name) for name in gallery.names)
    yield f"static const char *const mf_embeddings_names[MF_EMBEDDINGS_PEOPLE] = {{{names}}};"
    photos = ", ".join(str(n) for n in gallery.photos)
    yield f"static const uint32_t mf_embeddings_photos[MF_EMBEDDINGS_PEOPLE] = {{{photos}}};"
    yield ""
    yield "/* Person by person, one row per photo. */"
    yield "static const int8_t mf_embeddings[MF_EMBEDDINGS_TEMPLATES][MF_EMBEDDINGS_DIMENSIONS] = {"
    for person in gallery:
        yield f"    /* {person.name.replace('/', ' ')} */"
        yield from (f"    {{{', '.join(map(str, row))}}}," for row in person.templates.tolist())
    yield "};"
    yield ""
    yield from _image(to_image(gallery))


def _image(data: bytes) -> Iterator[str]:
    yield "/* The whole gallery with its threshold, for mf_gallery_write. */"
    yield f"static const uint8_t mf_embeddings_image[{len(data)}] = {{"
    for start in range(0, len(data), 24):
        yield f"    {', '.join(str(byte) for byte in data[start : start + 24])},"
    yield "};"
    yield ""


def _string(text: str) -> str:
    """Return `text` as a string of C: printable ASCII as it is, every other byte as three octal digits."""
    plain = "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode())
    return f'"{plain}"'
