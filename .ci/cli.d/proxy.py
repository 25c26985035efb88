#!/usr/bin/env python3
"""Stands between a client and a daemon: writes each request's line into a file, and on demand loses one answer.

proxy.py TARGET_PORT LOG ORDER [COMMAND…]: prints its port. When the file ORDER is there, the next changing request is passed on and its answer
awaited; then COMMAND is run, the order removed, and the connection closed without a word."""

import os, re, socket, subprocess, sys, threading

target, log, order, *command = sys.argv[1:]
LINE = re.compile(rb"^((?:GET|POST|PUT|PATCH|DELETE) /\S*) HTTP/1\.1\r\n", re.M)
BYTES_MAX = 1 << 20  # Of a request: the script sends short ones.


def whole(sock):
    """One message with its body, as far as it has a length; empty when the other side is gone."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < BYTES_MAX:
        piece = sock.recv(1 << 16)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: *(\d+)", head, re.M)
    while length and len(body) < min(int(length[1]), BYTES_MAX):
        piece = sock.recv(1 << 16)
        if not piece:
            return b""
        data, body = data + piece, body + piece
    return data


def serve(client):
    daemon = None
    with client:
        try:
            while request := whole(client):
                line = LINE.match(request)
                with open(log, "ab") as out:
                    out.write((line[1] if line else b"?") + b"\n")
                daemon = daemon or socket.create_connection(("127.0.0.1", int(target)), timeout=30)
                daemon.sendall(request)
                answer = whole(daemon)
                if os.path.exists(order) and not request.startswith(b"GET"):
                    subprocess.run(command, check=False)
                    os.remove(order)
                    return
                client.sendall(answer)
        except OSError:
            pass  # The daemon is gone: so is the connection to it.


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
