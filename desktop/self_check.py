"""Whether this installation can do its work on a screen too: the desk's own checks, then fonts and sounds.

Needs no screen, no home and no link, and changes nothing; this is what a frozen build must pass before it is shipped.
"""

import os
import sys
import wave

import msgspec
from PySide6.QtGui import QGuiApplication, QTextLayout

from desktop.shell import theme
from sync import resources
from sync.desk.self_check import Check, checks
from sync.world import World

# Three letters that must join into one shape; without the font, or without shaping, they are three boxes.
JOINED = "क्ष"


def main(world: World, *, as_json: bool) -> int:
    """Print every check; 0 if all are well."""
    done = [*checks(world), _fonts(), _sounds()]
    well = all(check.ok for check in done)
    if as_json:
        answer = msgspec.json.encode({"ok": well, "checks": done}).decode()
    else:
        answer = "\n".join(
            f"{'ok    ' if check.ok else 'FAILED'} {check.name}: {check.detail}" for check in done
        )
    sys.stdout.write(answer + "\n")
    return 0 if well else 1


def _fonts() -> Check:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    running = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    try:
        theme.load_fonts()
    except theme.FontMissingError as error:
        return Check("fonts", ok=False, detail=str(error))
    layout = QTextLayout(JOINED, theme.font())
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    runs = layout.glyphRuns()
    glyphs = sum(len(run.glyphIndexes()) for run in runs)
    families = sorted({run.rawFont().familyName() for run in runs})
    del running
    well = glyphs == 1 and families == [theme.FAMILY]
    return Check("fonts", ok=well, detail=f"{JOINED} is {glyphs} glyph of {', '.join(families)}")


def _sounds() -> Check:
    files = sorted(resources.path("sounds").glob("*.wav"))
    try:
        seconds = []
        for file in files:
            with wave.open(str(file)) as sound:
                seconds.append(sound.getnframes() / sound.getframerate())
    except (wave.Error, EOFError) as error:
        return Check("sounds", ok=False, detail=str(error))
    return Check("sounds", ok=len(files) == 6 and min(seconds) > 0.3, detail=f"{len(files)} files")
