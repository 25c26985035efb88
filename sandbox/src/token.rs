//! Tokens, uuids and ids that look random and are the same for the same seed, so that a reset keeps them.

use sha2::{Digest, Sha256};

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Makes secrets from a seed. Named ones belong to the fresh world, numbered ones to what is created later.
#[derive(Debug, Clone)]
pub(crate) struct Mint {
    seed: u64,
    /// Counts resets, so that what is made after one is not mistaken for what was there before.
    generation: u64,
    made: u64,
}

impl Mint {
    pub(crate) fn new(seed: u64, generation: u64) -> Self {
        Mint { seed, generation, made: 0 }
    }

    /// The 24-character token of that name (`user/agent/access`), the same after every reset.
    pub(crate) fn named(&self, name: &str) -> String {
        letters(&digest(&[&self.seed.to_be_bytes(), name.as_bytes()]))
    }

    /// The uuid of that name, the same after every reset.
    pub(crate) fn named_uuid(&self, name: &str) -> String {
        uuid(&digest(&[&self.seed.to_be_bytes(), b"uuid", name.as_bytes()]))
    }

    pub(crate) fn token(&mut self) -> String {
        letters(&self.next())
    }

    pub(crate) fn uuid(&mut self) -> String {
        uuid(&self.next())
    }

    fn next(&mut self) -> [u8; 32] {
        self.made += 1;
        digest(&[&self.seed.to_be_bytes(), &self.generation.to_be_bytes(), &self.made.to_be_bytes()])
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().into()
}

fn letters(bytes: &[u8; 32]) -> String {
    bytes.iter().take(24).map(|b| char::from(BASE58[usize::from(*b) % BASE58.len()])).collect()
}

fn uuid(bytes: &[u8; 32]) -> String {
    let h = hex::encode(&bytes[..16]);
    format!("{}-{}-4{}-8{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_tokens_and_a_reset_makes_new_ones_later() {
        let (mut a, mut b) = (Mint::new(1, 0), Mint::new(1, 1));
        assert_eq!(a.named("x"), b.named("x"));
        assert_eq!(a.named("x").len(), 24);
        assert_ne!(a.named("x"), Mint::new(2, 0).named("x"));
        assert_ne!(a.token(), b.token());
        assert_eq!(a.uuid().len(), 36);
    }
}
