# SPDX-License-Identifier: BSD-3-Clause
"""Distance between processes of one machine: relays that pass every byte on late. Not every kernel has netem."""

import asyncio
import threading

CHUNK = 65536


class Relay:
    """What connects to port reaches target, and its bytes arrive delay_s later, as do those that come back."""

    def __init__(self, distance, port, target):
        self.port = port
        self.target = target
        self._distance = distance
        self._open = asyncio.Event()
        self._open.set()
        self._tasks = set()
        self._server = None

    async def listen(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def close(self):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self):
        """Nothing arrives any more, and no connection breaks."""
        self._distance.call(self._open.clear)

    def heal(self):
        """What was under way arrives now."""
        self._distance.call(self._open.set)

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # refused by the target, or the end of the test
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _serve(self, reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        finally:
            back.close()

    async def _pass_on(self, reader, writer):
        queue = asyncio.Queue()
        receiver = asyncio.create_task(self._receive(reader, queue))
        clock = asyncio.get_running_loop().time
        try:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(due - clock())
                await self._open.wait()
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        finally:
            receiver.cancel()

    async def _receive(self, reader, queue):
        clock = asyncio.get_running_loop().time
        data = True
        while data:
            try:
                data = await reader.read(CHUNK)
            except OSError:
                data = b""
            queue.put_nowait((clock() + self._distance.delay_s, data))


class Distance:
    """All relays of a test, in one thread. A round trip takes 2 * delay_s."""

    def __init__(self, ports, delay_s):
        self.delay_s = delay_s
        self._ports = ports
        self._relays = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def to(self, target):
        """A new relay to that port."""
        relay = Relay(self, self._ports.take(), target)
        self._wait(relay.listen())
        self._relays.append(relay)
        return relay

    def call(self, function):
        async def run():
            function()
        self._wait(run())

    def close(self):
        for relay in self._relays:
            self._wait(relay.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def _wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)
