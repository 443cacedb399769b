"""The alarm: seen and heard until a named officer acknowledges. Nothing else stops it."""
