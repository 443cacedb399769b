"""Make the sounds of the alarm: ``python -m desktop.alarm.tones`` writes ``resources/sounds``.

Plain sine tones with soft edges, so that cheap speakers carry them. Step 1 to 3 is louder each time; *live* has
a melody of its own that goes up and down without rest.
"""

import math
import struct
import wave
from pathlib import Path

from sync import resources

RATE = 22_050
EDGE_S = 0.008
LOUDNESS = {1: 0.35, 2: 0.65, 3: 0.98}
# Hertz and seconds; 0 Hz is silence.
ALERT = [(880.0, 0.18), (0.0, 0.07), (880.0, 0.18), (0.0, 0.07), (1175.0, 0.32)]
LIVE = [(1320.0, 0.12), (990.0, 0.12)] * 4 + [(1480.0, 0.3)]


def samples(melody: list[tuple[float, float]], loudness: float) -> bytes:
    """The melody as 16-bit mono."""
    made = bytearray()
    for hertz, seconds in melody:
        count = int(seconds * RATE)
        for n in range(count):
            edge = min(1.0, n / (EDGE_S * RATE), (count - n) / (EDGE_S * RATE))
            value = math.sin(2 * math.pi * hertz * n / RATE) + 0.3 * math.sin(4 * math.pi * hertz * n / RATE)
            made += struct.pack("<h", int(value / 1.3 * edge * loudness * 32_000))
    return bytes(made)


def write(folder: Path) -> None:
    """All six files into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, melody in (("alert", ALERT), ("live", LIVE)):
        for step, loudness in LOUDNESS.items():
            with wave.open(str(folder / f"{name}-{step}.wav"), "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes(samples(melody, loudness))


if __name__ == "__main__":
    write(resources.path("sounds"))
