"""What frames every room: the main window, the truth strip, theme, language and keys."""
