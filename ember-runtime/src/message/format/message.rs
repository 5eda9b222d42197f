//! What a type must be to travel.

use serde::{Serialize, de::DeserializeOwned};

/// A value that can travel between nodes: whatever serde can write and read. `#[message]` derives it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel between nodes",
    label = "an argument, value or error of an `rpc_` method must be serializable",
    note = "if the type is yours, put `#[message]` on it (of `Vec<X>`, of `Option<X>`, of a `Pile<X>` of yours it may be `X` that lacks it)",
    note = "a type of another crate travels if it has serde's `Serialize` and `Deserialize`, in some crates behind a feature `serde`; for one that has not, send a `#[message]` type of your own, with the parts of it that count, or with it in a field that has `#[serde(with = …)]`",
    note = "a method that is only called on its own node can be named `api_…` instead: nothing has to travel then"
)]
pub trait Message: Serialize + DeserializeOwned + Send + 'static {}
// The compiler says that `Message` is missing, once, and not what it would take in serde's terms.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Message for T {}

/// Stands where a field cannot travel, in code that the compiler refuses for just that.
pub fn never_read<T>() -> T {
    unreachable!("a type with such a field does not compile")
}
