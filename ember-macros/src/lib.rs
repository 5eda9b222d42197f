//! The attributes of Ember. Use them through the crate `ember`.
//!
//! Each attribute goes the same way: `parse` reads the user's item into the `model` and notes what is wrong with it, and
//! `generate` turns the model into code. The user's item is always written out again, also when something is wrong with it,
//! so that the editor keeps working. Contracts and implementations share one model.

mod attribute;
mod errors;
mod generate;
#[cfg(test)]
mod golden;
mod model;
mod parse;
#[cfg(test)]
mod tests;
mod text;

use proc_macro::TokenStream;

/// Makes a struct the state of a service.
///
/// | option | means | default |
/// | --- | --- | --- |
/// | `name = "…"` | the name that it is registered under | the struct's name |
/// | `kind = "…"` | free text to select by | empty |
/// | `version = "…"` | the version that callers can ask for | the package's |
/// | `implements(Contract, …)` | the contracts that it fulfils, each with an `#[rpc] impl Contract for …` | none |
/// | `elected` | the instances of one server id, name and id elect one of them, the master, which acts for all; the id is the name unless one is given | all are equal |
/// | `min_in_sync = 2` | of a `Replicated` service: with fewer members in sync, the master among them, the master takes no call on (`NotExecuted(TooFewInSync)`; callers ask again within their deadline; methods marked `read` are answered), and what was begun before is answered when there are enough again, or as `MaybeExecuted` when the office is lost. So what was acknowledged survives the loss of one member less than this. A new master takes over what it has, however few are in sync | 1 |
/// | `acks = "leader"` | of a `Replicated` service: what it answers, calls, sends and publishes does not wait until others have what it follows from; they get that all the same, a little later. **So what was answered can be lost:** if the master dies, or is cut off, what it has committed and not sent to the member that takes over is gone, and callers who had their replies are not told. As a rule that is some milliseconds; while a member does not answer, a second and more, until it is taken out. `cx.settled().await` still waits, where it matters. `"all"`: until each member in sync has it | `"all"` |
/// | `sharded`, `shards = 64` | it has so many states, each exclusive, and each for some of the keys: its methods name their `key` | one state |
/// | `crate = path` | where the crate `ember` is found | `::ember` |
///
/// A service with `Default` can also be started by its name, from a configuration: `NodeBuilder::configure`.
///
/// Beside the struct it makes a client: `PlayerService` gets `PlayerServiceClient`. A field marked `#[module]`, of the type
/// `Module<T>`, mounts a module; the client reaches it by a method of the field's name.
#[proc_macro_attribute]
pub fn service(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::service(args.into(), item.into()).into()
}

/// Makes a struct a part of services, and marks the field that holds one.
///
/// | option | means | default |
/// | --- | --- | --- |
/// | `parent = Type` | the only unit that it can be mounted in; its methods reach it by `cx.parent()` | can be mounted anywhere |
/// | `crate = path` | where the crate `ember` is found | `::ember` |
#[proc_macro_attribute]
pub fn module(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::module(args.into(), item.into()).into()
}

/// Makes methods callable.
///
/// - On `impl Service`: methods named `rpc_…` are callable from the whole cluster, `api_…` from the same node; any other with
///   `#[rpc]` on it is callable from the cluster. `#[on(init | start | started | stop | event | missed | down | master | slave)]`, `#[every("10s")]`,
///   `#[after("5s")]` and `#[tick("50ms")]` mark hooks, event handlers and timers (`#[every("10s", missed = "delay")]`, the default, `"skip"` or
///   `"catch_up(3)"` for ticks that could not come; `#[tick("50ms", late = "skip")]`, the default, likewise, with an argument `tick: Tick`); `#[cron("0 */5 * * * *", tz = "Europe/Berlin")]` one that follows
///   the calendar (second, minute, hour, day, month, weekday; UTC unless `tz` is given; feature `cron`; beside `tz`, `gap = "skip"`, the
///   default, or `"after"` for times that the clock leaps over, `overlap = "both"`, the default, `"first"` or `"second"` for those
///   that it shows twice). What has no mark and no such name is left alone.
///   A method is an `async fn`, or a plain `fn` if it waits for nothing; callers see no difference, and a plain one has the
///   service to itself just so while it runs.
/// - On a trait: a contract, which callers use without the implementation. `Player` gets a client, `PlayerClient`.
/// - On `impl Contract for Service`: fulfils a contract.
///
/// | option of a method | means | default |
/// | --- | --- | --- |
/// | `name = "…"` | its name on the wire | the method's |
/// | `timeout = "2s"` | how long callers wait unless they say otherwise | 5 s |
/// | `priority = "system"` | delivered in the system lane | `"user"` |
/// | `queued` | always run by the service's own task, never by a caller that finds the service idle | run by such a caller, for one step |
/// | `cancel` | a handler that runs is dropped when its caller goes away | runs to its end |
/// | `read` | an instance of an elected service answers it also when it is not the master, from what it knows itself; `cx.commit` in it does not compile | the master only |
/// | `idempotent` | running it twice does what running it once does: callers may repeat calls that may have been executed | not |
/// | `dedupe = "60s"` | callers may make a call `.once(id)`: for so long, "30d" at most, its service answers a repetition by the reply of the first | not |
/// | `key = "player"`, `key = "req.player"` | the argument, or the part of one, that calls are ordered and placed by: callers give no `.key(…)` | none |
/// | `codec = "json"`, `codec = MyCodec` | how arguments and results become bytes: JSON, or a type that implements `ember::Codec` | postcard; protocol buffers for types of prost |
///
/// A contract takes `name = "…"`; all blocks take `crate = path`.
#[proc_macro_attribute]
pub fn rpc(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::rpc(args.into(), item.into()).into()
}

/// Lets a struct or an enum travel: derives serde's `Serialize` and `Deserialize` by way of Ember's own serde, so that the
/// user's package needs none, and `ember::Schema`, the structure that the two sides of a call compare.
///
/// | option | means | default |
/// | --- | --- | --- |
/// | `codec = "json"` | it travels as JSON only, by methods with `#[rpc(codec = "json")]`: then all of serde's attributes may be used that JSON can carry | by every codec |
/// | `event` | it may be published to other nodes, `cx.publish_to(Scope::Cluster, …)` | events of it stay on their node |
/// | `name = "…"` | with `event`: by what the nodes know it | the name of the type |
/// | `crate = path` | where the crate `ember` is found | `::ember` |
///
/// An attribute of serde that postcard cannot carry does not compile, also under `cfg_attr`: `flatten`, `tag`, `untagged`,
/// `skip_serializing_if`, `skip` on a variant with others behind it, `serialize_with` without `deserialize_with`, and their
/// like. The error is at the attribute, and says what to write instead. The guide's page on messages has them all.
#[proc_macro_attribute]
pub fn message(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::message(args.into(), item.into()).into()
}

/// What `#[message]` derives. Not part of the public interface.
#[doc(hidden)]
#[proc_macro_derive(Travels, attributes(ember_message, serde))]
pub fn travels(item: TokenStream) -> TokenStream {
    attribute::travels(item.into()).into()
}
