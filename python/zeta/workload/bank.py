"""Transfers between accounts: an application, and batches of its calls with what they must give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from zeta.app import U64, Application, Max, Relation, check, row, transition
from zeta.workload.operations import Numbers

Name = Annotated[str, Max(64)]

OPENING_BALANCE = 1000
"""What every account holds at first."""
_AMOUNT_MAX = 99
_NAME = b"account-"
_DIGITS = 10


@row
class Account:
    """What an account holds."""

    balance: U64


class Bank(Application):
    """Accounts, and money that moves between them."""

    accounts: Relation[Name, Account]

    @transition
    def transfer(self, source: Name, target: Name, amount: U64) -> None:
        """Moves money from one account to another; both must be there."""
        payer = self.accounts[source]
        check(source != target, "an account pays itself")
        check(payer.balance >= amount, "not enough money")
        payee = self.accounts[target]
        self.accounts[source] = replace(payer, balance=payer.balance - amount)
        self.accounts[target] = replace(payee, balance=payee.balance + amount)

    @transition
    def balance(self, name: Name) -> U64:
        """What an account holds."""
        return self.accounts[name].balance


@dataclass(frozen=True, slots=True)
class Transfers:
    """A run of transfers in order; accounts are named by numbers."""

    sources: Numbers
    targets: Numbers
    amounts: Numbers

    def __len__(self) -> int:
        return len(self.amounts)


def draw(accounts: int, count: int, random: np.random.Generator) -> Transfers:
    """Transfers between accounts that are all as likely."""
    sources, targets = random.integers(0, accounts, (2, count), np.uint64)
    return Transfers(sources, targets, random.integers(1, _AMOUNT_MAX + 1, count, np.uint64))


def names(numbers: Numbers) -> NDArray[np.bytes_]:
    """The names of accounts: `account-` and ten digits."""
    text = np.empty((len(numbers), len(_NAME) + _DIGITS), np.uint8)
    text[:, : len(_NAME)] = np.frombuffer(_NAME, np.uint8)
    rest = numbers.copy()
    for digit in range(_DIGITS - 1, -1, -1):
        rest, value = np.divmod(rest, np.uint64(10))
        text[:, len(_NAME) + digit] = value + ord("0")
    return text.view(f"S{text.shape[1]}").reshape(-1)


class Ledger:
    """What accounts must hold, and which transfers must fail."""

    def __init__(self, accounts: int) -> None:
        self.balances = [OPENING_BALANCE] * accounts

    def apply(self, transfers: Transfers) -> list[bool]:
        """Which transfers run, one after the other."""
        balances = self.balances
        ran = []
        columns = (transfers.sources, transfers.targets, transfers.amounts)
        for source, target, amount in zip(*(one.tolist() for one in columns), strict=True):
            runs = source != target and balances[source] >= amount
            if runs:
                balances[source] -= amount
                balances[target] += amount
            ran.append(runs)
        return ran
