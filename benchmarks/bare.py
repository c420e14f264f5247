"""``python -m benchmarks.bare``: a bare aiohttp server with nothing else to do; answers ``/`` from memory, and ends with its parent.

It says its port on its first line: what a probe of it takes is what any probe takes on this machine at this moment.
"""

import asyncio
import sys
from typing import Final

from aiohttp import web

BODY: Final = b'{"status":"pass"}'


async def answer(_: web.Request) -> web.Response:
    """The least that there is to say."""
    return web.Response(body=BODY, content_type="application/health+json")


async def main() -> None:
    """Serve until standard input ends."""
    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
