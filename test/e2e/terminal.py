"""Runs a command in a terminal of its own, closes or holds (Ctrl-S) the terminal once the command has printed a text, and ends
as it ends.

A Ctrl-C is passed on once that is done."""

import fcntl
import os
import pty
import signal
import struct
import sys
import termios

what, text, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
signal.signal(signal.SIGINT, lambda *_: os.kill(child, signal.SIGINT))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
printed = b""
while text.encode() not in printed:
    printed += os.read(terminal, 4096)
if what == "close":
    os.close(terminal)
else:
    os.write(terminal, b"\x13")
print(what, flush=True)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
