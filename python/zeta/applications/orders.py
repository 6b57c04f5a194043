"""A small relational example: two tables, a foreign key, and an index kept by the rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from zeta.app import U32, U64, Application, Max, Relation, check, row, transition

Name = Annotated[str, Max(64)]
PAGE = 8
"""Rows that one SELECT by index returns at most."""


@row
class Customer:
    """A row of table `customers`, and the beginning of its list of orders."""

    name: Name
    orders: U32
    """How many orders refer to this customer: while there is one, the customer stays."""
    last_order: U64 | None


@row
class Order:
    """A row of table `orders`, and its neighbours among the orders of one customer."""

    customer: U32
    amount: U64
    earlier: U64 | None
    later: U64 | None


@row
class Found:
    """A row of a SELECT by index."""

    order: U64
    amount: U64


class Orders(Application):
    """`orders.customer` refers to `customers`; the index by customer is a list through the rows."""

    customers: Relation[U32, Customer]
    orders: Relation[U64, Order]

    @transition
    def insert_customer(self, customer: U32, name: Name) -> None:
        """INSERT INTO customers."""
        check(customer not in self.customers, "the customer exists")
        self.customers[customer] = Customer(name, U32(0), None)

    @transition
    def delete_customer(self, customer: U32) -> None:
        """DELETE FROM customers WHERE id = ..: refused while an order refers to the row."""
        check(self.customers[customer].orders == 0, "orders refer to the customer")
        del self.customers[customer]

    @transition
    def insert_order(self, order: U64, customer: U32, amount: U64) -> None:
        """INSERT INTO orders: refused where there is no such customer."""
        check(order not in self.orders, "the order exists")
        owner = self.customers.get(customer)
        if owner is None:
            check(False, "there is no such customer")
        last = owner.last_order
        if last is not None:
            self.orders[last] = replace(self.orders[last], later=order)
        self.orders[order] = Order(customer, amount, last, None)
        self.customers[customer] = replace(owner, orders=owner.orders + 1, last_order=order)

    @transition
    def update_order(self, order: U64, amount: U64) -> None:
        """UPDATE orders SET amount = .. WHERE id = .."""
        self.orders[order] = replace(self.orders[order], amount=amount)

    @transition
    def delete_order(self, order: U64) -> None:
        """DELETE FROM orders WHERE id = ..: takes the row out of the index too."""
        found = self.orders[order]
        earlier = found.earlier
        later = found.later
        owner = self.customers[found.customer]
        if earlier is not None:
            self.orders[earlier] = replace(self.orders[earlier], later=later)
        last = owner.last_order
        if later is not None:
            self.orders[later] = replace(self.orders[later], earlier=earlier)
        else:
            last = earlier
        self.customers[found.customer] = replace(owner, orders=owner.orders - 1, last_order=last)
        del self.orders[order]

    @transition
    def customer(self, customer: U32) -> Customer | None:
        """SELECT * FROM customers WHERE id = .."""
        return self.customers.get(customer)

    @transition
    def order(self, order: U64) -> Order | None:
        """SELECT * FROM orders WHERE id = .."""
        return self.orders.get(order)

    @transition
    def by_customer(self, customer: U32, after: U64 | None) -> Annotated[list[Found], Max(PAGE)]:
        """SELECT .. FROM orders WHERE customer = .. ORDER BY insertion DESC, a page at a time.

        `after` is the last order of the page before. Fewer rows than `PAGE` say: these are all.
        """
        following = self.customers[customer].last_order
        if after is not None:
            previous = self.orders[after]
            check(previous.customer == customer, "the order is another customer's")
            following = previous.earlier
        found: Annotated[list[Found], Max(PAGE)] = []
        for _ in range(PAGE):
            if following is not None:
                line = self.orders[following]
                found.append(Found(following, line.amount))
                following = line.earlier
        return found
