"""Customers and orders: a foreign key, an index by customer, and a host that leaves rows out."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
import zeta
from hypothesis import given
from hypothesis import strategies as st
from zeta.app import U64
from zeta.applications.orders import PAGE, Customer, Found, Order, Orders
from zeta.errors import CheckFailed

CUSTOMERS = st.integers(0, 2)
ORDERS = st.integers(0, 5)
AMOUNTS = st.sampled_from([0, 5, 2**64 - 1])
CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("insert_customer"), st.tuples(CUSTOMERS, st.sampled_from(["ann", ""]))),
        st.tuples(st.just("delete_customer"), st.tuples(CUSTOMERS)),
        st.tuples(st.just("insert_order"), st.tuples(ORDERS, CUSTOMERS, AMOUNTS)),
        st.tuples(st.just("insert_order"), st.tuples(ORDERS, st.just(0), AMOUNTS)),
        st.tuples(st.just("update_order"), st.tuples(ORDERS, AMOUNTS)),
        st.tuples(st.just("delete_order"), st.tuples(ORDERS)),
        st.tuples(st.just("customer"), st.tuples(CUSTOMERS)),
        st.tuples(st.just("order"), st.tuples(ORDERS)),
        st.tuples(st.just("by_customer"), st.tuples(CUSTOMERS, st.none() | ORDERS)),
        st.just(("turn", ())),
    ),
    max_size=50,
).map(lambda calls: [("insert_customer", (0, "bob")), *calls])


class Model:
    """Two tables without an index: a SELECT filters and sorts."""

    def __init__(self, refused: type[Exception]) -> None:
        self.refused = refused
        self.epoch = 0
        self.names: dict[int, str] = {}
        # In the order of insertion: order -> (customer, amount).
        self.table: dict[int, tuple[int, int]] = {}

    def _of(self, customer: int) -> list[int]:
        """The orders of a customer, the latest first."""
        return [order for order in reversed(self.table) if self.table[order][0] == customer]

    def _present(self, table: dict[int, Any], key: int) -> None:
        if key not in table:
            raise self.refused("a row is absent")

    def insert_customer(self, customer: int, name: str) -> None:
        if customer in self.names:
            raise self.refused("the customer exists")
        self.names[customer] = name

    def delete_customer(self, customer: int) -> None:
        self._present(self.names, customer)
        if self._of(customer):
            raise self.refused("orders refer to the customer")
        del self.names[customer]

    def insert_order(self, order: int, customer: int, amount: int) -> None:
        if order in self.table:
            raise self.refused("the order exists")
        if customer not in self.names:
            raise self.refused("there is no such customer")
        self.table[order] = (customer, amount)

    def update_order(self, order: int, amount: int) -> None:
        self._present(self.table, order)
        self.table[order] = (self.table[order][0], amount)

    def delete_order(self, order: int) -> None:
        self._present(self.table, order)
        del self.table[order]

    def customer(self, customer: int) -> Any:
        if customer not in self.names:
            return None
        orders = self._of(customer)
        last: Any = orders[0] if orders else None
        return Customer(self.names[customer], len(orders), last)

    def order(self, order: int) -> Any:
        if order not in self.table:
            return None
        customer, amount = self.table[order]
        orders: list[Any] = self._of(customer)
        later, _, earlier = (None, *orders, None)[orders.index(order) :][:3]
        return Order(customer, amount, earlier, later)

    def by_customer(self, customer: int, after: int | None) -> Any:
        self._present(self.names, customer)
        orders = self._of(customer)
        if after is not None:
            self._present(self.table, after)
            if after not in orders:
                raise self.refused("the order is another customer's")
            orders = orders[orders.index(after) + 1 :]
        return [Found(order, self.table[order][1]) for order in orders[:PAGE]]


@given(calls=CALLS)
def test_the_tables_are_those_of_the_model(compared: Any, calls: Any) -> None:
    compared(Orders, Model(compared.refused)).run(calls)


@pytest.mark.parametrize("deleted", list(permutations(range(4))))
def test_the_index_holds_in_whatever_order_orders_are_deleted(deleted: tuple[int, ...]) -> None:
    tables, model = Orders.simulate(), Model(AssertionError)
    for one in (tables, model):
        one.insert_customer(0, "ann")
        for order in range(4):
            one.insert_order(order, 0, 5)
    for order in deleted:
        for one in (tables, model):
            one.delete_order(order)
        assert tables.by_customer(0, None) == model.by_customer(0, None)
        for left in range(4):
            assert tables.order(left) == model.order(left)


def test_each_check_fails(fails: Any) -> None:
    ann, bob = ("insert_customer", (1, "ann")), ("insert_customer", (2, "bob"))
    order = ("insert_order", (7, 1, 5))
    reasons = {
        "the customer exists": [ann, ann],
        "orders refer to the customer": [ann, order, ("delete_customer", (1,))],
        "the order exists": [ann, order, order],
        "there is no such customer": [order],
        "the order is another customer's": [ann, bob, order, ("by_customer", (2, 7))],
    }
    fails(Orders, reasons)


def selected(store: Any, customer: int) -> list[Found]:
    """All pages of a SELECT by index."""
    rows: list[Found] = []
    page = store.by_customer(customer, None)
    while True:
        rows += page
        if len(page) < PAGE:
            return rows
        page = store.by_customer(customer, rows[-1].order)


def test_pages_of_a_select_follow_each_other() -> None:
    with zeta.open(app=Orders, workers=2) as store:
        store.insert_customer.many([1, 2], ["ann", "bob"])
        count = 4 * PAGE
        store.insert_order.many(range(count), [1 + order % 2 for order in range(count)], 5)
        store.delete_order.many(range(0, count, 6))
        expected = [order for order in reversed(range(0, count, 2)) if order % 6]
        assert [found.order for found in selected(store, 1)] == expected
        assert len(selected(store, 2)) == 2 * PAGE


@pytest.fixture
def ann(lying: Any) -> Any:
    """A lying host's tables: a customer with three orders, certified."""
    with lying(Orders) as liar:
        liar.store.insert_customer(1, "ann")
        liar.store.insert_order.many([10, 11, 12], 1, [100, 200, 300])
        liar.store.certify()
        yield liar


def test_an_order_that_a_select_left_out_is_caught(ann: Any) -> None:
    # The host takes the order out of the list, as if it had been deleted properly.
    first, last = ann.store.order(10), ann.store.order(12)
    ann.set("orders", 12, replace(last, earlier=U64(10)))
    ann.set("orders", 10, replace(first, later=U64(12)))
    assert [found.order for found in ann.store.by_customer(1, None)] == [12, 10]


def test_a_customer_that_was_hidden_to_break_the_foreign_key_is_caught(ann: Any) -> None:
    ann.set("customers", 1, None)
    with pytest.raises(CheckFailed, match="there is no such customer"):
        ann.store.insert_order(13, 1, 5)


def test_an_amount_that_was_changed_is_caught(ann: Any) -> None:
    ann.set("orders", 11, replace(ann.store.order(11), amount=U64(2)))
    assert ann.store.by_customer(1, 12)[0].amount == 2
