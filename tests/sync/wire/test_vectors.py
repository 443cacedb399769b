"""The byte-exact examples for whoever writes a client in another language are what this program computes."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.case import entry
from sync.wire import chain, page
from sync.wire.chain import Owner
from sync.wire.heartbeat import command_bytes, sign_command
from sync.wire.messages import Changes, Push, token_challenge
from sync.wire.rejoin import Offer

VECTORS = Path(__file__).parents[2] / "vectors"


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_bytes())


def private(vector: dict[str, Any]) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["private_key"]))
    assert key.public_key().public_bytes_raw().hex() == vector["public_key"]
    return key


@pytest.mark.parametrize("number", [0, 1], ids=["feed", "log"])
def test_chains(number: int) -> None:
    vector = read("chains.json")[number]
    owner = Owner(vector["tag"].encode(), tuple(vector["names"]))
    start = chain.genesis(owner)
    heads = [start, *chain.extend_all(start, [body.encode() for body in vector["bodies"]])]

    assert [head.hash.hex() for head in heads] == [vector["genesis"], *vector["heads"]]
    key = private(vector)
    signed = [chain.sign(key, owner, head, context=vector["context"]).hex() for head in heads]
    assert signed == vector["signatures"]


def test_the_entries_are_ones_kota_reads_and_a_desk_would_write() -> None:
    for body in read("chains.json")[1]["bodies"]:
        assert entry.encode(entry.decode(body.encode())) == body.encode()


def test_tokens_and_commands() -> None:
    vectors = read("signatures.json")
    token, command = vectors["token"], vectors["command"]
    challenge = token_challenge(token["device"], token["incarnation"], token["nonce"])
    assert challenge.hex() == token["signed_bytes"]
    assert private(token).sign(challenge).hex() == token["signature"]

    about = [command[name] for name in ("device", "id", "kind", "epoch")]
    assert command_bytes(*about).hex() == command["signed_bytes"]
    assert sign_command(private(command), *about).signature == command["signature"]


@pytest.mark.parametrize(("number", "shape"), [(0, Changes), (1, Push), (2, Offer)])
def test_pages(number: int, shape: type[Changes | Push | Offer]) -> None:
    vector = read("pages.json")[number]
    raw = bytes.fromhex(vector["bytes"])
    header, bodies = page.split(raw, shape)
    assert page.join(header, bodies) == raw
    assert json.loads(raw.split(b"\n")[0]) == vector["header"]
    assert header.upto - header.after == len(bodies)
