"""A Kota in one process for tests: the real rooms, database and web application, under a world the test owns."""

import hashlib
import hmac
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync import resources
from sync.case import entry
from sync.case.entry import Acknowledgement, Entry, EntryData, Stamp
from sync.case.unit import Officer
from sync.central import enrolment
from sync.central.home import Home
from sync.central.running import Running, running
from sync.central.settings import EMBEDDED, Address, Listen
from sync.central.webhook_secrets import WebhookSecrets
from sync.wire import page
from sync.wire.chain import Head, extend, extend_all, feed_of, genesis, log_of, sign, signed_by
from sync.wire.messages import Changes, Enrol, Enrolled, Event, Prove, Push, Pushed, token_challenge
from sync.world import new_id

START_MS = 1_790_000_000_000
BASE = "https://kota.test"


class OwnWorld:
    """A world whose clock stands still until moved, and whose chance is the same in every run."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self._drawn = 0

    def wall_ms(self) -> int:
        return self.now_ms

    def offset_min(self) -> int:
        return 330

    def mono_ms(self) -> int:
        return self.now_ms

    def boot(self) -> str:
        return "boot"

    def chance(self, count: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_128(self._drawn.to_bytes(8)).digest(count)


def new_address() -> Address:
    """Where the database of the next Kota is to be; `both_databases` says otherwise."""
    return EMBEDDED


def copy_of(address: str) -> str:
    """The address of a copy of that database: a file is copied with its folder; `both_databases` knows the other."""
    return address


def back_up(folder: Path, backup: Path) -> None:
    """Copy a Kota that is not running."""
    shutil.copytree(folder, backup)
    address = Home(backup).settings().database
    settings = backup / "kota.toml"
    settings.write_text(settings.read_text().replace(address, copy_of(address)))


def create(home: Home, world: OwnWorld) -> None:
    home.create(("kota.test",), Listen("127.0.0.1", 8443), resources.units(), world, new_address())


class Stage:
    """A running Kota, with hands: Meta's, an administrator's, and those of any number of desks."""

    def __init__(self, home: Home, world: OwnWorld, kota: Running, client: httpx.AsyncClient) -> None:
        self.home = home
        self.world = world
        self.kota = kota
        self.client = client

    async def report(self, body: dict[str, Any] | bytes, *, signature: bytes | None = None) -> httpx.Response:
        """Send a report as Meta does, or with another signature."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        own = (
            b"sha256="
            + hmac.new(WebhookSecrets(self.home).live()[0], raw, hashlib.sha256).hexdigest().encode()
        )
        headers = {b"X-Hub-Signature-256": own if signature is None else signature}
        return await self.client.post("/v1/intake/meta", content=raw, headers=headers)

    async def alert(self, body: dict[str, Any]) -> str:
        """Send a report; the number it got."""
        answer = await self.report(body)
        assert answer.status_code == 200, answer.text
        number: str = answer.json()["alert"]
        return number

    async def code(self, unit: str, *, minutes: int = 60) -> str:
        expires = self.world.now_ms + minutes * 60_000
        return await self.kota.store.write(lambda c: enrolment.make_code(c, unit, expires, self.world))

    async def desk(self, unit: str) -> "StageDesk":
        """A newly enrolled desk of ``unit`` with a token."""
        desk = StageDesk(self, unit)
        answer = await desk.enrol(await self.code(unit))
        assert answer.status_code == 200, answer.text
        desk.enrolled = msgspec.json.decode(answer.content, type=Enrolled)
        desk.head = genesis(log_of(desk.enrolled.device, 1))
        await desk.sign_on()
        return desk


@asynccontextmanager
async def stage(folder: Path, world: OwnWorld | None = None) -> AsyncIterator[Stage]:
    """A Kota in ``folder``, which is made unless it is there."""
    world = world or OwnWorld()
    home = Home(folder)
    if not home.exists():
        create(home, world)
    async with running(home, world) as kota:
        transport = httpx.ASGITransport(kota.app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            yield Stage(home, world, kota, client)


class StageDesk:
    """One desk at the protocol: a key, a log, and the head of its feed."""

    enrolled: Enrolled

    def __init__(self, stage: Stage, unit: str) -> None:
        self.stage = stage
        self.unit = unit
        self.key = Ed25519PrivateKey.from_private_bytes(stage.world.chance(32))
        self.token = ""
        self.head = genesis(log_of("", 1))
        self.feed = genesis(feed_of(unit))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def device(self) -> str:
        return self.enrolled.device

    def public_key(self) -> str:
        return self.key.public_key().public_bytes_raw().hex()

    async def enrol(self, code: str, **changed: Any) -> httpx.Response:
        enrol = Enrol(code=code, public_key=self.public_key(), name="pc-1")
        body = msgspec.to_builtins(enrol) | changed
        return await self.stage.client.post("/v1/enrol", json=body)

    async def prove(self, **changed: Any) -> httpx.Response:
        nonce = (await self.stage.client.get("/v1/hello")).json()["nonce"]
        signature = self.key.sign(token_challenge(self.device, 1, nonce)).hex()
        prove = Prove(device=self.device, incarnation=1, nonce=nonce, signature=signature)
        return await self.stage.client.post("/v1/token", json=msgspec.to_builtins(prove) | changed)

    async def sign_on(self) -> None:
        answer = await self.prove()
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["token"]

    async def ask(self, **changed: Any) -> httpx.Response:
        """Ask for changes beyond what this desk holds."""
        asked: dict[str, Any] = {"after": self.feed.number, "head": self.feed.hash.hex()} | changed
        unit = asked.pop("unit", self.unit)
        return await self.stage.client.get(
            f"/v1/feeds/{unit}/changes", params=asked, headers=self.headers, timeout=30
        )

    async def pull(self, **changed: Any) -> list[Event]:
        """Take one page, checked as a desk must: contiguous, chained, signed."""
        answer = await self.ask(**changed)
        assert answer.status_code == 200, answer.text
        header, bodies = page.split(answer.content, Changes)
        heads = extend_all(self.feed, bodies)
        head = heads[-1] if heads else self.feed
        assert (header.after, header.upto, header.head) == (self.feed.number, head.number, head.hash.hex())
        kota_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.enrolled.kota_key))
        signature = bytes.fromhex(header.signature)
        assert signed_by(kota_key, feed_of(self.unit), head, signature, context=header.epoch)
        self.feed = head
        return [msgspec.json.decode(body, type=Event) for body in bodies]

    def entry(self, alert: str, data: EntryData | None = None, *, entry_id: str | None = None) -> bytes:
        world = self.stage.world
        stamp = Stamp(world.wall_ms(), 330, "boot", 0)
        made = Entry(
            1, entry_id or new_id(world), alert, 0, Officer("o-1", "A"), stamp, data or Acknowledgement()
        )
        return entry.encode(made)

    def page(self, bodies: list[bytes], *, beyond: Head | None = None, **changed: Any) -> bytes:
        """A signed push of ``bodies`` after ``beyond`` (else beyond what Kota confirmed); ``changed`` spoils its header."""
        head = beyond or self.head
        first = head.number
        for body in bodies:
            head = extend(head, body)
        signature = sign(self.key, log_of(self.device, 1), head)
        header = Push(
            device=self.device,
            incarnation=1,
            epoch=self.enrolled.epoch,
            after=first,
            upto=head.number,
            head=head.hash.hex(),
            signature=signature.hex(),
        )
        return page.join(msgspec.structs.replace(header, **changed), bodies)

    async def post(self, raw: bytes) -> httpx.Response:
        return await self.stage.client.post("/v1/entries", content=raw, headers=self.headers)

    async def push(self, *bodies: bytes) -> Pushed:
        """Push the next entries of the log."""
        answer = await self.post(self.page(list(bodies)))
        assert answer.status_code == 200, answer.text
        self.head = extend_all(self.head, bodies)[-1]
        return msgspec.json.decode(answer.content, type=Pushed)


def report_at(
    lat: float | None, lon: float | None, reference: str = "REF-1", **changed: Any
) -> dict[str, Any]:
    """An exercise report of an invented person with one location hypothesis."""
    samples = json.loads(resources.path("data", "sample-alerts.json").read_text(encoding="utf-8"))
    body: dict[str, Any] = samples["examples"][0]
    body["source"]["reference"] = reference
    body["locations"] = [{"kind": "device", "lat": lat, "lon": lon, "accuracy_m": 20}]
    return body | changed


JHUNJHUNU = (28.1296, 75.3991)
KOTA_CITY = (25.1803, 75.8452)
