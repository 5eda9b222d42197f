//! An attribute that the format cannot carry is refused here, at the attribute: it would compile, work on one node, and arrive as
//! something else, or not at all, on another.

use syn::{Data, DeriveInput, Field, Fields, Meta, Variant};

use super::{
    read::{is_skipped, options},
    ways::Judge,
};
use crate::errors::Errors;

/// Complains of what cannot be carried: by any format, or, unless the type travels as JSON only, by postcard.
pub(crate) fn judge(item: &DeriveInput, json: bool, errors: &mut Errors) {
    let mut judge = Judge { json, errors };
    judge.container(item);
    match &item.data {
        Data::Struct(data) => judge.fields(&data.fields, matches!(data.fields, Fields::Unnamed(_))),
        Data::Enum(data) => {
            let last = data.variants.iter().rposition(|variant| !is_skipped(&variant.attrs));
            for (index, variant) in data.variants.iter().enumerate() {
                judge.variant(variant, last.is_some_and(|last| index < last));
            }
        }
        Data::Union(_) => {}
    }
}

impl Judge<'_> {
    fn container(&mut self, item: &DeriveInput) {
        let attrs = &item.attrs;
        let is_struct = matches!(item.data, Data::Struct(_));
        // The first one is Ember's own.
        if let Some(second) = options(attrs).filter(|option| option.path().is_ident("crate")).nth(1) {
            self.never(&second, "`#[message]` brings a serde of its own: leave `crate` out");
        }
        for option in options(attrs) {
            let Some(name) = option.path().get_ident().map(ToString::to_string) else { continue };
            match &*name {
                "rename" | "rename_all" | "rename_all_fields" => self.one_name(&option, &name),
                "tag" if is_struct => self.not_by_postcard(
                    &option,
                    "`tag` writes the name of the struct before its fields, and postcard would read it as the first of them: \
                     leave it out",
                ),
                // `content` goes with `tag`.
                "tag" | "untagged" => self.untold(&option, &name),
                "remote" => self.never(
                    &option,
                    "`remote` writes functions for another type, and this one does not travel: derive serde's traits here \
                     instead of `#[message]`, and name this type in `with = \"…\"` at the field that holds the other",
                ),
                _ => {}
            }
        }
        self.both_ways(attrs, "into", &["from", "try_from"]);
    }

    fn variant(&mut self, variant: &Variant, before_others: bool) {
        let attrs = &variant.attrs;
        let skipped = is_skipped(attrs);
        for option in options(attrs) {
            let Some(name) = option.path().get_ident().map(ToString::to_string) else { continue };
            match &*name {
                "rename" | "rename_all" => self.one_name(&option, &name),
                "skip" | "skip_deserializing" if skipped && before_others => self.not_by_postcard(
                    &option,
                    &format!(
                        "postcard tells variants by their number, and when they are read a variant with `{name}` is not \
                         counted: those behind it would arrive as others. Move it to the end of the enum"
                    ),
                ),
                "skip_deserializing" if !skipped => self.never(
                    &option,
                    "what is written could not be read: write `skip`, and move the variant to the end of the enum",
                ),
                "untagged" => self.untold(&option, &name),
                _ => {}
            }
        }
        if !skipped {
            self.both_ways(attrs, "serialize_with", &["deserialize_with"]);
            self.fields(&variant.fields, false);
        }
    }

    fn fields(&mut self, fields: &Fields, of_tuple_struct: bool) {
        let alone = of_tuple_struct && fields.len() == 1;
        for field in fields {
            self.field(field, alone);
        }
    }

    fn field(&mut self, Field { attrs, .. }: &Field, alone: bool) {
        let skipped = is_skipped(attrs);
        for option in options(attrs) {
            let Some(name) = option.path().get_ident().map(ToString::to_string) else { continue };
            match &*name {
                "rename" => self.one_name(&option, &name),
                "skip" | "skip_serializing" | "skip_deserializing" if alone => self.never(
                    &option,
                    &format!(
                        "serde writes and reads the only field of a tuple struct whatever `{name}` says: leave it out"
                    ),
                ),
                "skip_serializing" if !skipped => self.never(
                    &option,
                    "what is not written would still be read, from the bytes of what follows: write `skip`",
                ),
                "skip_deserializing" if !skipped => self.never(
                    &option,
                    "what is written would not be read, and its bytes taken for what follows: write `skip`",
                ),
                "skip_serializing_if" if !skipped => self.not_by_postcard(
                    &option,
                    "postcard has no names, so what follows a field that is left out would be read in its place: leave \
                     `skip_serializing_if` out (an empty value costs one byte)",
                ),
                "flatten" if !skipped => self.not_by_postcard(
                    &option,
                    "postcard has no names, so what `flatten` mixes could not be told apart: leave it out, so that the \
                     field is a value of its own",
                ),
                "getter" => self.never(&option, "`getter` belongs to `remote`, and a remote type does not travel"),
                _ => {}
            }
        }
        if !skipped {
            self.both_ways(attrs, "serialize_with", &["deserialize_with"]);
        }
    }

    fn untold(&mut self, option: &Meta, name: &str) {
        self.not_by_postcard(
            option,
            &format!("postcard tells variants by their number, and cannot read an enum with `{name}`: leave it out"),
        );
    }
}
