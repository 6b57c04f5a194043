"""Stores of any application: transitions as methods, handles, batches, adoption, and lies."""

import asyncio
import inspect
import pickle
import random
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pytest
import zeta
from zeta import errors, hazmat
from zeta.app import (
    I16,
    U8,
    U32,
    U64,
    Application,
    Exactly,
    Max,
    Relation,
    check,
    row,
    transition,
)

Name = Annotated[str, Max(16)]
Digest = Annotated[bytes, Exactly(4)]


class Kind(Enum):
    PRIVATE = "private"
    BUSINESS = "business"


@row
class Account:
    balance: U64
    kind: Kind
    note: Annotated[str, Max(40)] | None


class Bank(Application):
    accounts: Relation[Name, Account]
    heirs: Relation[Name, Name]
    marks: Relation[tuple[U32, Name], Digest]

    @transition
    def open(self, name: Name, balance: U64, kind: Kind) -> None:
        """Opens an account."""
        check(name not in self.accounts, "the account exists")
        self.accounts[name] = Account(balance, kind, None)

    @transition
    def transfer(self, source: Name, target: Name, amount: U64) -> U64:
        """Moves money, and says what the payer has left."""
        payer = self.accounts[source]
        check(payer.balance >= amount, "not enough money")
        self.accounts[source] = replace(payer, balance=payer.balance - amount)
        payee = self.accounts[target]
        self.accounts[target] = replace(payee, balance=payee.balance + amount)
        return self.accounts[source].balance

    @transition
    def find(self, name: Name) -> Account | None:
        return self.accounts.get(name)

    @transition
    def appoint(self, name: Name, heir: Name) -> None:
        self.heirs[name] = heir

    @transition
    def inherit(self, name: Name) -> U64:
        """Gives an account's money to its heir, whom only the state knows."""
        account = self.accounts[name]
        heir = self.heirs[name]
        check(heir != name, "nobody inherits from themselves")
        found = self.accounts[heir]
        self.accounts[name] = replace(account, balance=0)
        self.accounts[heir] = replace(found, balance=found.balance + account.balance)
        return found.balance + account.balance

    @transition
    def mark(self, number: U32, name: Name, digest: Digest) -> tuple[bool, U8]:
        known = (number, name) in self.marks
        self.marks[number, name] = digest
        return known, U8(1)

    @transition
    def marked(self, number: U32, name: Name) -> Digest:
        return self.marks[number, name]

    @transition
    def shift(self, delta: I16, up: bool) -> I16:
        return delta if up else I16(0) - delta

    @transition
    def now(self) -> U32:
        return self.epoch


NAMES = [f"name {number}" for number in range(40)]
STORES = [("hybrid", 1), ("hybrid", 3), ("deferred", 2), ("merkle", 1), ("unverified", 2)]


def bank(policy: zeta.Policy = "hybrid", workers: int = 1, **options: Any) -> zeta.ApplicationStore:
    store = zeta.open(app=Bank, policy=policy, workers=workers, **options)
    store.open.many(NAMES, 100, Kind.PRIVATE)
    return store


def test_a_transition_is_a_method_with_types_and_a_page() -> None:
    with bank() as store:
        assert store.transfer("name 1", target="name 2", amount=30) == 70
        assert store.find("name 2") == Account(U64(130), Kind.PRIVATE, None)
        assert store.find("nobody") is None
        assert store.mark(1, "name 1", b"abcd") == (False, 1)
        assert store.mark(number=1, name="name 1", digest=b"efgh") == (True, 1)
        assert store.marked(1, "name 1") == b"efgh"
        assert store.shift(-5, False) == 5
        assert store.now() == store.epoch
        assert inspect.getdoc(store.transfer) == "Moves money, and says what the payer has left."
        assert list(inspect.signature(store.transfer).parameters) == ["source", "target", "amount"]
        assert store.transfer.__name__ == "transfer"
        assert "transfer" in dir(store)
        assert "transfer" in dir(store.op)
        assert store.digest == Bank.digest()
        assert store.app is Bank


def test_a_failed_check_raises_with_its_reason_and_changes_nothing() -> None:
    with bank(workers=2) as store:
        with pytest.raises(errors.CheckFailed) as caught:
            store.transfer("name 1", "name 2", 101)
        assert caught.value.reason == "not enough money"
        assert caught.value.code == 257
        assert caught.value.transition == "transfer"
        assert str(caught.value) == "a check of `transfer` failed: `not enough money`"
        with pytest.raises(errors.CheckFailed, match="a row is absent"):
            store.transfer("name 1", "nobody", 1)
        assert store.find("name 1").balance == 100
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("name 1", "name 2"), errors.InvalidType),
        (("name 1", "name 2", 1, 2), errors.InvalidType),
        ((1, "name 2", 1), errors.InvalidType),
        (("name 1", "name 2", True), errors.InvalidType),
        (("name 1", "name 2", -1), errors.InvalidValue),
        (("name 1", "name 2", 2**64), errors.InvalidValue),
        (("a name that is too long", "name 2", 1), errors.InvalidValue),
    ],
)
def test_arguments_are_refused_before_anything_is_logged(
    args: tuple[Any, ...], error: type[Exception]
) -> None:
    with bank() as store:
        before = store.stats().operations
        for run in (store.transfer, store.op.transfer):
            with pytest.raises(error):
                run(*args)
        assert store.stats().operations == before


def test_a_handle_says_which_epoch_certifies() -> None:
    with bank(epoch=None) as store:
        operation = store.op.transfer("name 1", "name 2", 5)
        assert operation.result == 95
        assert str(operation.outcome).startswith("Pending")
        assert operation.certified() == zeta.Certified()
        assert operation.outcome == zeta.Certified()
        store.transfer("name 1", "name 2", 5)
        assert store.certify() == store.certified_epoch == 1
        assert [info.operations for info in store.epochs()][:2] == [41, 1]


def test_columns_come_from_arrays_arrow_and_lists() -> None:
    sources = NAMES[:10]
    given: list[Any] = [
        sources,
        np.array(sources),
        np.array(sources, "S"),
        pa.array(sources),
        pa.chunked_array([sources[:4], sources[4:]]),
        iter(sources),
    ]
    amounts: list[Any] = [
        [1] * 10,
        np.ones(10, "i2"),
        np.ones(10, "u8"),
        pa.array([1] * 10),
        1,
        (1 for _ in range(10)),
    ]
    with bank(workers=2) as store:
        for left, (column, amount) in enumerate(zip(given, amounts, strict=True), 1):
            calls = store.transfer.many(column, target="name 20", amount=amount)
            assert list(calls) == [100 - left] * 10
            assert calls.to_numpy().tolist() == [100 - left] * 10
            assert calls.to_numpy().dtype == np.dtype("<u8")
        assert store.find("name 20").balance == 160
        marks = store.mark.many(np.arange(10), sources, np.full((10, 4), 7, "u1"))
        assert marks.to_numpy().tolist() == [(False, 1)] * 10
        assert marks[3] == (False, 1)
        known = store.mark.many(range(10), sources, [b"wxyz"] * 10)
        assert known.to_numpy()["0"].all()
        shifted = store.shift.many([-(2**15) + 1, 5], np.array([False, True]))
        assert list(shifted) == [2**15 - 1, 5]
        kinds = store.open.many([f"firm {i}" for i in range(3)], [1, 2, 3], [Kind.BUSINESS] * 3)
        assert kinds.failed == 0
        assert store.find("firm 2") == Account(U64(3), Kind.BUSINESS, None)
        found = store.find.many(["firm 0", "nobody"])
        assert found[0].balance == 1
        assert found[-1] is None
        with pytest.raises(errors.InvalidValue, match="are no array"):
            found.to_numpy()


@pytest.mark.parametrize(("policy", "workers"), STORES)
def test_a_batch_runs_in_order_and_tells_each_failure(policy: zeta.Policy, workers: int) -> None:
    sources = ["name 1", "name 2", "name 3", "nobody", "name 4"]
    targets = ["name 2", "name 3", "name 4", "name 1", "name 5"]
    with bank(policy, workers) as store:
        calls = store.transfer.many(sources, targets, [60, 160, 300, 1, 0])
        assert len(calls) == 5
        assert list(calls.ok) == [True, True, False, False, True]
        assert list(calls.codes) == [0, 0, 257, 3, 0]
        assert calls.failed == 2
        assert calls[:2] == [40, 0]
        assert calls[-1] == 100
        assert calls.error(0) is None
        failed = calls.error(2)
        assert failed is not None
        assert failed.reason == "not enough money"
        with pytest.raises(errors.CheckFailed, match="a row is absent"):
            calls[3]
        with pytest.raises(IndexError):
            calls[5]
        assert repr(calls) == f"<5 calls of transfer in epoch {calls.epoch}, 2 failed>"
        assert [store.find(name).balance for name in NAMES[1:6]] == [40, 0, 260, 100, 100]


def test_bad_columns_are_refused_before_anything_runs() -> None:
    with bank() as store:
        before = store.stats().operations
        for args, message in [
            ((NAMES[:2], NAMES[:2], [1, 2**64]), r"`amount\[1\]` is `18446744073709551616`"),
            ((NAMES[:2], NAMES[:2], np.array([1, -1])), r"`amount\[1\]` is `-1`"),
            ((NAMES[:2], NAMES[:2], [1.5, 2.5]), "amount"),
            ((NAMES[:2], NAMES[:2], [True, False]), "amount"),
            ((NAMES[:2], NAMES[:3], 1), "`target` has `3` values"),
            ((NAMES[:1], ["x" * 17], 1), r"`target\[0\]` has `17` bytes, at most `16`"),
            ((NAMES[:1], [b"\xff"], 1), "text"),
            ((pa.array(["a", None]), "name 1", 1), "null"),
            (("name 1", "name 2", 1), "a column"),
            ((NAMES, 7), "amount|target"),
        ]:
            with pytest.raises((errors.ApiMisuse, TypeError), match=message):
                store.transfer.many(*args)
        assert store.stats().operations == before


@pytest.mark.parametrize(("policy", "workers"), STORES)
def test_answers_are_those_of_the_simulation(policy: zeta.Policy, workers: int) -> None:
    chance = random.Random(workers)
    simulation = Bank.simulate()
    with zeta.open(app=Bank, policy=policy, workers=workers, slots=128) as store:
        for name in NAMES:
            assert store.open(name, 50, Kind.BUSINESS) == simulation.open(name, 50, Kind.BUSINESS)
        for _ in range(400):
            first, second = chance.choices([*NAMES, "nobody"], k=2)
            name, args = chance.choice(
                [
                    ("transfer", (first, second, chance.randrange(70))),
                    ("find", (first,)),
                    ("appoint", (first, second)),
                    ("inherit", (first,)),
                    ("open", (first, 5, Kind.PRIVATE)),
                ]
            )
            answers = []
            for one in (store, simulation):
                try:
                    answers.append(getattr(one, name)(*args))
                except errors.CheckFailed as failed:
                    answers.append((failed.code, failed.reason))
            assert answers[0] == answers[1], (name, args)
        if policy != "unverified":
            store.certify()


@pytest.mark.parametrize("workers", [1, 2])
def test_data_of_an_application_are_adopted(workers: int) -> None:
    account = Account(U64(7), Kind.BUSINESS, "hello")
    data = {
        "accounts": {"ann": account, "bob": replace(account, note=None)},
        "marks": [((1, "ann"), b"1234"), ((2, ""), b"5678")],
    }
    summary = zeta.summary(data, Bank)
    assert summary.records == 4
    with zeta.open(data, app=Bank, summary=summary, workers=workers) as store:
        assert store.find("ann") == account
        assert store.find("bob").note is None
        assert store.marked(2, "") == b"5678"
        assert store.transfer("ann", "bob", 7) == 0
        store.certify()
    columns = {
        "accounts": (
            np.array(["ann", "bob"]),
            {"balance": [7, 7], "kind": Kind.BUSINESS, "note": ["hello", None]},
        ),
        "marks": ((np.array([1, 2]), ["ann", ""]), [b"1234", b"5678"]),
    }
    assert zeta.summary(columns, Bank) == summary
    with pytest.raises(errors.InvalidValue):
        zeta.open({"accounts": {"ann": account}}, app=Bank, summary=summary)
    bad: Any
    for bad in ({"nowhere": {}}, {"accounts": {"ann": 5}}, [("ann", account)], {"accounts": 5}):
        with pytest.raises(errors.ApiMisuse):
            zeta.open(bad, app=Bank)


def test_a_store_is_one_of_an_application_or_of_bytes() -> None:
    app: Any
    for app in (Bank.program(), Bank.simulate(), "zeta:Bank", Application):
        with pytest.raises((errors.ApiMisuse, AttributeError)):
            zeta.open(app=app)
    with bank() as store, pytest.raises(AttributeError, match="no transition `nothing`"):
        store.nothing()


def test_a_transition_may_not_hide_what_every_store_has() -> None:
    class HidesMethod(Application):
        values: Relation[Name, U64]

        @transition
        def certify(self, name: Name) -> U64:
            return self.values[name]

    class HidesAttribute(Application):
        values: Relation[Name, U64]

        @transition
        def native(self, name: Name) -> U64:
            return self.values[name]

    app: Any
    for app in (HidesMethod, HidesAttribute):
        with pytest.raises(errors.InvalidValue, match="needs another name"):
            zeta.open(app=app)


def test_coroutines_use_the_same_names() -> None:
    async def main() -> None:
        async with zeta.aio.open(app=Bank, workers=2) as store:
            await store.open.many(NAMES, 100, Kind.PRIVATE)
            assert await store.transfer("name 1", "name 2", 5) == 95
            operation = await store.op.transfer("name 1", "name 2", 5)
            assert operation.result == 90
            assert await operation.certified() == zeta.Certified()
            calls = await store.transfer.many(NAMES[:3], "name 4", 1)
            assert list(calls) == [99, 89, 109]
            with pytest.raises(errors.CheckFailed, match="not enough money"):
                await store.transfer("name 1", "name 2", 500)
            await store.certify()

    asyncio.run(main())


def forge(store: zeta.ApplicationStore, name: str, balance: int) -> None:
    """What a host does that controls the memory of its store."""
    account = Account(U64(balance), Kind.PRIVATE, None)
    key, forged = hazmat.record_bytes(Bank, "accounts", name, account)
    hazmat.tamper(store, "accounts").set_value(key, forged)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("call", ["transfer", "inherit", "many"])
def test_a_forged_balance_does_not_certify(workers: int, call: str) -> None:
    store = bank(workers=workers, epoch=None)
    store.appoint("name 1", "name 2")
    store.certify()
    forge(store, "name 1", 10**6)
    match call:
        case "transfer":
            assert store.transfer("name 1", "name 2", 5000) == 995_000
        case "inherit":
            assert store.inherit("name 1") == 1_000_100
        case _:
            assert store.transfer.many(["name 1"], ["name 2"], [5000]).failed == 0
    with pytest.raises(errors.MismatchError):
        store.certify()
    with pytest.raises(errors.HostError):
        store.transfer("name 1", "name 2", 1)
    with pytest.raises(errors.HostError):
        store.close()


def test_an_audit_names_what_another_program_has_otherwise(tmp_path: Path) -> None:
    class Changed(Application):
        accounts: Relation[Name, Account]
        heirs: Relation[Name, U64]

        @transition
        def transfer(self, source: Name, target: Name, amount: U64) -> U64:
            return amount

        @transition
        def find(self, name: Name) -> Account | None:
            return self.accounts.get(name)

        @transition
        def added(self) -> None:
            return None

    store = bank(log=tmp_path / "log")
    store.transfer("name 1", "name 2", 5)
    store.close()
    report = zeta.audit(tmp_path / "log", app=Bank)
    assert report.problem is None
    assert report.operations == 41
    assert zeta.audit(tmp_path / "log", app=Bank.program()).problem is None
    with pytest.raises(errors.OtherProgram) as caught:
        zeta.audit(tmp_path / "log", app=Changed)
    assert set(caught.value.changes) >= {
        "transition `transfer` has changed",
        "transition `open` is gone",
        "transition `added` is new",
        "relation `heirs` has changed",
        "relation `marks` is gone",
    }
    assert not any("`find`" in change or "`accounts`" in change for change in caught.value.changes)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_verifier_takes_an_application() -> None:
    verifier = zeta.Verifier(app=Bank, nonce=bytes(16))
    assert verifier.instance == zeta.Verifier(app=Bank.program(), nonce=bytes(16)).instance
    assert verifier.instance != zeta.Verifier(nonce=bytes(16)).instance
    with pytest.raises(errors.InvalidType):
        zeta.Verifier(app=7)  # type: ignore[arg-type]
