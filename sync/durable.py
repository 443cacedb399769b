"""Files that survive a power cut: their content, and the names they have."""

import os
from pathlib import Path


def sync_file(file: Path) -> None:
    """Return once the content of ``file`` is on the disk."""
    with file.open("rb+") as content:
        os.fsync(content.fileno())


def sync_folder(folder: Path) -> None:
    """Return once the names in ``folder`` are on the disk."""
    if os.name == "nt":
        return  # NTFS journals names; there is no folder to open.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(file: Path, content: bytes) -> None:
    """Write ``file`` anew, whole or not at all."""
    draft = file.with_name(f"{file.name}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    sync_folder(file.parent)
