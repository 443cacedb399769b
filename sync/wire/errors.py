"""What Kota may answer instead of what was asked for.

    401  token_needed        ask for a token and try again        the outbox stays as it is
    403  device_revoked      this PC was struck off               say so; keep everything
         not_your_feed       another unit's feed
    404  unknown_code        no such enrolment code
         no_snapshot         none of this feed                    read it by pages
         unknown_call        no such address, or not so (405)     this Kota is older: do without
    409  code_used           the code enrolled another PC
         head_mismatch       feed or log of the two ends differ   stop this loop and say so; never overwrite
         log_gap             entries are missing in between       send from ``expected``
         log_fork            Kota holds other entries under       begin a new incarnation and send under it
                             these numbers: a copied disk         all that is not delivered, with the same ids
         epoch_changed       Kota was restored from a backup
    410  code_expired        ask Kota for a new one
    412  snapshot_changed    another snapshot took its place      begin with the new one
    413  too_large           send fewer
    422  unreadable          the envelope is wrong: our mistake
    426  update_needed       entries of this version are too old  entries wait for the update; feeds go on
    429, 503                 wait and try again

None of them is ever an outcome for an entry; outcomes stand in `Pushed`. The body is `Problem` as JSON.
"""

from enum import StrEnum

from msgspec import Struct


class Code(StrEnum):
    """The names of the answers above."""

    TOKEN_NEEDED = "token_needed"  # noqa: S105  # not a secret
    DEVICE_REVOKED = "device_revoked"
    NOT_YOUR_FEED = "not_your_feed"
    UNKNOWN_CODE = "unknown_code"
    NO_SNAPSHOT = "no_snapshot"
    UNKNOWN_CALL = "unknown_call"
    SNAPSHOT_CHANGED = "snapshot_changed"
    CODE_USED = "code_used"
    CODE_EXPIRED = "code_expired"
    HEAD_MISMATCH = "head_mismatch"
    LOG_GAP = "log_gap"
    LOG_FORK = "log_fork"
    EPOCH_CHANGED = "epoch_changed"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    UPDATE_NEEDED = "update_needed"
    BUSY = "busy"


STATUS: dict[Code, int] = {
    Code.TOKEN_NEEDED: 401,
    Code.DEVICE_REVOKED: 403,
    Code.NOT_YOUR_FEED: 403,
    Code.UNKNOWN_CODE: 404,
    Code.NO_SNAPSHOT: 404,
    Code.UNKNOWN_CALL: 404,
    Code.SNAPSHOT_CHANGED: 412,
    Code.CODE_USED: 409,
    Code.CODE_EXPIRED: 410,
    Code.HEAD_MISMATCH: 409,
    Code.LOG_GAP: 409,
    Code.LOG_FORK: 409,
    Code.EPOCH_CHANGED: 409,
    Code.TOO_LARGE: 413,
    Code.UNREADABLE: 422,
    Code.UPDATE_NEEDED: 426,
    Code.BUSY: 503,
}


class Problem(Struct, frozen=True, kw_only=True):
    """The body of every answer that is not 2xx."""

    epoch: str
    server_ms: int
    error: Code
    # For `LOG_GAP`: the number Kota expects next. For `HEAD_MISMATCH` and `LOG_FORK`: the last number Kota holds.
    expected: int | None = None
