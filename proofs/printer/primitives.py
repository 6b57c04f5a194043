"""What the printed Rust takes from Rust written by hand: Coq names, and what stands for each.

A line of these tables is a claim: that the two mean the same. `checks/sweep.v` tests those that are
not Rust's own. Unbounded arithmetic (N.add, N.mul) is in no table, so it cannot be printed.
"""

# Rust's own types have no path.
TYPES = {
    "Datatypes.bool": "bool",
    "Datatypes.unit": "()",
    "Width.u32": "u32",
    "Width.u64": "u64",
    "Width.usize": "usize",
    "Width.SlotId": "crate::ids::SlotId",
    "Time.Epoch": "crate::ids::Epoch",
    "Time.Timestamp": "crate::ids::Timestamp",
    "Path.path": "crate::path::Path",
    "Path.direction": "crate::ids::Direction",
    "Bytes.digest": "crate::record::Hash",
    "Record.link": "crate::record::Link",
    "Reason.Reason": "crate::reason::Reason",
    "Reason.NotYet": "crate::reason::NotYet",
    "Reason.Stop": "crate::reason::Stop",
    "Reason.Refusal": "crate::reason::Refusal",
    "Reason.Halt": "crate::reason::Halt",
    "Session.Number": "zeta_session::Number",
}
# By their Coq names, and how Rust writes them around their arguments.
GENERIC = {"Datatypes.option": "Option<{}>", "Reason.Result": "Result<{}, {}>"}
# Passed by reference; so is every view.
LARGE = {"Path", "Link", "ByteUse"}

# Functions and constants.
BY_PATH = {
    "Reason.require": "crate::reason::require",
    "Session.SEQUENCE_MAX": "zeta_session::SEQUENCE_MAX",
}

# Operator, how tightly it binds, and how tightly its operands must.
EQUAL = ("==", 3, 4)
INFIX = {
    "BinNat.N.eqb": EQUAL,
    "BinNat.N.leb": ("<=", 3, 4),
    "BinNat.N.ltb": ("<", 3, 4),
    "Time.at_or_before": ("<=", 3, 4),
    "Time.before": ("<", 3, 4),
    "Path.path_eqb": EQUAL,
    "Bytes.digest_eqb": EQUAL,
    "EvictB.add_method_eqb": EQUAL,
    "Datatypes.andb": ("&&", 2, 3),
    "Datatypes.orb": ("||", 1, 3),
}
TIGHT = 4

# Whether a value is this one.
EQUATIONS = {"Session.is_used": "Session.Used", "Session.is_below": "Session.Below"}

METHODS = {
    "BinNat.N.sub": "saturating_sub",
    "Width.saturating_add_u32": "saturating_add",
    "Width.saturating_add_u64": "saturating_add",
    "Time.epoch": "epoch",
    "Time.counter": "counter",
    "Time.later": "max",
    "Time.after": "after",
    "Time.next": "after",
    "Time.since": "since",
    "Path.is_below": "is_proper_descendant_of",
    "Path.direction_at": "direction_at",
    "Path.len": "len",
    "Record.is_none": "is_none",
}
# Name and type.
FIELDS = {
    "Record.l_path": ("path", "Path"),
    "Record.l_hash": ("hash", "Hash"),
    "Record.l_deferred": ("deferred", "bool"),
}

CONSTRUCTORS = {
    "Time.Build_Timestamp": "Timestamp::new",
    "Reason.Ok": "Ok",
    "Reason.Err": "Err",
    "Datatypes.Some": "Some",
}
VALUES = {
    "Datatypes.true": "true",
    "Datatypes.false": "false",
    "Datatypes.tt": "()",
    "Datatypes.None": "None",
    "BinNums.N0": "0",
    "Width.u32_max": "u32::MAX",
    "Width.u64_max": "u64::MAX",
    "Time.last_epoch": "Epoch::LAST",
}
