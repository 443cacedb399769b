"""Saying no to a request: one of the answers of `sync.wire.errors`, raised where the rule stands."""

from sync.wire.errors import Code


class ProblemError(Exception):
    """The request cannot be met; `sync.central.http` turns this into a `Problem` and its status."""

    def __init__(self, code: Code, *, expected: int | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.expected = expected
        # Set when the caller sends more than it may: the answer is then 429.
        self.retry_after_s = retry_after_s
