//! By what the calls of a method are ordered and placed, if its contract says so.

use std::hash::Hash;

use serde::Serialize;

use super::method::Method;
use crate::{
    id::xxh3,
    message::format::{CodecError, write},
};

/// A value that can be the key of a call: `#[rpc(key = "player")]` names an argument, or a part of one, that is such a value.
///
/// Two callers must find the same key for what is the same, so it has an equality and a hash, and is written as postcard, of which the
/// XXH3 hash (64 bits, no seed) is taken. Whole numbers, texts, `bool`, [`Pid`](crate::id::Pid), [`UniqueId`](crate::id::UniqueId), tuples, lists
/// and `#[message]` types with `#[derive(PartialEq, Eq, Hash)]` are such values. Floats are not, nor are maps and sets by hash.
/// A whole number of more than 8 bits is written with as many bytes as its value needs, so that 300 has one hash, whether it is a `u16` or a `u64`;
/// a signed one is another key than an unsigned one.
///
/// Who writes `Hash` or serde's `Serialize` himself has to see to it that what is equal is written as the same bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a call",
    label = "a key is a value of which two callers find the same hash",
    note = "whole numbers, texts, `bool`, `Pid`, `UniqueId`, tuples and lists of them can be keys, and `#[message]` types of yours with `#[derive(PartialEq, Eq, Hash)]`; floats cannot, nor maps and sets by hash",
    note = "of a larger argument name the part that is the key: `key = \"req.player\"`"
)]
pub trait CallKey: Serialize + Eq + Hash {}
// The compiler says that it cannot be a key, once, and not which trait it lacks.
#[diagnostic::do_not_recommend]
impl<T: Serialize + Eq + Hash + ?Sized> CallKey for T {}

/// A method whose contract names no key: its callers may give one.
#[diagnostic::on_unimplemented(
    message = "the key of this call is in its contract",
    label = "the method says which argument is the key of its calls",
    note = "leave out `.key(…)`: the call has its key, whoever makes it; to choose an instance by something else, `select::<…>().by_key(…)`"
)]
pub trait Unkeyed: Method {}

/// The hash of a key. Most are short.
///
/// # Errors
/// It cannot be written as postcard.
pub fn key_hash<K: CallKey + ?Sized>(key: &K) -> Result<u64, CodecError> {
    let mut bytes = Vec::with_capacity(32);
    write(&key, &mut bytes)?;
    Ok(xxh3(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId, NodeKey, Pid};

    fn hash(key: &(impl CallKey + ?Sized)) -> u64 {
        key_hash(key).unwrap()
    }

    /// The contract: whoever changes one of these places the keys of running clusters anew, and breaks the order of their calls.
    #[test]
    fn hashes_of_keys_are_those_of_every_release() {
        #[derive(Serialize, PartialEq, Eq, Hash)]
        enum Room {
            Lobby,
            Table { hall: u8, number: i32 },
        }
        let pid = Pid { node: NodeKey { id: NodeId(7), incarnation: Incarnation(9) }, number: 300 };
        let hashes = [
            hash(&0_u64),
            hash(&7_u32),
            hash(&-7_i64),
            hash(&u128::MAX),
            hash("ann"),
            hash(""),
            hash(&true),
            hash(&Some(7_u64)),
            hash(&(7_u16, "ann".to_owned())),
            hash(&[1_u8, 2, 3][..]),
            hash(&Room::Lobby),
            hash(&Room::Table { hall: 1, number: -2 }),
            hash(&pid),
            hash(&"n".repeat(300)),
        ];
        let known = [
            0xc44b_dff4_074e_ecdb,
            0x4c5c_ca45_d0f4_811f,
            0x8a21_d78b_1538_b1c0,
            0x4525_9ee8_23dd_04c3,
            0x5df3_d18f_09e9_19a6,
            0xc44b_dff4_074e_ecdb,
            0xe12e_f9d2_eb86_ceeb,
            0x869e_23d5_8dc6_2d16,
            0x5d1e_029c_8273_33e8,
            0xaff6_cd23_22cf_8a8d,
            0xc44b_dff4_074e_ecdb,
            0x2d70_ee67_31a7_0dc0,
            0xf739_08f0_e2ae_a8d4,
            0x7199_6c4b_5d34_2133,
        ];
        assert_eq!(hashes, known);
    }

    #[test]
    fn a_key_is_its_value_whatever_holds_it() {
        assert_eq!(hash(&300_u16), hash(&300_u64));
        assert_eq!(hash("ann"), hash(&String::from("ann")));
        assert_eq!(hash(&Box::new(7_u64)), hash(&7_u64));
        assert_ne!(hash(&7_i64), hash(&7_u64));
    }

    #[test]
    fn a_key_that_cannot_be_written_is_an_error() {
        #[derive(PartialEq, Eq, Hash)]
        struct Never;
        impl Serialize for Never {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("not today"))
            }
        }
        assert!(key_hash(&Never).unwrap_err().to_string().contains("not today"));
    }
}
