"""A chain shows any hole, swap or changed byte, and no two owners share one."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.wire import chain

bodies = st.lists(st.binary(max_size=40), min_size=1, max_size=8)


def head_of(owner: chain.Owner, lines: list[bytes]) -> chain.Head:
    return chain.extend_all(chain.genesis(owner), lines)[-1]


def test_heads_stay_what_every_stored_chain_was_built_with() -> None:
    owner = chain.feed_of("JJN")
    start = sha256(b"kota-feed-1\x00JJN").digest()
    first = sha256(start + bytes([0, 0, 0, 0, 0, 0, 0, 1]) + sha256(b"{}").digest())

    assert chain.genesis(owner).hash == start
    assert head_of(owner, [b"{}"]).hash == first.digest()
    assert first.hexdigest() == "e29bb876a5943ef4745405e85062c64df565690cdebaaeeed12ab736891d44d5"


@given(bodies, st.data())
def test_any_change_of_a_body_changes_the_head(lines: list[bytes], data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.binary(max_size=40).filter(lambda body: body != lines[where]))
    changed = [*lines[:where], other, *lines[where + 1 :]]

    assert head_of(chain.feed_of("JJN"), changed) != head_of(chain.feed_of("JJN"), lines)


@given(bodies, st.data())
def test_a_missing_or_doubled_body_changes_the_head(lines: list[bytes], data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(lines) - 1))
    owner = chain.log_of("device", 1)
    whole = head_of(owner, lines)

    assert head_of(owner, [*lines[: where + 1], *lines[where:]]) != whole
    assert chain.extend_all(chain.genesis(owner), [*lines[:where], *lines[where + 1 :]])[-1:] != [whole]


@given(bodies, st.integers(1, 7))
def test_a_chain_may_be_extended_in_any_portions(lines: list[bytes], cut: int) -> None:
    owner = chain.feed_of("JJN")
    first = chain.extend_all(chain.genesis(owner), lines[:cut])
    rest = chain.extend_all(first[-1] if first else chain.genesis(owner), lines[cut:])

    assert first + rest == chain.extend_all(chain.genesis(owner), lines)


def test_owners_never_share_a_chain() -> None:
    owners = [
        chain.feed_of("JJN"),
        chain.feed_of("JJ"),
        chain.log_of("JJN", 1),
        chain.log_of("JJN", 11),
        chain.log_of("JJN1", 1),
    ]

    assert len({chain.genesis(owner).hash for owner in owners}) == len(owners)


def test_a_signature_holds_for_its_owner_number_head_and_context_only() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    owner, head = chain.feed_of("JJN"), head_of(chain.feed_of("JJN"), [b"a", b"b"])
    signature = chain.sign(key, owner, head, context="epoch")

    def holds(owner: chain.Owner, head: chain.Head, context: str) -> bool:
        return chain.signed_by(key.public_key(), owner, head, signature, context=context)

    assert holds(owner, head, "epoch")
    assert not holds(chain.feed_of("KOT-C"), head, "epoch")
    assert not holds(owner, chain.Head(3, head.hash), "epoch")
    assert not holds(owner, chain.Head(2, bytes(32)), "epoch")
    assert not holds(owner, head, "another epoch")
