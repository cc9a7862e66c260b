"""A connection to a server, as small as measuring allows: commands, replies, pipelines of known replies."""

import socket


def encode(*args):
    """The bytes of one command. Numbers and text become bytes first."""
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        if not isinstance(arg, bytes):
            arg = str(arg).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(arg), arg))
    return b"".join(parts)


class ReplyError(Exception):
    """The server answered with an error."""


class Client:
    """One blocking connection."""

    def __init__(self, port, timeout=600):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb", buffering=1 << 16)

    def close(self):
        self.reader.close()
        self.socket.close()

    def call(self, *args):
        self.socket.sendall(encode(*args))
        return self.read()

    def read(self):
        """One reply: bytes, int, list or None; an error is raised."""
        line = self.reader.readline()
        if not line:
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"-":
            raise ReplyError(rest.decode())
        if kind == b"$":
            if rest == b"-1":
                return None
            return self.reader.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        raise ValueError(f"not a reply: {line!r}")

    def info(self, section="everything"):
        """The fields of INFO as a dictionary of text."""
        text = self.call("INFO", section).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def stream(self, batches):
        """Sends `(bytes, replies)` pairs, one batch ahead of the replies, which must be lines without an error."""
        waiting = 0
        for data, replies in batches:
            self.socket.sendall(data)
            self._take_lines(waiting)
            waiting = replies
        self._take_lines(waiting)

    def _take_lines(self, count):
        for _ in range(count):
            line = self.reader.readline()
            if line[:1] not in (b"+", b":"):
                raise ReplyError(line.decode(errors="replace"))
