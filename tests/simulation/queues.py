"""
Queues as SQS has them: they duplicate, delay, lose and reorder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chalicelib.ports import Message
from tests.simulation.stores import Way


class SimQueue:
    """
    A standard queue: at least once, in any order, by visibility; what was received too often goes to the dead letters.
    """

    def __init__(self, way: Way, place: str, *, visibility: float, receives_max: int = 0, losable: bool = True) -> None:
        self._way = way
        self.place = place
        self._visibility = visibility
        self._receives_max = receives_max
        self._losable = losable
        self._messages: dict[str, tuple[float, str, int]] = {}
        self._count = 0
        self.dead: list[str] = []
        self.on_send: Callable[[float], None] = lambda _: None

    def send(self, *bodies: str, delay_seconds: int = 0) -> None:
        assert 0 <= delay_seconds <= 900
        for start in range(0, len(bodies), 10):
            part = bodies[start : start + 10]
            self._way.ask(self.place, f"send {len(part)}", lambda part=part: self._put(part, delay_seconds))

    def receive(self, count: int, *, wait_seconds: int = 1) -> list[Message]:
        found = self._way.ask(self.place, "receive", lambda: self.take(count))
        if not found:
            self._way.scheduler.pause(wait_seconds)
        return found

    def delete(self, message: Message) -> None:
        self._way.ask(self.place, "delete", lambda: self.forget(message))

    def hide(self, message: Message, seconds: int) -> None:
        assert 0 <= seconds <= 43_200
        self._way.ask(self.place, f"hide {seconds}", lambda: self._hide(message, seconds))

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, count: int) -> list[Message]:
        """
        Some visible messages, hidden from now on.
        """
        now = self._way.scheduler.seconds
        visible = [name for name, (at, _, _) in self._messages.items() if at <= now]
        self._way.weather.chance.shuffle(visible)
        found = []
        for name in visible[: min(count, 10)]:
            _, body, receives = self._messages.pop(name)
            if self._receives_max and receives >= self._receives_max:
                self.dead.append(body)
                continue
            self._messages[name] = (now + self._visibility, body, receives + 1)
            found.append(Message(body=body, handle=f"{name}/{receives + 1}", receives=receives + 1))
        return found

    def forget(self, message: Message) -> None:
        self._messages.pop(message.handle.partition("/")[0], None)

    def next_at(self) -> float | None:
        """
        When the next message becomes visible.
        """
        return min((at for at, _, _ in self._messages.values()), default=None)

    def bodies(self) -> list[str]:
        return [body for _, body, _ in self._messages.values()]

    def lose_all(self) -> int:
        lost = len(self._messages)
        self._messages.clear()
        return lost

    def __len__(self) -> int:
        return len(self._messages)

    def _put(self, bodies: Sequence[str], delay_seconds: int) -> None:
        weather, now = self._way.weather, self._way.scheduler.seconds
        for body in bodies:
            if self._losable and weather.queue("lost"):
                continue
            for _ in range(2 if weather.queue("doubled") else 1):
                late = weather.chance.choice([5.0, 60.0, 300.0]) if weather.queue("late") else 0.0
                self._count += 1
                self._messages[f"m{self._count:06d}"] = (now + delay_seconds + late, body, 0)
                self.on_send(delay_seconds + late)

    def _hide(self, message: Message, seconds: int) -> None:
        name, _, receives = message.handle.partition("/")
        known = self._messages.get(name)
        if known is not None and known[2] == int(receives):
            self._messages[name] = (self._way.scheduler.seconds + seconds, known[1], known[2])
            self.on_send(float(seconds))
