"""The code that transitions become: as short as one would write it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from zeta.app import U64, Application, Max, Relation, check, row, sha256, transition
from zeta.app.listing import described

Name = Annotated[str, Max(64)]
NEVER = False


@row
class Account:
    balance: U64
    frozen: bool


class Bank(Application):
    accounts: Relation[Name, Account]
    counts: Relation[Name, U64]

    @transition
    def transfer(self, source: Name, target: Name, amount: U64) -> None:
        payer = self.accounts[source]
        check(payer.balance >= amount, "not enough money")
        self.accounts[source] = replace(payer, balance=payer.balance - amount)
        payee = self.accounts[target]
        self.accounts[target] = replace(payee, balance=payee.balance + amount)

    @transition
    def count(self, name: Name) -> U64:
        found = self.counts.get(name)
        count = U64(0) if found is None else found
        self.counts[name] = count + 1
        return count

    @transition
    def either(self, name: Name, other: Name, first: bool) -> U64:
        if first:
            return self.counts[name]
        return self.counts[other]

    @transition
    def unused(self, name: Name) -> bool:
        ignored = name == "x"
        wanted = sha256(name.encode()) == sha256(name.encode())
        if ignored and NEVER:
            check(False, "never")
        return wanted


def code(transition: str) -> list[str]:
    shown = described(Bank.assembly())["transitions"]
    found: list[str] = next(one["code"] for one in shown if one["name"] == transition)
    return found


def test_a_transfer_is_ten_instructions() -> None:
    assert code("transfer") == [
        "r3 = row accounts[source]",
        "r4 = row accounts[target]",
        "r5, r6 = load r3",
        "r7 = amount <= r5",
        "check r7, else 'not enough money'",
        "r8 = r5 - amount",
        "store r3: r8, r6",
        "r9, r10 = load r4",
        "r11 = r9 + amount",
        "store r4: r11, r10",
        "return",
    ]


def test_a_value_stays_in_the_register_that_it_was_read_into() -> None:
    assert code("count") == [
        "r1 = row counts[name]",
        "r2, r3 = read r1",
        "jump to 4 unless r2",
        "jump to 5",
        "r3 = 0",
        "r4 = 1",
        "r5 = r3 + r4",
        "store r1: r5",
        "return r3",
    ]


def test_rows_of_one_way_are_not_bound_on_the_other() -> None:
    assert code("either") == [
        "jump to 4 unless first",
        "r3 = row counts[name]",
        "r4 = load r3",
        "return r4",
        "r5 = row counts[other]",
        "r6 = load r5",
        "return r6",
    ]


def test_what_nobody_reads_is_not_computed_and_the_same_only_once() -> None:
    assert code("unused") == [
        "r1 = convert name to Annotated[bytes, Max(64)]",
        "r2 = sha256 r1",
        "r3 = r2 == r2",
        "return r3",
    ]
    assert Bank.reasons == {256: "not enough money"}
