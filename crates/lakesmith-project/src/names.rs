//! Names in lists of columns: there once, there at all, not reserved.

use lakesmith_text::{Diagnostic, Diagnostics, Spanned, nearest};

/// Says which names stand twice; case makes no difference, as in Spark.
pub(crate) fn distinct<'a>(names: impl IntoIterator<Item = &'a Spanned<String>>, what: &str, diagnostics: &mut Diagnostics) {
    let mut seen: Vec<&Spanned<String>> = Vec::new();
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by_key(|name| name.span);
    for name in names {
        match seen.iter().find(|first| first.eq_ignore_ascii_case(name)) {
            None => seen.push(name),
            Some(first) => diagnostics.push(
                Diagnostic::error("duplicate-column", format!("{what} `{name}` is there twice"))
                    .at(name.span)
                    .related(first.span, "first written here")
                    .help(match first.value == name.value {
                        true => "keep one of the two, or rename it",
                        false => "names that differ only in case are the same to Spark SQL",
                    }),
            ),
        }
    }
}

/// Says which columns begin with `_`: those names are lakesmith's own.
pub(crate) fn not_reserved<'a>(names: impl IntoIterator<Item = &'a Spanned<String>>, diagnostics: &mut Diagnostics) {
    for name in names.into_iter().filter(|name| name.starts_with('_')) {
        diagnostics.push(
            Diagnostic::error("reserved-name", format!("the column `{name}` begins with `_`"))
                .at(name.span)
                .help(format!("columns that begin with `_` are kept by lakesmith; call it `{}`", name.trim_start_matches('_'))),
        );
    }
}

/// Says which of `names`, the value of the key `key`, are not among `columns`.
pub(crate) fn known<'a>(
    names: impl IntoIterator<Item = &'a Spanned<String>>,
    columns: &[&str],
    code: &'static str,
    key: &str,
    otherwise: &str,
    diagnostics: &mut Diagnostics,
) {
    for name in names {
        if !columns.iter().any(|column| column.eq_ignore_ascii_case(name)) {
            let help = match nearest(name, columns.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => otherwise.replace("{}", name),
            };
            let message = format!("`{key}` names `{name}`, which is not among the columns");
            diagnostics.push(Diagnostic::error(code, message).at(name.span).help(help));
        }
    }
}

/// Says of two keys of which only one may be there.
pub(crate) fn conflict(fields: &crate::fields::Fields<'_>, one: &str, other: &str, help: &str, diagnostics: &mut Diagnostics) {
    if fields.has(one) && fields.has(other) {
        diagnostics.push(
            Diagnostic::error("conflicting-keys", format!("`{one}` and `{other}` exclude each other"))
                .at(fields.place(other))
                .related(fields.place(one), format!("`{one}` is here"))
                .help(help),
        );
    }
}

/// Says of a key that has no effect here.
pub(crate) fn no_effect(fields: &crate::fields::Fields<'_>, key: &str, only: &str, diagnostics: &mut Diagnostics) {
    if fields.has(key) {
        diagnostics.push(
            Diagnostic::warning("no-effect", format!("`{key}` has no effect here"))
                .at(fields.place(key))
                .help(format!("it counts only with {only}")),
        );
    }
}

/// Says that a key holds an empty list where at least one name is needed.
pub(crate) fn not_empty(fields: &crate::fields::Fields<'_>, key: &str, diagnostics: &mut Diagnostics) {
    if fields.get(key).is_some_and(|node| matches!(&node.kind, crate::yaml::Kind::Seq(items) if items.is_empty())) {
        diagnostics.push(Diagnostic::error("invalid-value", format!("`{key}` needs at least one column")).at(fields.place(key)));
    }
}
