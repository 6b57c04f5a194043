"""Why the verifier did not apply an entry: one name for each check, numbered, never renumbered."""

from enum import StrEnum

from zeta import _native


class Reason(StrEnum):
    """The check that refused an entry: the host lied."""

    TRUNCATED = "Truncated"
    UNKNOWN_TAG = "UnknownTag"
    UNKNOWN_RECORD_KIND = "UnknownRecordKind"
    UNKNOWN_POINTER_TAG = "UnknownPointerTag"
    PATH_NOT_CANONICAL = "PathNotCanonical"
    NODE_PATH_IS_LEAF = "NodePathIsLeaf"
    KEY_TOO_LONG = "KeyTooLong"
    VALUE_TOO_LONG = "ValueTooLong"
    UNKNOWN_AUTHENTICATION = "UnknownAuthentication"
    ARGUMENTS_TOO_LONG = "ArgumentsTooLong"
    SLOT_OUT_OF_RANGE = "SlotOutOfRange"
    ANCESTOR_OUT_OF_RANGE = "AncestorOutOfRange"
    SLOT_EMPTY = "SlotEmpty"
    ANCESTOR_EMPTY = "AncestorEmpty"
    SLOT_OCCUPIED = "SlotOccupied"
    NOT_DESCENDANT = "NotDescendant"
    VALUE_NOT_INITIAL = "ValueNotInitial"
    HASH_MISMATCH = "HashMismatch"
    POINTER_DEFERRED = "PointerDeferred"
    CHILD_IN_STORE = "ChildInStore"
    POINTER_ELSEWHERE = "PointerElsewhere"
    CHILDREN_IN_STORE = "ChildrenInStore"
    POINTER_NOT_KEY = "PointerNotKey"
    PARENT_MISMATCH = "ParentMismatch"
    ROOT_ADDED_FROM_DEFERRED = "RootAddedFromDeferred"
    ROOT_EVICTED = "RootEvicted"
    THREAD_OUT_OF_RANGE = "ThreadOutOfRange"
    ADD_TO_VERIFIED_EPOCH = "AddToVerifiedEpoch"
    EVICT_NOT_AFTER_CLOCK = "EvictNotAfterClock"
    NOT_ADDED_FROM_DEFERRED = "NotAddedFromDeferred"
    NOT_ADDED_FROM_TREE = "NotAddedFromTree"
    COUNTER_OVERFLOW = "CounterOverflow"
    ELEMENT_COUNT_OVERFLOW = "ElementCountOverflow"
    EPOCH_OVERFLOW = "EpochOverflow"
    EPOCH_NOT_PASSED = "EpochNotPassed"
    SLOT_NOT_LISTED = "SlotNotListed"
    SLOT_KEY_MISMATCH = "SlotKeyMismatch"
    SLOT_UNUSED = "SlotUnused"
    THREAD_POISONED = "ThreadPoisoned"

    @property
    def number(self) -> int:
        """The number of this reason; it never changes."""
        return _REASONS[self.value][0]

    @property
    def text(self) -> str:
        """One sentence for people: what the host did."""
        return _REASONS[self.value][1]


class NotYet(StrEnum):
    """Why an entry may not run yet: nothing changed, the same bytes may be submitted again."""

    PUBLISHED_CLOCK = "PublishedClock"
    """The eviction of the element, on another thread, is not published yet."""
    FLOOR = "Floor"
    """Another thread has run an operation in a later epoch: this one must follow first."""
    WINDOW = "Window"
    """The epoch lies beyond the window of epochs that are kept."""
    BYTE_BUDGET = "ByteBudget"
    """The values in this thread's slots would exceed its byte budget."""


_REASONS = {name: (number, text) for name, number, text in _native.reasons()}
