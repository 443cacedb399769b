"""Before the first day: this PC is not enrolled yet, or its alerts cannot be opened."""
