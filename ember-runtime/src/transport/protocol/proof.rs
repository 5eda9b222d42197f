//! How a node proves who it is: each run has an Ed25519 key pair, of which the registry holds the public half, and signs what
//! the other side of a connection has just made up.
//!
//! What is signed is a text that says what for, the nonces of both sides, and what is claimed: so a signature is worth
//! nothing on another connection, and in another place of the handshake. It proves who has begun this connection. What
//! travels later is neither encrypted nor signed: whoever can change packets on their way can take over a link that is up.

use std::{fmt, sync::Arc};

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::{id::PublicKey, rng::Rng};

/// What a node has signed, for whom it has just met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// "I am the run that you look for": nothing else is said, so that it says nothing to those who do not know the key.
    Here,
    Hello,
    Welcome,
}

impl Claim {
    /// With the version of the link: no proof is good for another one.
    fn context(self, version: u16) -> String {
        let what = match self {
            Self::Here => "here",
            Self::Hello => "hello",
            Self::Welcome => "welcome",
        };
        format!("ember link {version}: {what}\0")
    }
}

/// A number that is used once: a proof that holds it was made after it.
pub(crate) type Nonce = [u8; 32];

/// Those of a connection, and what else each proof on it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonces {
    /// The version that its ends speak.
    pub(crate) version: u16,
    pub(crate) dialler: Nonce,
    pub(crate) acceptor: Nonce,
}

impl Nonces {
    /// What is signed. The lengths before the parts keep them apart.
    fn message(&self, claim: Claim, parts: &[&[u8]]) -> Vec<u8> {
        let mut message = claim.context(self.version).into_bytes();
        message.extend_from_slice(&self.dialler);
        message.extend_from_slice(&self.acceptor);
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_le_bytes());
            message.extend_from_slice(part);
        }
        message
    }

    /// Whether `signature` is that of the owner of `key` for this.
    pub(crate) fn verify(&self, key: &PublicKey, claim: Claim, parts: &[&[u8]], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, key.0);
        key.verify(&self.message(claim, parts), signature).is_ok()
    }
}

/// The key pair of one run of a node. Its secret half never leaves it.
#[derive(Clone)]
pub(crate) struct KeyPair(Arc<Ed25519KeyPair>);

impl KeyPair {
    /// A new one.
    pub(crate) fn new(rng: &Rng) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&rng.secret::<32>());
        Self(Arc::new(pair.expect("any 32 bytes are a key")))
    }

    pub(crate) fn public(&self) -> PublicKey {
        let mut key = PublicKey([0; 32]);
        key.0.copy_from_slice(self.0.public_key().as_ref());
        key
    }

    pub(crate) fn sign(&self, nonces: &Nonces, claim: Claim, parts: &[&[u8]]) -> Vec<u8> {
        self.0.sign(&nonces.message(claim, parts)).as_ref().to_vec()
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key pair of {}", self.public())
    }
}

/// Something encoded, and the proof who says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signed {
    pub(crate) body: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_for_one_claim_one_connection_and_one_key() {
        let rng = Rng::from_seed(3);
        let (mine, other) = (KeyPair::new(&rng), KeyPair::new(&rng));
        let nonces = Nonces { version: 4, dialler: rng.secret(), acceptor: rng.secret() };
        let later = Nonces { acceptor: rng.secret(), ..nonces };
        let swapped = Nonces { dialler: nonces.acceptor, acceptor: nonces.dialler, ..nonces };
        let older = Nonces { version: 3, ..nonces };
        let proof = mine.sign(&nonces, Claim::Hello, &[b"ab", b"c"]);
        assert!(nonces.verify(&mine.public(), Claim::Hello, &[b"ab", b"c"], &proof));
        assert!(!nonces.verify(&other.public(), Claim::Hello, &[b"ab", b"c"], &proof));
        assert!(!nonces.verify(&mine.public(), Claim::Welcome, &[b"ab", b"c"], &proof));
        for parts in [&[b"a" as &[u8], b"bc"] as &[&[u8]], &[b"abc"], &[b"ab"], &[b"ab", b"c", b""]] {
            assert!(!nonces.verify(&mine.public(), Claim::Hello, parts, &proof), "{parts:?}");
        }
        for others in [later, swapped, older] {
            assert!(!others.verify(&mine.public(), Claim::Hello, &[b"ab", b"c"], &proof));
        }
        assert!(!nonces.verify(&mine.public(), Claim::Hello, &[b"ab", b"c"], &proof[..63]));
    }

    #[test]
    fn the_key_pair_of_a_seed_is_always_the_same() {
        assert_eq!(KeyPair::new(&Rng::from_seed(1)).public(), KeyPair::new(&Rng::from_seed(1)).public());
        assert_ne!(KeyPair::new(&Rng::from_seed(1)).public(), KeyPair::new(&Rng::from_seed(2)).public());
    }
}
