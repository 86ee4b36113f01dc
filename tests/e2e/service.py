# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon kept running as systemd would: own user, sd_notify, watchdog, restarted when it dies."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import threading
import time

RESTART_AFTER_S = 0.1
WATCHDOG_S = 10


class Service:
    """`inside`: words before the command that lead into other namespaces and exec the rest.

    `listen`: the path of a socket that is handed over, as by a socket unit: it stays while the
    daemon is started again, and is gone when the service is stopped.
    """

    def __init__(self, name, argv, folder, user=None, groups=(), env=None, notify=True,
                 network=True, inside=(), restart_after_s=RESTART_AFTER_S, listen=None,
                 watchdog_s=WATCHDOG_S, watchdog_signal=signal.SIGABRT):
        self.name = name
        self.argv = argv
        self.user = user
        self.groups = groups
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **(env or {})}
        self.notify = notify
        self.network = network
        self.inside = inside
        self.restart_after_s = restart_after_s
        self.listen = listen
        self.listening_fd = None
        self.watchdog_s = watchdog_s
        self.watchdog_signal = watchdog_signal
        self.log_path = os.path.join(folder, name + ".log")
        self.notify_path = os.path.join(folder, name + ".notify")
        self.process = None
        self.wanted = False
        self.n_starts = 0
        self.watchdog_kills = 0
        self.alive_at = 0.0
        self.ready = threading.Event()
        self.thread = None

    def __repr__(self):
        return f"<Service {self.name}>"

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self.log_path, errors="replace", encoding="utf-8") as file:
            return file.read()

    def _command(self):
        if self.listening_fd is None:
            return self._plain_command()
        return ["/bin/bash", "-c", 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@" '
                f"3<&{self.listening_fd} {self.listening_fd}<&-", "listen",
                *self._plain_command()]

    def _plain_command(self):
        if not self.user:
            return [*self.inside, *self.argv]
        groups = ["--groups", ",".join(self.groups)] if self.groups else ["--clear-groups"]
        alone = [] if self.network else ["unshare", "--net", "--"]
        return [*self.inside, *alone, "setpriv", "--reuid", self.user, "--regid", self.user,
                *groups, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--",
                *self.argv]

    def _spawn(self):
        env = dict(self.env)
        if self.notify:
            env["NOTIFY_SOCKET"] = self.notify_path
            env["WATCHDOG_USEC"] = str(self.watchdog_s * 1000000)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self._command(), env=env, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True,
                                            pass_fds=[self.listening_fd]
                                            if self.listening_fd is not None else [])
        self.n_starts += 1
        self.alive_at = time.monotonic()

    def _notify_socket(self):
        if os.path.exists(self.notify_path):
            os.unlink(self.notify_path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(self.notify_path)
        os.chmod(self.notify_path, 0o666)
        listener.settimeout(0.05)
        return listener

    def _open_listening(self):
        """Far from the numbers that the daemon gets."""
        os.makedirs(os.path.dirname(self.listen), exist_ok=True)
        self._remove_listening()
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(self.listen)
            os.chmod(self.listen, 0o666)
            made.listen(4096)
            self.listening_fd = fcntl.fcntl(made.fileno(), fcntl.F_DUPFD_CLOEXEC, 100)

    def _remove_listening(self):
        if self.listening_fd is not None:
            os.close(self.listening_fd)
            self.listening_fd = None
        if self.listen:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.listen)

    def _take_message(self, listener):
        try:
            message = listener.recv(4096).decode()
        except TimeoutError:
            return
        self.alive_at = time.monotonic()
        if "READY=1" in message.split("\n"):
            self.ready.set()

    def _watch(self, listener):
        """The supervisor: one round every 50 ms."""
        while self.wanted:
            if listener:
                self._take_message(listener)
                if self.ready.is_set() and time.monotonic() - self.alive_at > self.watchdog_s:
                    self.watchdog_kills += 1
                    self.alive_at = time.monotonic()
                    self.process.send_signal(self.watchdog_signal)
            else:
                time.sleep(0.05)
            if self.process.poll() is not None and self.wanted:
                self.ready.clear()
                time.sleep(self.restart_after_s)
                if self.wanted:
                    self._spawn()
        if listener:
            listener.close()

    def start(self, timeout=20):
        self.ready.clear()
        listener = self._notify_socket() if self.notify else None
        if self.listen:
            self._open_listening()
        self.wanted = True
        self._spawn()
        self.thread = threading.Thread(target=self._watch, args=[listener], daemon=True)
        self.thread.start()
        if self.notify and not self.ready.wait(timeout):
            text = self.log()
            self.stop()
            raise RuntimeError(f"{self.name} is not ready in {timeout} s:\n{text[-4000:]}")
        return self

    def stop(self, sig=signal.SIGTERM, timeout=10):
        if not self.wanted:
            return
        self.wanted = False
        self.thread.join()
        self._remove_listening()
        if self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise

    def restart(self):
        self.stop()
        return self.start()

    def send(self, sig):
        self.process.send_signal(sig)

    def kill(self, sig=signal.SIGKILL):
        """Kills it and leaves the rest to the supervisor; see wait_back()."""
        n_starts = self.n_starts
        self.ready.clear()
        self.process.send_signal(sig)
        return n_starts

    def wait_back(self, n_starts, timeout=20):
        end = time.monotonic() + timeout
        while self.n_starts == n_starts and time.monotonic() < end:
            time.sleep(0.02)
        assert self.n_starts > n_starts, f"{self.name} was not started again"
        if self.notify:
            assert self.ready.wait(timeout), f"{self.name} came back but is not ready"


def run(argv, check=True, **options):
    """subprocess.run() with captured text, whose failure shows what the program said."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    if check and done.returncode:
        raise RuntimeError(f"{argv} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done
