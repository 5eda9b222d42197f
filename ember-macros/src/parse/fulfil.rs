//! `#[rpc] impl Contract for Unit`.

use syn::{ImplItem, ItemImpl, Path};

use super::{
    hook::Marks,
    method::{prefix, refuse_options},
    signature::{self, Role},
};
use crate::{
    errors::Errors,
    model::{Fulfilment, Reach, Runtime, Written},
    parse::words::{attrs, unit_path},
};

pub(super) fn read(runtime: Runtime, contract: Path, item: ItemImpl, errors: &mut Errors) -> Fulfilment {
    let unit = unit_path(&item.self_ty).and_then(|path| path.segments.last()).map(|last| last.ident.clone());
    let (mut functions, mut shapes) = (Vec::new(), Vec::new());
    for inner in item.items {
        let ImplItem::Fn(mut function) = inner else {
            errors.at(inner, "a contract consists of methods: put this into an `impl` of the type itself");
            continue;
        };
        let elsewhere =
            format!("this is no part of the contract: put it into `#[rpc] impl {}`", crate::text::text(&item.self_ty));
        if let Some(marks) = Marks::take(&mut function.attrs, errors) {
            errors.at(marks.attribute(), &elsewhere);
        } else if prefix(&function.sig) == Some(Reach::Node) {
            errors.at(&function.sig.ident, &elsewhere);
        } else {
            let marks = attrs::take(&mut function.attrs, "rpc");
            refuse_options(&marks, "callers see the options: they go on the contract's method", errors);
            signature::refuse_variadic(&mut function.sig, errors);
            if let Some(shape) = signature::read(&function.sig, Role::Fulfilment, unit.as_ref(), errors) {
                shapes.push((shape, attrs::cfgs(&function.attrs)));
            }
        }
        let documented = attrs::documented(&function.attrs);
        functions.push(Written { function, documented });
    }
    Fulfilment {
        runtime,
        cfgs: attrs::cfgs(&item.attrs),
        attrs: item.attrs,
        contract,
        unit: *item.self_ty,
        functions,
        shapes,
    }
}
