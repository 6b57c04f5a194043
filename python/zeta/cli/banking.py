"""`zeta bench bank`: transfers between accounts, an application, by turns without its verifier."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import zeta
from zeta.cli.failure import found_wrong
from zeta.cli.measure import Answer, Side
from zeta.cli.replay import compared, report
from zeta.cli.screen import Screen
from zeta.workload import bank
from zeta.workload.bank import Bank, Ledger, Transfers

# As with the other workloads: long enough to be timed, and short enough to take turns.
_ROUND_SECONDS = 0.25
_ROUND_TRANSFERS_MAX = 2_000_000
_PLAIN: zeta.Policy = "unverified"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured."""

    accounts: int
    seconds: float
    workers: int
    """One client calls; each batch is divided among so many verifier threads."""
    epoch_seconds: float
    batch_size: int


@dataclass(frozen=True, slots=True)
class Call:
    """The columns of one batch call, made before the watch runs."""

    transfers: Transfers
    sources: NDArray[np.bytes_]
    targets: NDArray[np.bytes_]

    def __len__(self) -> int:
        return len(self.transfers)


def bench_bank(screen: Screen, plan: Plan, policy: zeta.Policy) -> None:
    """Measures, shows what was measured, and fails where an answer is wrong."""
    screen.say(
        f"bank: transfers between {plan.accounts:,} accounts, two rows and two checks each, "
        f"{plan.workers} verifier thread(s), epochs of {plan.epoch_seconds * 1000:.0f} ms"
    )
    contract = run_bank(screen, plan, policy)
    nanoseconds = contract["verified_ns_per_op"], contract["unverified_ns_per_op"]
    report(
        screen,
        contract,
        ("one transfer", "{:,.0f} ns verified, {:,.0f} ns unverified".format(*nanoseconds)),
        ("refused by a check", f"{contract['failed_checks']:,}"),
    )
    screen.result(contract)
    if contract["wrong_answers"]:
        found_wrong(f"{contract['wrong_answers']} answers are wrong")


def run_bank(screen: Screen, plan: Plan, policy: zeta.Policy) -> dict[str, Any]:
    """The figures of a policy, by turns with an unverified store."""
    with ExitStack() as stack:
        store, plain = (stack.enter_context(_opened(plan, kind)) for kind in (policy, _PLAIN))
        verified = Side(store, _runner(store), threads=1, epoch_seconds=plan.epoch_seconds)
        unverified = Side(plain, _runner(plain), threads=1, epoch_seconds=None)
        stack.enter_context(verified)
        stack.enter_context(unverified)
        ledger = Ledger(plan.accounts)
        failed, wrong = _serve(screen, plan, (verified, unverified), ledger)
        verified.settle()
        wrong += _wrong_balances(store, ledger)
        return compared(verified, unverified, wrong) | {
            "failed_checks": failed,
            "verified_ns_per_op": round(1e9 / verified.operations_per_s, 1),
            "unverified_ns_per_op": round(1e9 / unverified.operations_per_s, 1),
        }


def _opened(plan: Plan, policy: zeta.Policy) -> zeta.ApplicationStore:
    """A store whose accounts hold what they begin with; none is in the tree any more."""
    numbers = np.arange(plan.accounts, dtype=np.uint64)
    balances = np.full(plan.accounts, bank.OPENING_BALANCE, np.uint64)
    data = {"accounts": (bank.names(numbers), {"balance": balances})}
    store = zeta.open(data, app=Bank, workers=plan.workers, policy=policy, epoch=None)
    store.balance.many(bank.names(numbers))
    return store


def _runner(store: zeta.ApplicationStore) -> Callable[[Call], zeta.Calls]:
    transfer = store.transfer
    return lambda call: transfer.many(call.sources, call.targets, call.transfers.amounts)


def _serve(
    screen: Screen, plan: Plan, sides: tuple[Side[Call, zeta.Calls], ...], ledger: Ledger
) -> tuple[int, int]:
    """Rounds of the same transfers on both sides: how many a check refused, and wrong answers."""
    chance = np.random.default_rng(1)
    count, failed, wrong, warm = 4 * plan.batch_size, 0, 0, False
    with screen.progress("measuring", plan.seconds) as bar:
        while (passed := max(side.watch.now() for side in sides)) < plan.seconds or not warm:
            if not warm and passed >= min(0.1 * plan.seconds, 1.0):
                for side in sides:
                    side.forget()
                failed, warm = 0, True
                continue
            if warm:
                bar.to(passed)
            transfers = bank.draw(plan.accounts, count, chance)
            calls = [
                _call(transfers, at, plan.batch_size) for at in range(0, count, plan.batch_size)
            ]
            began = time.perf_counter()
            answers = [side.serve([calls]) for side in sides]
            slowness = (time.perf_counter() - began) / len(sides) / _ROUND_SECONDS
            expected = np.array(ledger.apply(transfers))
            wrong += sum(_wrong(one, expected) for one in answers)
            failed += int(np.count_nonzero(~expected))
            count = min(
                max(int(count / max(slowness, 0.25)), plan.batch_size), _ROUND_TRANSFERS_MAX
            )
    return failed, wrong


def _call(transfers: Transfers, start: int, size: int) -> Call:
    span = slice(start, start + size)
    part = Transfers(transfers.sources[span], transfers.targets[span], transfers.amounts[span])
    return Call(part, bank.names(part.sources), bank.names(part.targets))


def _wrong(answers: list[Answer[Call, zeta.Calls]], expected: NDArray[np.bool_]) -> int:
    ran = np.concatenate([np.asarray(answer.batch.ok) for answer in answers])
    return int(np.count_nonzero(ran != expected))


def _wrong_balances(store: zeta.ApplicationStore, ledger: Ledger) -> int:
    """Accounts that do not hold what they must, at the end."""
    numbers = np.arange(len(ledger.balances), dtype=np.uint64)
    held = store.balance.many(bank.names(numbers)).to_numpy()
    return int(np.count_nonzero(held != np.array(ledger.balances, np.uint64)))
