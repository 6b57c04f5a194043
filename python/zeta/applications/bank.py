"""A bank's ledger: accounts, transfers, and an audit that money is conserved."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from zeta.app import U8, U32, U64, Application, Max, Relation, check, row, transition

Owner = Annotated[str, Max(64)]

PAGE = 16
"""Accounts that one call of `audit` adds up."""


@row
class Account:
    """Money, and what it was before the epoch in which it last changed."""

    owner: Owner
    balance: U64
    changed: U32
    """The epoch of the last change."""
    before: U64
    """The balance when that epoch began."""


@row
class Book:
    """What the bank has issued, as accounts hold it: now, and before the last change's epoch."""

    accounts: U32
    issued: U64
    changed: U32
    before: U64


@row
class Audit:
    """How far the audit of one epoch's beginning has come."""

    checked: U32
    total: U64


class Bank(Application):
    """Accounts are numbered from 0. Each transition keeps: issued == sum of all balances."""

    accounts: Relation[U32, Account]
    book: Relation[U8, Book]
    audits: Relation[U32, Audit]

    @transition
    def open(self, owner: Owner) -> U32:
        """Opens an empty account; its number."""
        book = self._book()
        self.accounts[book.accounts] = Account(owner, U64(0), self.epoch, U64(0))
        self.book[0] = replace(book, accounts=book.accounts + 1)
        return book.accounts

    @transition
    def issue(self, account: U32, amount: U64) -> U64:
        """Brings new money into an account; its balance."""
        book = self._book()
        before = book.issued if book.changed < self.epoch else book.before
        issued = book.issued + amount
        self.book[0] = replace(book, issued=issued, changed=self.epoch, before=before)
        found = self.accounts[account]
        balance = found.balance + amount
        self._set(account, found, balance)
        return balance

    @transition
    def transfer(self, source: U32, target: U32, amount: U64) -> U64:
        """Moves money; the payer's new balance."""
        payer = self.accounts[source]
        check(payer.balance >= amount, "not enough money")
        balance = payer.balance - amount
        self._set(source, payer, balance)
        payee = self.accounts[target]
        self._set(target, payee, payee.balance + amount)
        return balance if source != target else payer.balance

    @transition
    def balance(self, account: U32) -> U64:
        """What an account holds."""
        return self.accounts[account].balance

    @transition
    def account(self, account: U32) -> Account | None:
        """All that is known of an account; `None` where there is none."""
        return self.accounts.get(account)

    @transition
    def audit(self) -> bool:
        """Adds up the next accounts as they were when this epoch began; whether it was the last.

        Called again and again within one epoch until it is true; transfers go on meanwhile. A new
        epoch begins a new audit. Where the sum of all is not what had been issued, it fails, and
        the bank has lost or made money.
        """
        book = self._book()
        found = self.audits.get(self.epoch)
        audit = Audit(U32(0), U64(0)) if found is None else found
        number = audit.checked
        total = audit.total
        for _ in range(PAGE):
            if number < book.accounts:
                account = self.accounts[number]
                total += account.balance if account.changed < self.epoch else account.before
                number += 1
        self.audits[self.epoch] = Audit(number, total)
        if number < book.accounts:
            return False
        issued = book.issued if book.changed < self.epoch else book.before
        check(total == issued, "money is not conserved")
        return True

    def _book(self) -> Book:
        found = self.book.get(0)
        return Book(U32(0), U64(0), self.epoch, U64(0)) if found is None else found

    def _set(self, number: U32, account: Account, balance: U64) -> None:
        before = account.balance if account.changed < self.epoch else account.before
        self.accounts[number] = replace(account, balance=balance, changed=self.epoch, before=before)
