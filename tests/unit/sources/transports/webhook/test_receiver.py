"""A webhook over real sockets: nothing is acknowledged before it is durable, nothing is taken twice, nothing false is taken at all."""

import asyncio
import gzip
import socket
import sqlite3
from collections import Counter

import pytest

from ingestd.errors import Disconnected, Refused
from ingestd.model import WHOLE
from ingestd.sources.transports.webhook import receiver as module
from tests.unit.sources.transports.webhook.conftest import KEY, NOW, SECRET, Bench, signed


async def until(condition: object) -> None:
    """Wait for what a callable says."""
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


async def test_a_delivery_is_a_frame(bench: Bench) -> None:
    """With its id and type; a session begins with ``opened``, which says that all is known that was ever told."""
    async with bench.open() as session:
        assert (await bench.post(b'{"a":1}', {**signed(b'{"a":1}'), "Content-Type": "application/json"})).status == 200
        await session.renew(WHOLE)
    opened, frame = bench.frames
    assert (opened.kind, opened.epoch, opened.meta) == ("opened", True, {"whole": "1"})
    assert (frame.kind, frame.payload, frame.epoch, frame.token) == ("data", b'{"a":1}', True, "msg_1")
    assert frame.meta == {"id": "msg_1", "type": "application/json"}
    assert bench.receiver.refused == Counter()


async def test_no_receipt_before_the_journal_has_it(bench: Bench) -> None:
    """I1: the answer waits."""
    bench.room.clear()
    async with bench.open():
        posting = asyncio.create_task(bench.post())
        await until(lambda: bench.bodies)
        await asyncio.sleep(0.1)
        assert not posting.done()
        bench.room.set()
        assert (await posting).status == 200


async def test_a_journal_without_room(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 and when to come again; the next try finds the same delivery, and there is one frame."""
    monkeypatch.setattr(module, "ACKNOWLEDGE_WITHIN", 0.1)
    bench.room.clear()
    async with bench.open():
        said = await bench.post()
        assert (said.status, said.text, said.headers["Retry-After"]) == (503, "not_durable", "5")
        assert (await bench.post()).status == 503
        bench.room.set()
        assert (await bench.post()).status == 200
    assert bench.bodies == [b"{}"]
    assert bench.receiver.refused == {"not_durable": 2, "duplicate": 1}


async def test_an_intake_without_room(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody has read is taken back: a sender who was sent away and stays away leaves nothing."""
    monkeypatch.setattr(module, "ACKNOWLEDGE_WITHIN", 0.1)
    async with bench.open():
        await bench.post(b"1", signed(b"1", "a"))
        bench.read.clear()
        await bench.post(b"2", signed(b"2", "b"))
        assert [(await bench.post(b"3", signed(b"3", "c"))).status for _ in range(2)] == [503, 503]
        bench.read.set()
        assert (await bench.post(b"4", signed(b"4", "d"))).status == 200
    assert bench.bodies == [b"1", b"2", b"4"]


async def test_only_so_many_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is sent away at once; senders that never came back for their receipt make room as soon as the journal has."""
    monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(module, "ACKNOWLEDGE_WITHIN", 0.1)
    bench.room.clear()
    async with bench.open():
        assert [(await bench.post(b"", signed(b"", name))).text for name in "ab"] == ["not_durable"] * 2
        said = await bench.post(b"", signed(b"", "c"))
        assert (said.status, said.text, said.headers["Retry-After"]) == (503, "busy", "5")
        bench.room.set()
        await until(lambda: all(delivery.durable.done() for delivery in bench.receiver._under_way.values()))
        assert (await bench.post(b"", signed(b"", "c"))).status == 200
    assert bench.receiver._under_way == {}


async def test_a_delivery_sent_again_is_one_frame(bench: Bench) -> None:
    """At once, later, at the end of the horizon; behind it, it is new."""
    async with bench.open():
        bench.room.clear()
        both = [asyncio.create_task(bench.post()) for _ in range(2)]
        await until(lambda: bench.bodies)
        bench.room.set()
        assert [(await one).status for one in both] == [200, 200]
        bench.clock.seconds += 4 * 86_400
        later = signed(b"{}", at=round(bench.clock.seconds))
        assert (await bench.post(headers=later)).text == "duplicate"
        await bench.post(b"2", signed(b"2", "other", round(bench.clock.seconds)))
        bench.clock.seconds += 1
        await bench.post(b"3", signed(b"3", "third", round(bench.clock.seconds)))
        assert (await bench.post(headers=later)).text == ""
    assert bench.bodies == [b"{}", b"2", b"3", b"{}"]
    assert bench.receiver.refused == {"duplicate": 2}


async def test_ids_outlive_the_process(bench: Bench) -> None:
    """A clean restart: by what is on disk."""
    async with bench.open():
        await bench.post()
    bench.reborn()
    async with bench.open():
        assert (await bench.post()).text == "duplicate"
    assert bench.bodies == [b"{}"]


async def test_a_crash_between_journal_and_memory_makes_no_second_frame(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token of the last durable frame says what may not be on disk; it comes back with the next session."""
    monkeypatch.setattr(module, "ACKNOWLEDGE_WITHIN", 0.1)
    bench.room.clear()
    async with bench.open():
        for name in "abc":
            assert (await bench.post(name.encode(), signed(name.encode(), name))).status == 503
    assert [frame.token for frame in bench.frames] == ["", "a", "a b", "a b c"]
    bench.reborn()
    bench.room.set()
    async with bench.open(bench.frames[2].token):
        assert [(await bench.post(name.encode(), signed(name.encode(), name))).text for name in "abc"] == ["duplicate", "duplicate", ""]
    opened = bench.frames[4]
    assert (opened.kind, opened.epoch, opened.meta) == ("opened", False, {"whole": "1", "resumed": "replay"})
    assert bench.bodies == [b"a", b"b", b"c", b"c"]


async def test_what_became_durable_after_a_session_is_known_to_the_next(bench: Bench) -> None:
    """Told 503 as the session went; the frame was on its way all the same."""
    bench.room.clear()
    async with bench.open() as session:
        posting = asyncio.create_task(bench.post())
        await until(lambda: bench.bodies)
    assert (await posting).status == 503
    session.durable(bench.frames)
    async with bench.open():
        assert (await bench.post()).text == "duplicate"
    assert bench.bodies == [b"{}"]


BODY = b'{"odds":1.5}'
GOOD = signed(BODY)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "unsigned"),
        ({name: value for name, value in GOOD.items() if name != "webhook-id"}, "unsigned"),
        ({**GOOD, "webhook-id": "a b"}, "unsigned"),
        ({**GOOD, "webhook-id": "x" * 257}, "unsigned"),
        ({**GOOD, "webhook-timestamp": "now"}, "unsigned"),
        ({**GOOD, "webhook-timestamp": "9" * 40}, "unsigned"),
        (signed(BODY, at=NOW - 301), "stale"),
        (signed(BODY, at=NOW + 301), "stale"),
        ({**GOOD, "webhook-id": "msg_2"}, "signature"),
        ({**GOOD, "webhook-timestamp": str(NOW - 1)}, "signature"),
        ({**GOOD, "webhook-signature": GOOD["webhook-signature"].replace("v1,", "v2,")}, "signature"),
        ({**GOOD, "webhook-signature": "v1,"}, "signature"),
        ({**GOOD, "webhook-signature": "v1,ü"}, "signature"),
        (signed(BODY, key=b"another"), "signature"),
        (signed(BODY + b" "), "signature"),
    ],
)
async def test_what_is_not_proven_is_refused(bench: Bench, headers: dict[str, str], reason: str) -> None:
    """401, counted by its reason, and no frame."""
    async with bench.open():
        said = await bench.post(BODY, headers)
        assert (said.status, said.text) == (401, reason)
    assert (bench.bodies, bench.receiver.refused) == ([], {reason: 1})


@pytest.mark.parametrize("off", [-300, 300])
async def test_the_tolerance_ends_exactly_where_it_says(bench: Bench, off: int) -> None:
    """Both ends are inside; a microsecond further is outside."""
    async with bench.open():
        assert (await bench.post(headers=signed(b"{}", at=NOW + off))).status == 200
        bench.clock.seconds -= off / 300 * 1e-6
        assert (await bench.post(headers=signed(b"{}", "b", NOW + off))).text == "stale"


async def test_two_secrets_while_one_is_replaced(bench: Bench) -> None:
    """Either signs, alone or in a list; a raw secret signs as it is."""
    bench.options["secrets"] = (SECRET, "raw secret")
    bench.reborn()
    old, new = signed(b"{}", "a"), signed(b"{}", "a", key=b"raw secret")
    many = {**old, "webhook-signature": f"v1a,xyz {new['webhook-signature']} v1,AAAA"}
    async with bench.open():
        assert [(await bench.post(headers=headers)).status for headers in (old, new, many)] == [200] * 3
        assert (await bench.post(headers=signed(b"{}", key=KEY[:-1]))).status == 401


@pytest.mark.parametrize(
    ("path", "method", "status", "reason"),
    [("/other", "POST", 404, "path"), ("", "GET", 405, "method"), ("", "PUT", 405, "method"), ("/", "POST", 404, "path")],
)
async def test_a_wrong_door(bench: Bench, path: str, method: str, status: int, reason: str) -> None:
    """Path and method are told apart."""
    async with bench.open():
        said = await bench.post(path=path, method=method)
        assert (said.status, said.text) == (status, reason)
        assert ("Allow" in said.headers) == (status == 405)
    assert bench.receiver.refused == {reason: 1}


async def test_a_body_too_large(bench: Bench) -> None:
    """As it says itself, as it comes, or as it unpacks: memory stays. Exactly the limit is taken."""
    bench.options["max_body"] = "64KiB"
    bench.reborn()
    large, bomb = b"x" * 65_537, gzip.compress(bytes(1 << 24))
    async with bench.open():
        assert (await bench.post(large)).status == 413
        assert (await bench.post(bomb, {**signed(bomb), "Content-Encoding": "gzip"})).status == 413
        assert await raw(bench, b"Transfer-Encoding: chunked\r\n\r\n10001\r\n" + large) == 413
        assert (await bench.post(large[:-1])).status == 200
    assert bench.receiver.refused == {"too_large": 3}
    assert bench.bodies == [large[:-1]]


async def test_a_packed_body(bench: Bench) -> None:
    """What was signed is what was packed; what cannot be unpacked is broken."""
    packed = gzip.compress(BODY)
    async with bench.open():
        assert (await bench.post(packed, {**GOOD, "Content-Encoding": "gzip"})).status == 200
        assert (await bench.post(packed[:-12] + bytes(8), {**signed(BODY, "b"), "Content-Encoding": "gzip"})).status == 400
    assert bench.bodies == [BODY]
    assert bench.receiver.refused == {"broken": 1}


async def raw(bench: Bench, rest: bytes, headers: dict[str, str] | None = None) -> int:
    """The status of a request whose end never comes."""
    head = "".join(f"{name}: {value}\r\n" for name, value in (headers or GOOD).items())
    reader, writer = await asyncio.open_connection("127.0.0.1", int(bench.url.split(":")[2].split("/")[0]))
    writer.write(f"POST /odds HTTP/1.1\r\nHost: x\r\n{head}".encode() + rest)
    line = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    return int(line.split()[1])


async def test_a_half_sent_body(bench: Bench) -> None:
    """408 after its time, and its place is free again."""
    bench.options["body_within"] = 0.1
    bench.reborn()
    async with bench.open():
        assert await raw(bench, b"Content-Length: 100\r\n\r\nhalf") == 408
        assert bench.receiver._reading == 0
    assert bench.receiver.refused == {"too_slow": 1}


async def test_unsigned_on_loopback(bench: Bench) -> None:
    """No secrets: whatever comes is taken; an id, where there is one, still makes one frame."""
    bench.options["secrets"] = ()
    bench.reborn()
    async with bench.open():
        sent = [{}, {}, {"webhook-id": "a"}, {"webhook-id": "a"}, {"webhook-id": "no id"}]
        assert [(await bench.post(headers=headers)).status for headers in sent] == [200] * 5
    assert [frame.token for frame in bench.frames] == ["", "", "", "a", ""]
    assert bench.receiver.refused == {"duplicate": 1}


async def test_an_address_that_is_taken(bench: Bench) -> None:
    """Worth another try; an address that is not ours is not."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bench.options["port"] = taken.getsockname()[1]
        with pytest.raises(Disconnected, match=r"address: somebody else listens on 127\.0\.0\.1"):
            async with bench.reborn().connect(""):
                pass
    bench.options["host"] = "192.0.2.1"
    with pytest.raises(Refused, match="choose an address of this machine"):
        async with bench.reborn().connect(""):
            pass


async def test_a_disk_that_will_not_keep_ids(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not acknowledged; once it will, the same delivery is."""
    async with bench.open():
        assert bench.receiver._open is not None
        memory = bench.receiver._open.memory

        async def full(deliveries: list[str], now: int) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(memory, "remember", full)
            assert (await bench.post()).status == 503
        assert (await bench.post()).status == 200
    assert bench.bodies == [b"{}"]
