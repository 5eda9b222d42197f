//! Which functions of a block are callable, and with which options.

use proc_macro2::TokenStream;
use syn::{Attribute, Signature, Visibility, ext::IdentExt};

use crate::{
    errors::Errors,
    model::{Codec, Method, Reach, Shape, Told},
    parse::words::{NameOrPath, Options, attrs, told},
};

/// What makes a function callable: its name, or `#[rpc]` on it.
pub(super) struct Mark {
    pub(super) reach: Reach,
    name: Option<String>,
    told: Vec<Told>,
    codec: Codec,
}

impl Mark {
    /// Takes `#[rpc]` off the function. `None` if it is an ordinary one.
    pub(super) fn take(attributes: &mut Vec<Attribute>, sig: &Signature, errors: &mut Errors) -> Option<Self> {
        let reach = prefix(sig);
        let marks = attrs::take(attributes, "rpc");
        if marks.is_empty() {
            return reach.map(|reach| Self { reach, name: None, told: Vec::new(), codec: Codec::ByType });
        }
        if let Some(second) = marks.get(1) {
            errors.at(second, "`#[rpc]` is given twice: put all options in one");
        }
        let mut options = Options::parse("method", attrs::args(&marks[0], errors), errors);
        let mark = Self {
            reach: reach.unwrap_or(Reach::Cluster),
            name: options.name("name", "buy", errors).map(|name| name.value()),
            told: told(&mut options, errors),
            codec: codec(&mut options, reach, errors),
        };
        options.finish(errors);
        Some(mark)
    }

    /// The method.
    pub(super) fn method(self, shape: Shape, vis: Visibility, attributes: &[Attribute]) -> Method {
        Method {
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
