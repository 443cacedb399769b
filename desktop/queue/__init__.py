"""The queue: every alert of the desk, the most urgent first."""
