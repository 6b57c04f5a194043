//! A stream of secret bytes from one seed that forgets what it has given.
//!
//! The state is replaced by its own image under HMAC-SHA-256 at every draw: whoever learns it later
//! cannot find an ephemeral key that was drawn earlier.

use crate::mac::hmac;
use zeroize::Zeroizing;

/// No `Debug` and no `Clone`: two copies would draw the same keys.
pub struct Entropy {
    state: Zeroizing<[u8; 32]>,
}

impl Entropy {
    /// `seed` must be drawn at random inside the trusted environment, used once, and forgotten.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self { state: Zeroizing::new(seed) }
    }

    /// 256 bits that nobody else has.
    pub fn draw(&mut self) -> Zeroizing<[u8; 32]> {
        let drawn = hmac(&self.state, &[b"zeta draw"]);
        self.state = hmac(&self.state, &[b"zeta next"]);
        drawn
    }

    /// Another stream, independent of what this one gives from now on.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self { state: self.draw() }
    }
}

impl snow::types::Random for Entropy {
    fn try_fill_bytes(&mut self, room: &mut [u8]) -> Result<(), snow::Error> {
        for piece in room.chunks_mut(32) {
            let drawn = self.draw();
            for (byte, secret) in piece.iter_mut().zip(drawn.iter()) {
                *byte = *secret;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use snow::types::Random;

    #[test]
    fn nothing_is_given_twice() {
        let mut entropy = Entropy::new([7; 32]);
        let (first, second) = (entropy.draw(), entropy.draw());
        let (mut one, mut other) = (entropy.split(), entropy.split());
        let all = [first, second, one.draw(), other.draw(), entropy.draw()];
        for (at, drawn) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|later| later != drawn));
            assert_ne!(**drawn, [7; 32]);
        }
        assert_eq!(*Entropy::new([7; 32]).draw(), *all[0], "a seed decides all");
    }

    #[test]
    fn room_of_any_length_is_filled() {
        let mut long = [0; 70];
        Entropy::new([7; 32]).try_fill_bytes(&mut long).unwrap();
        let mut pieces = Entropy::new([7; 32]);
        assert_eq!(long[..32], *pieces.draw());
        assert_eq!(long[32..64], *pieces.draw());
        assert_eq!(long[64..], pieces.draw()[..6]);
    }
}
