"""A page carries its bodies unchanged, and a cut page is never taken for a whole one."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.wire import page


class Header(msgspec.Struct):
    upto: int
    name: str


line = st.text().map(lambda text: msgspec.json.encode({"text": text}))


@given(st.lists(line, max_size=6), st.text())
def test_bodies_arrive_byte_for_byte(bodies: list[bytes], name: str) -> None:
    header = Header(len(bodies), name)

    assert page.split(page.join(header, bodies), Header) == (header, bodies)


@given(st.lists(line, max_size=6), st.data())
def test_a_page_cut_anywhere_is_broken_or_lacks_bodies(bodies: list[bytes], data: st.DataObject) -> None:
    raw = page.join(Header(len(bodies), "x"), bodies)
    cut = raw[: data.draw(st.integers(0, len(raw) - 1))]

    try:
        header, arrived = page.split(cut, Header)
    except page.BrokenPageError:
        return
    assert len(arrived) < header.upto


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"<html>Sign in to the network</html>\n", b"[]\n", b'{"upto":"x"}\n']
)
def test_what_is_not_a_page_is_said_to_be_broken(raw: bytes) -> None:
    with pytest.raises(page.BrokenPageError):
        page.split(raw, Header)
