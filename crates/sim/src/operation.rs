//! Operations of the key-value application, as a client states them, and what they mean.

use std::collections::BTreeMap;
use zeta_verifier::TransitionId;

pub type Bytes = Vec<u8>;
/// The state of the application: what is absent is null.
pub type Model = BTreeMap<Bytes, Bytes>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    Get { key: Bytes },
    Put { key: Bytes, value: Bytes },
    Delete { key: Bytes },
    CompareAndSet { key: Bytes, expected: Option<Bytes>, new: Option<Bytes> },
    Rename { source: Bytes, target: Bytes },
}

/// What an operation returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Returned {
    Value(Option<Bytes>),
    Nothing,
    Flag(bool),
}

impl Operation {
    /// The transition of `zeta_program::key_value`.
    #[must_use]
    pub fn transition(&self) -> TransitionId {
        TransitionId(match self {
            Self::Get { .. } => 0,
            Self::Put { .. } => 1,
            Self::Delete { .. } => 2,
            Self::CompareAndSet { .. } => 3,
            Self::Rename { .. } => 4,
        })
    }

    #[must_use]
    pub fn arguments(&self) -> Bytes {
        match self {
            Self::Get { key } | Self::Delete { key } => counted(key),
            Self::Put { key, value } => [counted(key), counted(value)].concat(),
            Self::CompareAndSet { key, expected, new } => {
                [counted(key), optional(expected), optional(new)].concat()
            }
            Self::Rename { source, target } => [counted(source), counted(target)].concat(),
        }
    }

    /// The different keys, in the order in which the program asks for them.
    #[must_use]
    pub fn keys(&self) -> Vec<Bytes> {
        match self {
            Self::Rename { source, target } if source != target => {
                vec![source.clone(), target.clone()]
            }
            Self::Get { key }
            | Self::Put { key, .. }
            | Self::Delete { key }
            | Self::CompareAndSet { key, .. }
            | Self::Rename { source: key, .. } => vec![key.clone()],
        }
    }

    /// Runs the operation on the model.
    pub fn apply(&self, model: &mut Model) -> Returned {
        match self {
            Self::Get { key } => Returned::Value(model.get(key).cloned()),
            Self::Put { key, value } => {
                model.insert(key.clone(), value.clone());
                Returned::Nothing
            }
            Self::Delete { key } => Returned::Flag(model.remove(key).is_some()),
            Self::CompareAndSet { key, expected, new } => {
                let same = model.get(key) == expected.as_ref();
                if same {
                    match new {
                        Some(value) => model.insert(key.clone(), value.clone()),
                        None => model.remove(key),
                    };
                }
                Returned::Flag(same)
            }
            Self::Rename { source, target } => match model.remove(source) {
                None => Returned::Flag(false),
                Some(value) => {
                    model.insert(target.clone(), value);
                    Returned::Flag(true)
                }
            },
        }
    }

    /// Reads the result of this operation from its encoding.
    #[must_use]
    pub fn returned(&self, result: &[u8]) -> Option<Returned> {
        match (self, result) {
            (Self::Get { .. }, [0]) => Some(Returned::Value(None)),
            (Self::Get { .. }, [1, rest @ ..]) => {
                let (len, value) = rest.split_first_chunk()?;
                let whole = u32::from_le_bytes(*len) as usize == value.len();
                whole.then(|| Returned::Value(Some(value.to_vec())))
            }
            (Self::Put { .. }, []) => Some(Returned::Nothing),
            (Self::Get { .. } | Self::Put { .. }, _) => None,
            (_, [flag @ (0 | 1)]) => Some(Returned::Flag(*flag == 1)),
            _ => None,
        }
    }
}

/// A byte string as an argument: its length as u32, then its bytes.
#[must_use]
pub fn counted(bytes: &[u8]) -> Bytes {
    [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

fn optional(value: &Option<Bytes>) -> Bytes {
    match value {
        None => vec![0],
        Some(value) => [vec![1], counted(value)].concat(),
    }
}
