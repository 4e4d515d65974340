"""Send one request again and again as fast as the machine allows, as a process of its own."""

import asyncio
import sys
from collections import Counter

_CONNECTIONS = 100


async def flood(port: int, count: int, request: bytes) -> Counter[int]:
    """Keep many connections busy until there are so many answers; count them by status."""
    seen: Counter[int] = Counter()

    async def one() -> None:
        while seen.total() < count:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            try:
                while seen.total() < count:
                    writer.write(request)
                    head = await reader.readuntil(b"\r\n\r\n")
                    seen[int(head.split()[1])] += 1
                    length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                    await reader.readexactly(int(length or b"0"))
            except (ConnectionError, asyncio.IncompleteReadError):
                continue
            finally:
                writer.close()

    await asyncio.gather(*(one() for _ in range(_CONNECTIONS)))
    return seen


def main() -> None:
    """Read port, count and request from the command line, and print what came back."""
    port, count, request = sys.argv[1:]
    seen = asyncio.run(flood(int(port), int(count), bytes.fromhex(request)))
    print(*(f"{status}:{number}" for status, number in sorted(seen.items())))


if __name__ == "__main__":
    main()
