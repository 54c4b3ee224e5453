#!/usr/bin/env python3
"""A switch that holds every frame back: delay-bridge.py DELAY_MS INTERFACE INTERFACE ...

Learns which address is behind which interface; frames to nobody known go everywhere. Ends with its
standard input, so that it never outlives the lab.
"""
import collections
import selectors
import socket
import sys
import time

ETH_P_ALL = 3
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
BUFFER_BYTES = 16 << 20
MAX_QUEUED_FRAMES = 20_000
FRAMES_PER_TURN = 256


def open_port(interface):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    port.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES)
    port.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    port.bind((interface, 0))
    port.setblocking(False)
    return port


def receive(port, home, queue, delay):
    for _ in range(FRAMES_PER_TURN):
        try:
            frame = port.recv(65_535)
        except BlockingIOError:
            return
        home[frame[6:12]] = port
        if len(queue) < MAX_QUEUED_FRAMES:
            queue.append((time.monotonic() + delay, frame))


def send_due(home, queue, everywhere):
    while queue and queue[0][0] <= time.monotonic():
        _, frame = queue.popleft()
        known = home.get(frame[0:6])
        origin = home.get(frame[6:12])
        for port in [known] if known else everywhere:
            if port is not origin:
                send(port, frame)


def send(port, frame):
    try:
        port.send(frame)
    except OSError:
        pass  # a full queue drops, like any switch


def main():
    delay = float(sys.argv[1]) / 1000
    home, queue, ports = {}, collections.deque(), selectors.DefaultSelector()
    everywhere = [open_port(interface) for interface in sys.argv[2:]]
    for port in everywhere:
        ports.register(port, selectors.EVENT_READ)
    ports.register(sys.stdin, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        wait = max(0, queue[0][0] - time.monotonic()) if queue else None
        for key, _ in ports.select(wait):
            if key.fileobj is sys.stdin:
                return
            receive(key.fileobj, home, queue, delay)
        send_due(home, queue, everywhere)


main()
