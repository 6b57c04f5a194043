//! A seeded run: clients, threads and epochs in a random interleaving, with or without an attack.

use crate::attack::Attack;
use crate::history::{Event, certified, replays_in_order};
use crate::host::{Host, Trouble};
use crate::operation::{Bytes, Operation, Returned};
use crate::random::Random;
use crate::run::Step;
use zeta_verifier::{Config, Epoch, Incarnation, Node, Outcome, Path, Primitives, Reason};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every operation is certified.
    Certified,
    Mismatch,
    Rejected(Reason),
    /// The verifier lets the host wait for ever.
    Unanswered,
    /// The host's lies contradict each other, and leave it nothing to submit.
    Stuck,
}

/// A run that is over.
pub struct Report {
    pub end: End,
    /// Every call of the verifier, in processing order.
    pub steps: Vec<Step>,
    pub events: Vec<Event>,
    /// The last certified epoch.
    pub certified: Option<Epoch>,
    /// The attack found its moment.
    pub struck: bool,
}

impl Report {
    #[must_use]
    pub fn certified_events(&self) -> Vec<Event> {
        certified(&self.events, self.certified)
    }

    /// Whether what is certified is what the order of the runs explains.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        replays_in_order(&self.certified_events())
    }
}

/// The shape of a run, drawn from its seed: some event kinds are rare in some runs.
#[derive(Clone, Debug)]
pub struct Shape {
    pub threads: u16,
    pub slots: u16,
    pub keys: usize,
    pub clients: usize,
    pub steps: usize,
    weights: [usize; 5],
}

impl Shape {
    pub fn draw(random: &mut Random) -> Self {
        Self {
            threads: 1 + random.below(4) as u16,
            slots: 12 + random.below(8) as u16,
            keys: 1 + random.below(8),
            clients: 1 + random.below(4),
            steps: 100 + random.below(400),
            weights: [0; 5].map(|_| 1 + random.below(10)),
        }
    }
}

enum Client {
    Idle,
    Asked { operation: Operation, called: u64 },
    Answered { event: Event },
}

pub struct Schedule<'a, P: Primitives> {
    pub host: Host<P>,
    shape: Shape,
    clients: Vec<Client>,
    events: Vec<Event>,
    now: u64,
    order: u64,
    attack: Option<&'a Attack<P>>,
    struck: bool,
}

/// The configuration of a simulated verifier.
#[must_use]
pub fn config(threads: u16, slots: u16) -> Config {
    Config {
        threads,
        slots,
        byte_budget: 1 << 20,
        root: Node::EMPTY,
        nonce: [1; 16],
        incarnation: Incarnation([2; 16]),
        secret: [3; 32],
    }
}

impl<'a, P: Primitives + Clone> Schedule<'a, P> {
    #[must_use]
    pub fn new(seed: u64, primitives: P, attack: Option<&'a Attack<P>>) -> Self {
        let mut random = Random::new(seed);
        let shape = Shape::draw(&mut random);
        Self::shaped(shape, random, primitives, attack)
    }

    /// A run of this shape.
    #[must_use]
    pub fn shaped(
        mut shape: Shape,
        mut random: Random,
        primitives: P,
        attack: Option<&'a Attack<P>>,
    ) -> Self {
        if let Some(attack) = attack {
            shape.threads = shape.threads.max(attack.threads);
        }
        let host = Host::new(&config(shape.threads, shape.slots), primitives, random.bits());
        let clients = (0..shape.clients).map(|_| Client::Idle).collect();
        let (events, struck) = (Vec::new(), false);
        Self { host, shape, clients, events, now: 0, order: 0, attack, struck }
    }
}

impl<P: Primitives> Schedule<'_, P> {
    /// Runs to the end: all steps, an audit of every key, and the close of every epoch.
    pub fn finish(mut self) -> Report {
        let end = match self.run() {
            Ok(end) => end,
            Err(Trouble::Rejected(reason)) => End::Rejected(reason),
            Err(Trouble::Waits(_)) => End::Unanswered,
            Err(Trouble::Stuck) => End::Stuck,
        };
        // What the verifier has answered, its clients will hear.
        for client in &mut self.clients {
            if let Client::Answered { event } = std::mem::replace(client, Client::Idle) {
                self.now += 1;
                self.events.push(Event { answered: self.now, ..event });
            }
        }
        let certified = self.host.run.board.certified();
        // What was to be told on the way may have found no entry that fits.
        let heard = self.host.tamper.is_none() || end != End::Certified;
        let struck = self.struck && heard;
        let steps = self.host.run.steps;
        Report { end, steps, events: self.events, certified, struck }
    }

    fn run(&mut self) -> Result<End, Trouble> {
        for step in 0..self.shape.steps {
            self.now += 1;
            if !self.struck && step * 3 > self.shape.steps {
                self.strike()?;
            }
            if !self.step()? {
                return Ok(End::Mismatch);
            }
        }
        self.audit()?;
        self.close_all()
    }

    fn strike(&mut self) -> Result<(), Trouble> {
        let Some(attack) = self.attack else { return Ok(()) };
        let struck = (attack.strike)(&mut self.host);
        self.struck = !matches!(struck, Ok(false));
        struck.map(|_| ())
    }

    /// One event of a random kind; false after a mismatch.
    fn step(&mut self) -> Result<bool, Trouble> {
        let total: usize = self.shape.weights.iter().sum();
        let mut drawn = self.host.random.below(total);
        let mut kind = 0;
        while drawn >= self.shape.weights[kind] {
            drawn -= self.shape.weights[kind];
            kind += 1;
        }
        match kind {
            0 => self.ask(),
            1 => self.answer()?,
            2 => self.deliver(),
            3 => self.let_go()?,
            _ => return self.host.close_step(),
        }
        Ok(true)
    }

    fn client(&mut self, wanted: fn(&Client) -> bool) -> Option<usize> {
        let indices: Vec<usize> =
            (0..self.clients.len()).filter(|index| wanted(&self.clients[*index])).collect();
        self.host.random.pick(&indices).copied()
    }

    /// A client asks for something.
    fn ask(&mut self) {
        if let Some(index) = self.client(|client| matches!(client, Client::Idle)) {
            let operation = draw_operation(&mut self.host.random, self.shape.keys);
            self.clients[index] = Client::Asked { operation, called: self.now };
        }
    }

    /// The verifier runs what a client asked for, on some thread.
    fn answer(&mut self) -> Result<(), Trouble> {
        let Some(index) = self.client(|client| matches!(client, Client::Asked { .. })) else {
            return Ok(());
        };
        let Client::Asked { operation, called } = &self.clients[index] else { return Ok(()) };
        let (operation, called) = (operation.clone(), *called);
        let event = self.execute(index, operation, called)?;
        self.clients[index] = Client::Answered { event };
        Ok(())
    }

    fn execute(
        &mut self,
        client: usize,
        operation: Operation,
        called: u64,
    ) -> Result<Event, Trouble> {
        let thread = self.host.any_thread();
        let (returned, epoch) = self.host.execute(thread, &operation)?;
        self.order += 1;
        let (answered, order) = (self.now, self.order);
        Ok(Event { client, operation, returned, called, answered, epoch, order })
    }

    /// A client hears its answer.
    fn deliver(&mut self) {
        if let Some(index) = self.client(|client| matches!(client, Client::Answered { .. }))
            && let Client::Answered { event } =
                std::mem::replace(&mut self.clients[index], Client::Idle)
        {
            self.events.push(Event { answered: self.now, ..event });
        }
    }

    fn let_go(&mut self) -> Result<(), Trouble> {
        let mut slots = self.host.residents();
        slots.retain(|(thread, slot)| self.host.may_leave(*thread, *slot));
        match self.host.random.pick(&slots).copied() {
            Some((thread, slot)) => self.host.evict(thread, slot),
            None => Ok(()),
        }
    }

    /// Reads every key and brings every record once, so that a lie in store is told.
    fn audit(&mut self) -> Result<(), Trouble> {
        let auditor = self.clients.len();
        for key in self.host.keys() {
            self.now += 1;
            let event = self.execute(auditor, Operation::Get { key }, self.now)?;
            self.now += 1;
            self.events.push(Event { answered: self.now, ..event });
        }
        let away: Vec<Path> = self.host.away.keys().copied().collect();
        for path in away {
            let thread = self.host.any_thread();
            self.host.bring(thread, &path)?;
        }
        Ok(())
    }

    /// Closes every epoch in which an operation ran or a record was let go.
    fn close_all(&mut self) -> Result<End, Trouble> {
        let clocks = (0..self.host.threads()).map(|thread| self.host.clock(thread).epoch());
        let last = clocks.max().unwrap_or_default();
        while self.host.open_epoch() <= last {
            if !self.host.close_step()? {
                return Ok(End::Mismatch);
            }
        }
        let outcome = self.host.run.board.outcome(last);
        Ok(if outcome == Outcome::Certified { End::Certified } else { End::Unanswered })
    }
}

fn draw_operation(random: &mut Random, keys: usize) -> Operation {
    let draw_key = |random: &mut Random| -> Bytes { vec![b'a' + random.below(keys) as u8] };
    // Few values, all of one length, so that they can be swapped and met again.
    let draw_value =
        |random: &mut Random| -> Bytes { format!("v{}", random.below(90) + 10).into() };
    let key = draw_key(random);
    match random.below(10) {
        0..3 => Operation::Get { key },
        3..7 => Operation::Put { key, value: draw_value(random) },
        7 => Operation::Delete { key },
        8 => {
            let expected = random.chance(50).then(|| draw_value(random));
            let new = random.chance(70).then(|| draw_value(random));
            Operation::CompareAndSet { key, expected, new }
        }
        _ => Operation::Rename { source: key, target: draw_key(random) },
    }
}

/// What a client would see of an operation, for those who write histories by hand.
#[must_use]
pub fn event(order: u64, operation: Operation, returned: Returned) -> Event {
    let (called, answered) = (2 * order, 2 * order + 1);
    Event { client: 0, operation, returned, called, answered, epoch: Epoch(0), order }
}
