//! Log entries between their Python classes and the codec.

use crate::bytes_like::BytesLike;
use crate::class::Class;
use crate::errors::{class_name, invalid_type, invalid_value};
use crate::number::number;
use crate::record::{record_object, with_record};
use crate::session_entry;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use zeta_program::TransitionId;
use zeta_verifier::{Authentication, Entry, Epoch, RunApp, SlotId, SlotList, ThreadId, Timestamp};

static ADD_M: Class = Class::new("zeta.log", "AddM");
static ADD_B: Class = Class::new("zeta.log", "AddB");
static EVICT_M: Class = Class::new("zeta.log", "EvictM");
static EVICT_B: Class = Class::new("zeta.log", "EvictB");
static EVICT_BM: Class = Class::new("zeta.log", "EvictBM");
static NEXT_EPOCH: Class = Class::new("zeta.log", "NextEpoch");
static VERIFY_EPOCH: Class = Class::new("zeta.log", "VerifyEpoch");
static RUN_APP: Class = Class::new("zeta.log", "RunApp");
static SESSION: Class = Class::new("zeta.log", "Session");
static TIMESTAMP: Class = Class::new("zeta.log", "Timestamp");

type EncodeFields = fn(&Bound<'_, PyAny>, &mut Vec<u8>) -> PyResult<()>;

/// Each class of entries and how its fields become bytes.
static CLASSES: [(&Class, EncodeFields); 12] = [
    (&RUN_APP, encode_run_app),
    (&ADD_B, encode_add_b),
    (&EVICT_B, encode_evict_b),
    (&EVICT_BM, encode_evict_bm),
    (&ADD_M, encode_add_m),
    (&EVICT_M, encode_evict_m),
    (&NEXT_EPOCH, |_, log| {
        Entry::NextEpoch.encode(log);
        Ok(())
    }),
    (&VERIFY_EPOCH, |_, log| {
        Entry::VerifyEpoch.encode(log);
        Ok(())
    }),
    (&session_entry::OPEN, session_entry::encode_open),
    (&session_entry::REVOKE, session_entry::encode_revoke),
    (&session_entry::ROTATE, session_entry::encode_rotate),
    (&session_entry::ASK, session_entry::encode_ask),
];

/// Appends the encoding of an entry; false where the object is none.
pub(crate) fn encode_entry(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<bool> {
    for (class, encode_fields) in CLASSES {
        if class.is_class_of(object)? {
            encode_fields(object, log)?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn encode_add_m(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    let (slot, ancestor_slot) = (slot(object, "slot")?, slot(object, "ancestor_slot")?);
    with_record(&object.getattr("record")?, |record| {
        Entry::AddM { slot, ancestor_slot, record: *record }.encode(log);
    })
}

fn encode_add_b(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    let slot = slot(object, "slot")?;
    let thread = ThreadId(field(object, "thread")?);
    let timestamp = timestamp(object)?;
    with_record(&object.getattr("record")?, |record| {
        Entry::AddB { slot, thread, timestamp, record: *record }.encode(log);
    })
}

fn encode_evict_m(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    let (slot, ancestor_slot) = (slot(object, "slot")?, slot(object, "ancestor_slot")?);
    Entry::EvictM { slot, ancestor_slot }.encode(log);
    Ok(())
}

fn encode_evict_b(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    let (slot, timestamp) = (slot(object, "slot")?, timestamp(object)?);
    Entry::EvictB { slot, timestamp }.encode(log);
    Ok(())
}

fn encode_evict_bm(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    let (slot, ancestor_slot) = (slot(object, "slot")?, slot(object, "ancestor_slot")?);
    Entry::EvictBM { slot, ancestor_slot, timestamp: timestamp(object)? }.encode(log);
    Ok(())
}

fn encode_run_app(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    let transition = TransitionId(field(object, "transition")?);
    let arguments = object.getattr("arguments")?;
    let arguments: BytesLike<'_> = arguments.extract()?;
    let slots = object.getattr("slots")?;
    let not_many = |_| {
        let name = class_name(&slots);
        invalid_type(format!("`slots` are many numbers, not `{name}`"))
    };
    let slots = slots.try_iter().map_err(not_many)?.map(|slot| number(&slot?));
    let slots: Vec<u16> = slots.collect::<PyResult<_>>()?;
    if u16::try_from(slots.len()).is_err() || u32::try_from(arguments.len()).is_err() {
        return Err(invalid_value("the arguments or slots are more than an entry can hold"));
    }
    let slots: Vec<u8> = slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();
    let slots = SlotList::from_bytes(&slots).ok_or_else(|| invalid_value("odd slots"))?;
    let session = object.getattr("authentication")?;
    if session.is_none() {
        let authentication = Authentication::Embedded;
        Entry::RunApp(RunApp { transition, authentication, arguments: &arguments, slots })
            .encode(log);
        return Ok(());
    }
    if !SESSION.is_class_of(&session)? {
        let name = class_name(&session);
        return Err(invalid_type(format!("expected a `Session` or `None`, not `{name}`")));
    }
    let mac = session.getattr("mac")?;
    let mac: BytesLike<'_> = mac.extract()?;
    let mac = <&[u8; 16]>::try_from(&*mac).map_err(|_| invalid_value("a MAC has 16 bytes"))?;
    let sequence = number(&session.getattr("sequence")?)?;
    let session = number(&session.getattr("session")?)?;
    let authentication = Authentication::Session { session, sequence, mac };
    Entry::RunApp(RunApp { transition, authentication, arguments: &arguments, slots }).encode(log);
    Ok(())
}

fn field(object: &Bound<'_, PyAny>, name: &str) -> PyResult<u16> {
    let value = object.getattr(name)?;
    value.extract().map_err(|_| {
        let class = class_name(object);
        invalid_value(format!("`{value}` does not fit field `{name}` of `{class}`: 0 to 65535"))
    })
}

fn slot(object: &Bound<'_, PyAny>, name: &str) -> PyResult<SlotId> {
    field(object, name).map(SlotId)
}

fn timestamp(object: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    let value = object.getattr("timestamp")?;
    let (epoch, counter) = value.extract::<(u32, u32)>().map_err(|_| {
        invalid_type(format!("expected a `Timestamp` of two numbers below 2**32, not `{value}`"))
    })?;
    Ok(Timestamp::new(Epoch(epoch), counter))
}

pub(crate) fn timestamp_object(py: Python<'_>, timestamp: Timestamp) -> PyResult<Bound<'_, PyAny>> {
    TIMESTAMP.make(py, (timestamp.epoch().0, timestamp.counter()))
}

/// The Python object of an entry.
pub(crate) fn entry_object<'py>(py: Python<'py>, entry: &Entry<'_>) -> PyResult<Bound<'py, PyAny>> {
    match entry {
        Entry::AddM { slot, ancestor_slot, record } => {
            ADD_M.make(py, (slot.0, ancestor_slot.0, record_object(py, record)?))
        }
        Entry::AddB { slot, thread, timestamp, record } => {
            let timestamp = timestamp_object(py, *timestamp)?;
            ADD_B.make(py, (slot.0, thread.0, timestamp, record_object(py, record)?))
        }
        Entry::EvictM { slot, ancestor_slot } => EVICT_M.make(py, (slot.0, ancestor_slot.0)),
        Entry::EvictB { slot, timestamp } => {
            EVICT_B.make(py, (slot.0, timestamp_object(py, *timestamp)?))
        }
        Entry::EvictBM { slot, ancestor_slot, timestamp } => {
            EVICT_BM.make(py, (slot.0, ancestor_slot.0, timestamp_object(py, *timestamp)?))
        }
        Entry::NextEpoch => NEXT_EPOCH.make(py, ()),
        Entry::VerifyEpoch => VERIFY_EPOCH.make(py, ()),
        Entry::RunApp(run) => run_app_object(py, run),
        Entry::Session(entry) => session_entry::object(py, entry),
    }
}

fn run_app_object<'py>(py: Python<'py>, run: &RunApp<'_>) -> PyResult<Bound<'py, PyAny>> {
    let slots = (0..run.slots.len()).filter_map(|index| run.slots.get(index).map(|slot| slot.0));
    let slots = PyTuple::new(py, slots.collect::<Vec<_>>())?;
    let authentication = match run.authentication {
        Authentication::Embedded => None,
        Authentication::Session { session, sequence, mac } => {
            Some(SESSION.make(py, (session, sequence, PyBytes::new(py, mac)))?)
        }
    };
    let arguments = PyBytes::new(py, run.arguments);
    RUN_APP.make(py, (run.transition.0, arguments, slots, authentication))
}
