//! Noise_IK_25519_ChaChaPoly_SHA256, both sides: a client key and a verifier agree on a session.
//!
//! The pattern, the state machine and the cipher suite are the `snow` library's. What is ours are
//! the prologue, the two payloads, and what is derived from the two keys at the end.

use crate::entropy::Entropy;
use crate::mac::SessionKeys;
use crate::require;
use crate::scope::Scope;
use alloc::boxed::Box;
use alloc::vec::Vec;
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState};
use zeroize::Zeroizing;

const PATTERN: &str = "Noise_IK_25519_ChaChaPoly_SHA256";
pub const MESSAGE_1_LEN: usize = 101;
pub const MESSAGE_2_LEN: usize = 56;
const ASK_LEN: usize = 5;
const WELCOME_LEN: usize = 8;
const FLAG_STRICT_ORDER: u8 = 1;

/// The message is not one for this side, whatever is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeError;

impl From<snow::Error> for HandshakeError {
    fn from(_: snow::Error) -> Self {
        Self
    }
}

/// What a client asks for in message 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// A request runs only after the one before it is settled.
    pub strict_order: bool,
    /// The session that this one takes the place of; 0 for none.
    pub replaces: u32,
}

/// What the verifier tells in message 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    pub session: u32,
    pub last_epoch: u32,
}

/// The verifier's side, for one incarnation.
pub struct Responder {
    secret: Zeroizing<[u8; 32]>,
    scope: Scope,
}

/// Message 1, read: its sender has the secret of `client`, or repeats a message of it.
pub struct Incoming {
    state: HandshakeState,
    pub client: [u8; 32],
    pub ask: Ask,
}

/// The client's side, for one session.
pub struct Initiator {
    state: HandshakeState,
}

/// The public key of an X25519 secret.
#[must_use]
pub fn public_key(secret: &[u8; 32]) -> [u8; 32] {
    let mut key = [0; 32];
    if let Some(mut dh) = DefaultResolver.resolve_dh(&DHChoice::Curve25519) {
        dh.set(secret);
        key.copy_from_slice(dh.pubkey());
    }
    key
}

impl Responder {
    #[must_use]
    pub fn new(secret: Zeroizing<[u8; 32]>, scope: Scope) -> Self {
        Self { secret, scope }
    }

    /// The static key, for the introduction.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        public_key(&self.secret)
    }

    pub fn read(&self, message: &[u8], entropy: &mut Entropy) -> Result<Incoming, HandshakeError> {
        let prologue = prologue(&self.scope);
        let mut state = builder(entropy)?
            .local_private_key(&*self.secret)?
            .prologue(&prologue)?
            .build_responder()?;
        let mut payload = [0; MESSAGE_1_LEN];
        let len = state.read_message(message, &mut payload)?;
        let ask = decode_ask(payload.get(..len).unwrap_or_default())?;
        // Message 1 of this pattern always has a key; no list has a client of zeros.
        let client = state.get_remote_static().and_then(|key| key.first_chunk().copied());
        Ok(Incoming { state, client: client.unwrap_or([0; 32]), ask })
    }
}

impl Incoming {
    /// Message 2, and the keys; the ephemeral secrets are gone afterwards.
    pub fn accept(mut self, welcome: &Welcome) -> Result<(Vec<u8>, SessionKeys), HandshakeError> {
        let mut payload = [0; WELCOME_LEN];
        let (session, last_epoch) = payload.split_at_mut(4);
        session.copy_from_slice(&welcome.session.to_le_bytes());
        last_epoch.copy_from_slice(&welcome.last_epoch.to_le_bytes());
        let message = write(&mut self.state, &payload, MESSAGE_2_LEN)?;
        Ok((message, keys(&mut self.state)))
    }
}

impl Initiator {
    /// Message 1, to the verifier whose static key was introduced.
    pub fn start(
        scope: &Scope,
        verifier: &[u8; 32],
        secret: &[u8; 32],
        ask: Ask,
        entropy: &mut Entropy,
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let prologue = prologue(scope);
        let mut state = builder(entropy)?
            .local_private_key(secret)?
            .remote_public_key(verifier)?
            .prologue(&prologue)?
            .build_initiator()?;
        let mut payload = [0; ASK_LEN];
        let (flags, replaces) = payload.split_at_mut(1);
        flags.fill(if ask.strict_order { FLAG_STRICT_ORDER } else { 0 });
        replaces.copy_from_slice(&ask.replaces.to_le_bytes());
        let message = write(&mut state, &payload, MESSAGE_1_LEN)?;
        Ok((Self { state }, message))
    }

    /// Reads message 2: the verifier has the secret of its static key, and these are its words.
    pub fn finish(mut self, message: &[u8]) -> Result<(Welcome, SessionKeys), HandshakeError> {
        let mut payload = [0; MESSAGE_2_LEN];
        let len = self.state.read_message(message, &mut payload)?;
        require(len == WELCOME_LEN, HandshakeError)?;
        let word = |at: usize| payload.get(at..).and_then(|rest| rest.first_chunk());
        let number = |at: usize| word(at).map_or(0, |word| u32::from_le_bytes(*word));
        Ok((Welcome { session: number(0), last_epoch: number(4) }, keys(&mut self.state)))
    }
}

fn decode_ask(payload: &[u8]) -> Result<Ask, HandshakeError> {
    require(payload.len() == ASK_LEN, HandshakeError)?;
    let (flags, replaces) = payload.split_first().unwrap_or((&0, &[]));
    require(*flags <= FLAG_STRICT_ORDER, HandshakeError)?;
    let replaces = replaces.first_chunk().map_or(0, |number| u32::from_le_bytes(*number));
    Ok(Ask { strict_order: *flags == FLAG_STRICT_ORDER, replaces })
}

fn prologue(scope: &Scope) -> Vec<u8> {
    [&b"zeta session v1\0"[..], &scope.instance, &scope.incarnation].concat()
}

fn write(
    state: &mut HandshakeState,
    payload: &[u8],
    len: usize,
) -> Result<Vec<u8>, HandshakeError> {
    let mut message = alloc::vec![0; len];
    let written = state.write_message(payload, &mut message)?;
    message.truncate(written);
    Ok(message)
}

fn keys(state: &mut HandshakeState) -> SessionKeys {
    let split = Zeroizing::new(state.dangerously_get_raw_split());
    SessionKeys::derive(&split, state.get_handshake_hash())
}

fn builder<'a>(entropy: &mut Entropy) -> Result<Builder<'a>, HandshakeError> {
    let resolver = Box::new(Resolver { seed: entropy.draw() });
    Ok(Builder::with_resolver(PATTERN.parse()?, resolver))
}

/// The library's own functions, with our entropy. It asks for a generator once for each handshake.
struct Resolver {
    seed: Zeroizing<[u8; 32]>,
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Entropy::new(*self.seed)))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}
