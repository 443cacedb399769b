"""The door for desks and platforms: a file per theme, each a few handlers without rules of their own."""
