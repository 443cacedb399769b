"""What is packed comes back whole; what is cut, spoiled or a bomb is refused before it takes any room."""

import gzip

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sync.wire.packing import BrokenPackError, Encoding, TooLargeError, pack, unpack, unpack_first

LIMIT = 1_000_000
ENCODINGS = pytest.mark.parametrize("encoding", list(Encoding))


@given(st.binary(max_size=5000), st.sampled_from(Encoding))
def test_it_comes_back_whole(raw: bytes, encoding: Encoding) -> None:
    assert unpack(pack(raw, encoding), encoding, LIMIT) == raw


@ENCODINGS
def test_of_two_pieces_the_first_is_told_from_the_rest(encoding: Encoding) -> None:
    first, second = pack(b"first", encoding), pack(b"second", encoding)
    assert unpack_first(first + second, encoding, LIMIT) == (b"first", second)
    with pytest.raises(BrokenPackError):
        unpack(first + second, encoding, LIMIT)


@ENCODINGS
def test_what_is_cut_off_anywhere_is_refused(encoding: Encoding) -> None:
    packed = pack(bytes(range(256)) * 4, encoding)
    for length in range(len(packed)):
        with pytest.raises(BrokenPackError):
            unpack(packed[:length], encoding, LIMIT)


@ENCODINGS
def test_a_bomb_is_refused(encoding: Encoding) -> None:
    with pytest.raises(TooLargeError):
        unpack(pack(bytes(50_000_000), encoding), encoding, LIMIT)


def test_a_frame_that_does_not_say_its_size_could_be_a_bomb() -> None:
    silent = zstandard.ZstdCompressor(write_content_size=False).compress(b"how much?")
    with pytest.raises(TooLargeError):
        unpack(silent, Encoding.ZSTD, LIMIT)


@ENCODINGS
def test_what_is_something_else_is_refused(encoding: Encoding) -> None:
    for raw in (b"", b"<html>", gzip.compress(b"x")[:4]):
        with pytest.raises(BrokenPackError):
            unpack(raw, encoding, LIMIT)
