"""Where an enrolment file may lie: a USB stick, the desktop, the downloads. Only looked for by name, never opened."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QStandardPaths, QStorageInfo

SUFFIX = ".enrol"
PLACES = (
    QStandardPaths.StandardLocation.DesktopLocation,
    QStandardPaths.StandardLocation.DownloadLocation,
    QStandardPaths.StandardLocation.HomeLocation,
)


def invitations() -> list[Path]:
    """Every enrolment file in the top folder of a drive, or where people keep files."""
    return sorted({file for folder in _folders() for file in _in(folder)})


def _folders() -> Iterator[Path]:
    for place in PLACES:
        yield from (Path(folder) for folder in QStandardPaths.standardLocations(place))
    for drive in QStorageInfo.mountedVolumes():
        if drive.isReady():
            yield Path(drive.rootPath())


def _in(folder: Path) -> list[Path]:
    try:
        return [file.resolve() for file in folder.iterdir() if file.suffix == SUFFIX and file.is_file()]
    except OSError:
        # A drive that was pulled out, or a folder that is not ours to read: nothing to offer from there.
        return []
