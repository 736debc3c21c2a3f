"""The microcontroller at the other end of the board's USB serial line: the firmware on a processor of its own, whose pins
are seen as the emulated hardware drives them."""

import subprocess
import threading
import time

# The peripherals of this machine are those of the firmware's TM4C123, as far as it uses them.
MACHINE = ["-M", "lm3s6965evb", "-cpu", "cortex-m4", "-icount", "shift=5"]
# Its port F, as the emulator names it; PF3 opens the gate, PF1 closes it.
PORT = "/machine/unattached/device[13]"
OPEN, CLOSED = 3, 1
# What the firmware's OPENS says.
OPENS = 1

SAFE = "safe"


class Microcontroller:
    """Runs until `stop`. `socket` is where the board's USB serial adapter listens."""

    def __init__(self, firmware, socket):
        self.process = subprocess.Popen(
            ["qemu-system-arm", *MACHINE, "-display", "none", "-monitor", "none", "-kernel", str(firmware),
             "-chardev", f"socket,id=line,path={socket}", "-serial", "chardev:line",
             "-trace", "pl061_set_output", "-trace", "pl061_reset"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        self._high = set()
        # What the gate was, in its order, and what the emulator said beside.
        self.states = [SAFE]
        self.said = []
        self._changed = threading.Condition()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        for line in self.process.stderr:
            words = line.split()
            if not words or not words[0].endswith(("pl061_set_output", "pl061_reset")):
                self.said.append(line.strip())
                continue
            if words[1] != PORT:
                continue
            # EVENT PORT "setting output" N "to" LEVEL
            with self._changed:
                if words[0].endswith("reset"):
                    self._high.clear()
                elif words[6] == "1":
                    self._high.add(int(words[4]))
                else:
                    self._high.discard(int(words[4]))
                self.states.append(self._state())
                self._changed.notify_all()

    def _state(self):
        high = self._high & {OPEN, CLOSED}
        return {frozenset(): SAFE, frozenset({OPEN}): "open", frozenset({CLOSED}): "closed"}.get(frozenset(high), "BOTH PINS")

    def seen(self):
        """How many states there were so far."""
        with self._changed:
            return len(self.states)

    def until(self, state, since, patience=120):
        """Waits until the gate was so, after that many states; the number of states then. None if it does not come."""
        end = time.monotonic() + patience
        with self._changed:
            while True:
                for at in range(since, len(self.states)):
                    if self.states[at] == state:
                        return at + 1
                left = end - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    return None
                self._changed.wait(min(left, 1))

    def stop(self):
        """Ends it."""
        self.process.kill()
        self.process.wait()
