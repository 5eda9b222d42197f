//! Which functions of a block are callable, and with which options.

mod commits;

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, ImplItemFn, LitStr, Signature, Visibility, ext::IdentExt};

use crate::{
    errors::Errors,
    model::{Codec, Method, Reach, Shape, Told, says},
    parse::{
        signature::context,
        words::{NameOrPath, Options, attrs, key, told},
    },
};

/// What makes a function callable: its name, or `#[rpc]` on it.
pub(super) struct Mark {
    pub(super) reach: Reach,
    name: Option<String>,
    told: Vec<Told>,
    codec: Codec,
    /// What it says of the key of its calls.
    key: Option<LitStr>,
    /// Where it says `dedupe`.
    dedupe: Option<Ident>,
}

impl Mark {
    /// Takes `#[rpc]` off the function. `None` if it is an ordinary one.
    pub(super) fn take(attributes: &mut Vec<Attribute>, sig: &Signature, errors: &mut Errors) -> Option<Self> {
        let reach = prefix(sig);
        let marks = attrs::take(attributes, "rpc");
        if marks.is_empty() {
            let plain =
                |reach| Self { reach, name: None, told: Vec::new(), codec: Codec::ByType, key: None, dedupe: None };
            return reach.map(plain);
        }
        if let Some(second) = marks.get(1) {
            errors.at(second, "`#[rpc]` is given twice: put all options in one");
        }
        let mut options = Options::parse("method", attrs::args(&marks[0], errors), errors);
        let dedupe = options.key("dedupe").cloned();
        let mark = Self {
            reach: reach.unwrap_or(Reach::Cluster),
            name: options.name("name", "buy", errors).map(|name| name.value()),
            told: told(&mut options, errors),
            codec: codec(&mut options, reach, errors),
            key: options.string("key", "player", errors),
            dedupe,
        };
        options.finish(errors);
        Some(mark)
    }

    /// Complains of what commits in a method that is marked `read`: it would panic when it is called.
    pub(super) fn refuse_commits(&self, function: &ImplItemFn, errors: &mut Errors) {
        let Some(cx) = context(&function.sig).filter(|_| says(&self.told, "read")) else { return };
        for commit in commits::commits(&function.block, cx) {
            let message = format!(
                "a method that is marked `read` commits nothing, for any instance may run it: leave `read` out, so that the master \
                 runs it, or leave `{commit}` out"
            );
            errors.at(commit, message);
        }
    }

    /// The method.
    pub(super) fn method(self, shape: Shape, vis: Visibility, attributes: &[Attribute], errors: &mut Errors) -> Method {
        if let Some(dedupe) = &self.dedupe
            && let Some(why) = refuse_dedupe(self.reach, &shape, &self.told)
        {
            errors.at(dedupe, why);
        }
        let key = self.key.and_then(|text| key(&text, &shape.args, errors));
        Method {
            key,
            name: self.name.unwrap_or_else(|| shape.ident.unraw().to_string()),
            shape,
            vis,
            reach: self.reach,
            told: self.told,
            codec: self.codec,
            carried: attrs::carried(attributes),
            cfgs: attrs::cfgs(attributes),
        }
    }
}

/// Why a method cannot answer a repeated call by a stored reply, or need not.
fn refuse_dedupe(reach: Reach, shape: &Shape, told: &[Told]) -> Option<&'static str> {
    if reach == Reach::Node {
        return Some(
            "a reply is stored as bytes, and those of an `api_` method are moved, and never become bytes: name it `rpc_…`, or leave \
             `dedupe` out",
        );
    }
    if shape.items.is_some() {
        return Some(
            "a stream cannot be stored and given again: let a method with `dedupe` begin the work, and another return the stream",
        );
    }
    if says(told, "cancel") {
        return Some(
            "`cancel` drops a handler when its caller goes away, and `dedupe` is for callers who come back for its reply: leave one of them \
             out",
        );
    }
    says(told, "read")
        .then_some("a method that is `read` changes nothing, so that repeating it does no harm: leave `dedupe` out")
}

/// Whether the name of a function alone makes it callable.
pub(super) fn prefix(sig: &Signature) -> Option<Reach> {
    let name = sig.ident.unraw().to_string();
    if name.starts_with("rpc_") {
        Some(Reach::Cluster)
    } else if name.starts_with("api_") {
        Some(Reach::Node)
    } else {
        None
    }
}

/// The codec: the name of one that is built in, or the path of the user's own.
fn codec(options: &mut Options, reach: Option<Reach>, errors: &mut Errors) -> Codec {
    let Some((key, value)) = options.name_or_path("codec", "json", "MyCodec", errors) else { return Codec::ByType };
    if reach == Some(Reach::Node) {
        errors.at(key, "the arguments of an `api_` method are moved, and never become bytes: leave the codec out");
    }
    match value {
        NameOrPath::Path(path) => Codec::Own(path),
        NameOrPath::Name(name) if name.value() == "json" => Codec::Json,
        NameOrPath::Name(name) => {
            let message = format!(
                "unknown codec \"{}\": write \"json\", the path of a type that implements `ember::Codec`, or nothing for postcard",
                name.value()
            );
            errors.at(name, message);
            Codec::ByType
        }
    }
}

/// The options of `#[rpc]` where they do not belong.
pub(super) fn refuse_options(marks: &[Attribute], message: &str, errors: &mut Errors) {
    for mark in marks {
        let args: TokenStream = attrs::args(mark, errors);
        if !args.is_empty() {
            errors.at(args, message);
        }
    }
}
