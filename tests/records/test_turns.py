import threading
import time

from recognizance.records.turns import Turns


def _in_line(turns: Turns, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(turns) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_turns_come_in_the_order_of_asking() -> None:
    turns = Turns()
    order: list[int] = []

    def wait(number: int) -> None:
        turns.take()
        order.append(number)
        turns.hand_on()

    turns.take()
    threads = [threading.Thread(target=wait, args=(number,)) for number in range(20)]
    for number, thread in enumerate(threads):
        thread.start()
        _in_line(turns, number + 1)
    turns.hand_on()
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    turns.take()  # free again
    turns.hand_on()


def test_a_turn_is_shared_only_with_somebody_who_waits_and_shares() -> None:
    turns = Turns()
    turns.take()
    assert turns.is_mine()
    assert not turns.hand_to_sharer()
    assert turns.is_mine()

    def wait(alone: bool) -> None:
        turns.take(alone=alone)
        turns.hand_on()

    alone = threading.Thread(target=wait, args=(True,))
    alone.start()
    _in_line(turns, 1)
    shares = threading.Thread(target=wait, args=(False,))
    shares.start()
    _in_line(turns, 2)
    assert not turns.hand_to_sharer()
    turns.hand_on()
    assert not turns.is_mine()
    alone.join()
    shares.join()
    turns.take()
    shares = threading.Thread(target=wait, args=(False,))
    shares.start()
    _in_line(turns, 1)
    assert turns.hand_to_sharer()
    shares.join()
    turns.take()
