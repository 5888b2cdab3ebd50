# SPDX-License-Identifier: GPL-2.0-only
"""One machine in QEMU: started with a boot method, watched and typed at through its serial port.

Every line of the serial port goes to build/test/log/NAME.log with the seconds since the start. A machine ends with
its `with` block; no test waits longer than it says.
"""
import os
import re
import select
import socket
import subprocess
import time

BUILD = os.path.abspath(os.environ.get("HOSPES_BUILD", "build"))
BOOT = os.path.join(BUILD, "boot")
LOGS = os.path.join(BUILD, "test", "log")
WORK = os.path.join(BUILD, "test", "work")
READY = r"hospes: Domain 0 ready in [\d.]+ s"
PROMPT = r"# $"
PIECE = 96  # octets typed at once
# Virtual time by the instructions that were executed: how busy this machine is does not count, and a run can be had again
ICOUNT = ("-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm")
NOISE = r"(?:\n?(?:\(XEN\)|hospes:)[^\n]*\n)?"  # a line of the hypervisor or of init in the middle of another


class Timeout(AssertionError):
    """What was waited for did not come; the message holds the last lines of the log."""


def thief():
    """@return the path of programs/steal, built: with STEAL=1 in the environment each machine's threads are stopped at random"""
    from programs import compiled  # pylint: disable=import-outside-toplevel,cyclic-import
    path = os.path.join(WORK, f"steal.{os.getpid()}")
    return path if os.path.exists(path) else compiled("steal", path)


class Machine:
    """A QEMU process. Use as a context manager."""

    def __init__(self, name, *qemu, memory=512, cpus=1, model="q35", cpu="qemu64", serial=True, display="none", net=True,
                 nic="e1000", netdev="", icount=False):
        self.name = name
        self.text = ""
        self.exit_code = None
        self.thief = None
        os.makedirs(LOGS, exist_ok=True)
        os.makedirs(WORK, exist_ok=True)
        self.log_path = os.path.join(LOGS, f"{name}.log")
        threads = "multi" if cpus > 1 and not icount else "single"
        args = ["qemu-system-x86_64", "-M", model, "-accel", f"tcg,thread={threads}", "-cpu", cpu, "-smp", str(cpus),
                "-m", str(memory), "-display", display, "-nodefaults", "-no-reboot", "-vga", "std"]
        args += ["-serial", "stdio"] if serial else ["-serial", "none", "-parallel", "none"]
        if net:
            args += ["-netdev", f"user,id=net{netdev}", "-device", f"{nic},netdev=net"]
        self.args = args + list(ICOUNT if icount else ()) + list(qemu)

    def __enter__(self):
        self.start = time.monotonic()
        self.monitor, theirs = socket.socketpair()
        monitor = ["-chardev", f"socket,id=monitor,fd={theirs.fileno()}", "-mon", "chardev=monitor"]
        if self.args[0].startswith("qemu-"):  # scripts/run-qemu takes it from the environment
            self.args += monitor
        self.log = open(self.log_path, "w", encoding="utf-8")
        self.log.write(" ".join(self.args) + "\n")
        with theirs:
            self.process = subprocess.Popen(self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                            env=dict(os.environ, QEMU_ARGS=" ".join(monitor)), pass_fds=[theirs.fileno()])
        os.set_blocking(self.process.stdout.fileno(), False)
        if os.environ.get("STEAL"):
            self.thief = subprocess.Popen([thief(), str(self.process.pid)])
        return self

    def __exit__(self, *_):
        if self.thief:
            self.thief.kill()
            self.thief.wait()
        if self.process.poll() is None:
            self.process.kill()
        self._drain()
        self.process.wait()
        self.monitor.close()
        self.log.close()

    def _take(self, data):
        text = data.decode("utf-8", "replace").replace("\r", "")
        self.text += text
        self.log.write(text.replace("\n", f"\n{time.monotonic() - self.start:8.2f} "))
        self.log.flush()

    def _drain(self):
        """Takes what is there. @return False at the end of the output."""
        while True:
            data = self.process.stdout.read(65536)
            if data is None:
                return True
            if not data:
                return False
            self._take(data)

    def tail(self, lines=25):
        return "\n".join(self.text.splitlines()[-lines:])

    def _wait(self, seconds):
        """Takes what comes within @seconds, and returns after the first of it. @return False at the end of the output."""
        select.select([self.process.stdout], [], [], max(seconds, 0))
        return self._drain()

    def expect(self, pattern, timeout=60, start=None):
        """Waits until @pattern appears behind position @start (default: anywhere new or old). A match at the end of what has come may
        be a part of a word: it counts when a second passes without more. @return the match"""
        deadline = time.monotonic() + timeout
        regex = re.compile(pattern, re.M)
        position = start or 0
        while True:
            found = regex.search(self.text, position)
            if found:
                known = len(self.text)
                if found.end() < known or not self._wait(1) or len(self.text) == known:
                    return found
                continue
            if time.monotonic() >= deadline:
                raise Timeout(f"{self.name}: no {pattern!r} within {timeout} s; the last lines:\n{self.tail()}\n{self.condition()}")
            if not self._wait(min(deadline - time.monotonic(), 1)) and not regex.search(self.text, position):
                raise Timeout(f"{self.name}: the machine ended without {pattern!r}; the last lines:\n{self.tail()}")

    def condition(self):
        """For the message of a time-out. @return what the CPUs do, by QEMU's monitor, and how the hypervisor answers the debug keys q
        (domains), a (timers), d (registers), r (run queues) and e (event channels), as far as it has them"""
        seen = ""
        self.monitor.settimeout(2)
        for _ in range(3):
            try:
                self.monitor.sendall(b"info registers -a\n")
                while True:
                    seen += self.monitor.recv(65536).decode("utf-8", "replace")
            except OSError:  # nothing more comes
                pass
        places = re.findall(r"^(CPU#\d+|RIP=\w+ \w+=\w+)", seen, re.M)
        known = len(self.text)
        self.send("\x01\x01\x01")
        for key in "qadre":
            self.send(key)
            self._wait(5)
            while self._wait(1) and select.select([self.process.stdout], [], [], 1)[0]:
                pass
        return f"CPUs, looked at three times: {' '.join(places)}\nDebug keys: {self.text[known:][-8000:]}"

    def send(self, text):
        """Types @text, in pieces: what of it has not been echoed yet fits the hypervisor's input buffer (Xen's has 128 octets)."""
        for i in range(0, len(text), PIECE):
            start, deadline = len(self.text), time.monotonic() + 10
            self.process.stdin.write(text[i:i + PIECE].encode())
            self.process.stdin.flush()
            while i + PIECE < len(text) and len(self.text) < start + PIECE and time.monotonic() < deadline:
                if not self._wait(0.2):
                    return

    def run(self, command, timeout=60):
        """Runs a shell command in Domain 0. @return (exit code, output)"""
        start = len(self.text)
        mark = f"{time.monotonic_ns():x}"
        # The mark is split so that the echo of what we type is not taken for the answer.
        self.send(f"{command}; echo \"<$?>\"{mark[:4]}''{mark[4:]}\n")
        found = self.expect(rf"<{NOISE}(\d+){NOISE}>{NOISE}{NOISE.join(mark)}", timeout, start)
        echo = f"''{mark[4:]}\n"  # the end of the line that we typed, which the shell may draw more than once
        output = self.text[start:found.start()].rpartition(echo)[2]
        # What init says meanwhile, of the network for example, goes to the same terminal, and what the hypervisor says.
        others = "hospes:" if re.search(r"dmesg|\.log", command) else r"(?:hospes:|\(XEN\))"
        return int(found.group(1)), re.sub(rf"^{others} .*\n", "", output, flags=re.M)

    def check(self, command, timeout=60):
        """Runs a command that must succeed. @return its output"""
        code, output = self.run(command, timeout)
        assert code == 0, f"{command!r} exited {code}:\n{output}"
        return output

    def ready(self, timeout=120):
        """Waits for the end of start-up and for the shell."""
        found = self.expect(READY, timeout)
        self.send("\n")
        self.expect(r"# ", timeout, found.end())
        # Wide, so that the shell never breaks the line that we type: what it echoes is looked for.
        self.check("stty cols 2000", 60)
        # Linux's own lines would end up in the output of commands; tests that care read dmesg.
        self.check("PS1='# '; dmesg -n 1 2>/dev/null; true", 30)

    def ask_monitor(self, command):
        """@return what QEMU's monitor says to @command"""
        answer = ""
        self.monitor.settimeout(5)
        self.monitor.sendall(command.encode() + b"\n")
        while answer.count("(qemu) ") < 2: # the prompt before it, which nobody has read, and the next
            answer += self.monitor.recv(65536).decode("utf-8", "replace")
        return answer

    def nmis_until(self, pattern, timeout=60):
        """NMIs to all CPUs, by QEMU's monitor, one behind the other until @pattern appears."""
        deadline, regex = time.monotonic() + timeout, re.compile(pattern, re.M)
        self.monitor.settimeout(2)
        while not regex.search(self.text):
            if (time.monotonic() >= deadline or not self._wait(0.002)) and not regex.search(self.text):
                raise Timeout(f"{self.name}: no {pattern!r} within {timeout} s; the last lines:\n{self.tail()}")
            self.monitor.sendall(b"nmi\n")
            self.monitor.recv(65536)

    def exited(self):
        return self.process.poll() is not None

    def wait_exit(self, timeout=60):
        """Waits until QEMU ends by itself. @return its exit code"""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self._wait(0.5):
                return self.process.wait(10)
        raise Timeout(f"{self.name}: still running after {timeout} s; the last lines:\n{self.tail()}")


def direct(name, kernel_args="", hypervisor_args="", kernel=None, initrd=None, extra_initrd=None, **options):
    """Boots build/boot by QEMU's -kernel. @kernel, @initrd: other files. Variables of the environment choose another hypervisor:
    HOSPES_HYPERVISOR, a multiboot image, and HOSPES_HYPERVISOR_ARGS, what it is told in addition. @return a Machine"""
    hypervisor = os.environ.get("HOSPES_HYPERVISOR") or os.path.join(BOOT, "hospes")
    hypervisor_args += " " + os.environ.get("HOSPES_HYPERVISOR_ARGS", "")
    kernel = kernel or os.path.join(BOOT, "vmlinuz")
    initrd = initrd or os.path.join(BOOT, "initrd")
    if extra_initrd:
        joined = os.path.join(WORK, f"{name}.initrd")
        os.makedirs(WORK, exist_ok=True)
        with open(joined, "wb") as out:
            for part in (initrd, extra_initrd):
                with open(part, "rb") as data:
                    content = data.read()
                out.write(content + b"\0" * (-len(content) % 4))
        initrd = joined
    dom0 = f"console=tty0 console=hvc0 {kernel_args}".replace(",", ",,")
    qemu = options.pop("qemu", [])
    return Machine(name, "-kernel", hypervisor,
                   "-append", f"console=com1,vga com1=115200,8n1 loglvl=all guest_loglvl=all {hypervisor_args}",
                   "-initrd", f"{kernel} {dom0},{initrd}", *qemu, **options)


def run_command(name, command, timeout=180, kernel_args="", **options):
    """Boots with hospes.run=@command and waits for the power-off. @return (exit code, whole log)"""
    with direct(name, f"{kernel_args} hospes.run={command.replace(' ', '%20')}", **options) as machine:
        found = machine.expect(r"hospes: run exited (\d+)", timeout)
        machine.wait_exit(60)
        return int(found.group(1)), machine.text
