//! An application for tests and benches: accounts with balances, and names that stand for them.

use zeta_program::{
    Arithmetic, Assembly, Comparison, Field, Instruction as I, Integer, Register, Relation,
    RelationId, Transition, Type, ValueType, encode,
};

pub(crate) const SET: u16 = 0;
pub(crate) const GET: u16 = 1;
pub(crate) const TRANSFER: u16 = 2;
pub(crate) const PAY: u16 = 3;
pub(crate) const LINK: u16 = 4;
pub(crate) const FOLLOW: u16 = 5;
pub(crate) const EITHER: u16 = 6;

/// The relation of the accounts.
pub(crate) const ACCOUNTS: RelationId = RelationId(0);
/// The failed check of a payer who has not enough.
pub(crate) const NOT_ENOUGH: u16 = 256;
/// The failed check of an account that is not there.
pub(crate) const ABSENT: u16 = 3;

const NAME: Type = Type::Bytes(64);
const U64: Type = Type::Integer(Integer::U64);
const ACCOUNT: Type = Type::Row(ACCOUNTS);
const LINKED: Type = Type::Row(RelationId(1));

fn field(name: &str, payload: Type) -> Field {
    Field { name: name.to_owned(), value: ValueType::plain(payload) }
}

fn transition(
    name: &str,
    arguments: &[(&str, Type)],
    result: &[ValueType],
    locals: &[Type],
    code: Vec<I>,
) -> Transition {
    Transition {
        name: name.to_owned(),
        arguments: arguments.iter().map(|(name, payload)| field(name, *payload)).collect(),
        result: result.to_vec(),
        locals: locals.to_vec(),
        code,
    }
}

fn list(registers: &[u16]) -> Box<[Register]> {
    registers.iter().copied().map(Register).collect()
}

fn bind(target: u16, key: u16) -> I {
    I::Bind { target: Register(target), operands: list(&[key]) }
}

fn load(target: u16, row: u16) -> I {
    I::Load { row: Register(row), targets: list(&[target]) }
}

fn store(row: u16, operand: u16) -> I {
    I::Store { row: Register(row), operands: list(&[operand]) }
}

fn arithmetic(operation: Arithmetic, target: u16, left: u16, right: u16) -> I {
    let [target, left, right] = [target, left, right].map(Register);
    I::Arithmetic { operation, target, left, right }
}

fn done(operands: &[u16]) -> I {
    I::Return { operands: list(operands) }
}

/// Registers: 0 source, 1 target, 2 amount, 3 and 4 rows, 5 balance, 6 condition.
fn transfer(name: &str, both_at_once: bool) -> Transition {
    let (not_enough, holds) = (NOT_ENOUGH, Register(6));
    let (left, right) = (Register(2), Register(5));
    let mut code = vec![bind(3, 0)];
    if both_at_once {
        code.push(bind(4, 1));
    }
    code.push(load(5, 3));
    code.push(I::Compare { comparison: Comparison::LessOrEqual, target: holds, left, right });
    code.push(I::Check { condition: holds, code: not_enough });
    code.push(arithmetic(Arithmetic::Subtract, 5, 5, 2));
    code.push(store(3, 5));
    if !both_at_once {
        code.push(bind(4, 1));
    }
    code.push(load(5, 4));
    code.push(arithmetic(Arithmetic::Add, 5, 5, 2));
    code.push(store(4, 5));
    code.push(done(&[]));
    let arguments = [("source", NAME), ("target", NAME), ("amount", U64)];
    transition(name, &arguments, &[], &[ACCOUNT, ACCOUNT, U64, Type::Bool], code)
}

/// Registers: 0 name, 1 amount, 2 link, 3 name linked, 4 account, 5 balance.
fn follow() -> Transition {
    let code = vec![
        bind(2, 0),
        load(3, 2),
        bind(4, 3),
        load(5, 4),
        arithmetic(Arithmetic::Add, 5, 5, 1),
        store(4, 5),
        done(&[5]),
    ];
    let locals = [LINKED, NAME, ACCOUNT, U64];
    let arguments = [("name", NAME), ("amount", U64)];
    transition("follow", &arguments, &[ValueType::plain(U64)], &locals, code)
}

/// Registers: 0 and 1 names, 2 epoch, 3 two, 4 remainder, 5 even, 6 row, 7 balance, 8 zero, 9 one.
fn either() -> Transition {
    let u32 = Type::Integer(Integer::U32);
    let [even, remainder, zero] = [5, 4, 8].map(Register);
    let compare =
        |target, left, right| I::Compare { comparison: Comparison::Equal, target, left, right };
    let code = vec![
        I::Epoch { target: Register(2) },
        I::Word { target: Register(3), word: 2 },
        I::Word { target: zero, word: 0 },
        I::Word { target: Register(9), word: 1 },
        arithmetic(Arithmetic::Modulo, 4, 2, 3),
        compare(even, remainder, zero),
        I::JumpUnless { condition: even, to: 9 },
        bind(6, 0),
        I::Jump { to: 10 },
        bind(6, 1),
        load(7, 6),
        arithmetic(Arithmetic::Add, 7, 7, 9),
        store(6, 7),
        done(&[2, 7]),
    ];
    let arguments = [("even", NAME), ("odd", NAME)];
    let result = [ValueType::plain(u32), ValueType::plain(U64)];
    let locals = [u32, u32, u32, Type::Bool, ACCOUNT, U64, u32, U64];
    transition("either", &arguments, &result, &locals, code)
}

/// The program. `set` and `get` an account, `transfer` between two that the call binds at once,
/// `pay` the same where the second is bound late, `link` a name to another, `follow` a link and add
/// to the account that it names, and add one to `either` account, as the epoch is even or odd.
pub(crate) fn program() -> Vec<u8> {
    let set = vec![bind(2, 0), store(2, 1), done(&[])];
    let (presence, row) = (Register(2), Register(1));
    let get = vec![bind(1, 0), I::Read { presence, row, targets: list(&[3]) }, done(&[2, 3])];
    let link = vec![bind(2, 0), store(2, 1), done(&[])];
    let transitions = vec![
        transition("set", &[("name", NAME), ("balance", U64)], &[], &[ACCOUNT], set),
        transition(
            "get",
            &[("name", NAME)],
            &[ValueType::optional(U64)],
            &[ACCOUNT, Type::Bool, U64],
            get,
        ),
        transfer("transfer", true),
        transfer("pay", false),
        transition("link", &[("name", NAME), ("to", NAME)], &[], &[LINKED], link),
        follow(),
        either(),
    ];
    let relation =
        |name: &str, key, row| Relation { name: name.to_owned(), key: vec![key], row: vec![row] };
    let accounts = relation("accounts", field("name", NAME), field("balance", U64));
    let links = relation("links", field("name", NAME), field("to", NAME));
    encode(&Assembly {
        name: "ledger".to_owned(),
        relations: vec![accounts, links],
        constants: vec![],
        reasons: vec!["not enough".to_owned()],
        transitions,
    })
}

/// A name as an argument.
pub(crate) fn name(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
}
