//! Lambdas: fields of their parameters, and the second parameter of `transform` and `filter`, the element's place.

use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Ident, LambdaFunction, LambdaFunctionParameter, OneOrManyWithParens};

use super::literals::{call, string};
use super::walk;

/// `x -> x.Qty > 0`: a name that begins with a parameter is a field of its value.
pub(super) fn fields(mut lambda: LambdaFunction) -> LambdaFunction {
    let names = names(&lambda);
    walk::expressions(&mut lambda.body, &mut |expr| {
        let Expr::CompoundIdentifier(parts) = expr else { return };
        if let Some((first, rest)) = parts.split_first()
            && names.contains(&first.value)
        {
            *expr = access(Expr::Identifier(first.clone()), rest.iter().map(|part| part.value.as_str()));
        }
    });
    lambda
}

/// `transform(a, (x, i) -> …)`: a transformation of elements that carry their place; `filter` takes it off again.
pub(super) fn with_place(name: &str, list: Expr, lambda: LambdaFunction) -> Expr {
    let names = names(&lambda);
    let [element, place] = names.as_slice() else {
        return call(name, vec![list, Expr::Lambda(lambda)]);
    };
    let pair = "element with place";
    let mut body = *lambda.body;
    walk::expressions(&mut body, &mut |expr| {
        let Expr::Identifier(found) = expr else { return };
        let field = if found.value == *element {
            "element"
        } else if found.value == *place {
            "place"
        } else {
            return;
        };
        *expr = access(Expr::Identifier(Ident::with_quote('`', pair)), std::iter::once(field));
    });
    let of_pair = |body: Expr| {
        Expr::Lambda(LambdaFunction {
            params: OneOrManyWithParens::One(LambdaFunctionParameter { name: Ident::with_quote('`', pair), data_type: None }),
            body: Box::new(body),
            syntax: lambda.syntax,
        })
    };
    let placed = call("list_with_places", vec![list]);
    if name == "array_filter" {
        let kept = call(name, vec![placed, of_pair(body)]);
        let element = access(Expr::Identifier(Ident::with_quote('`', pair)), std::iter::once("element"));
        return call("array_transform", vec![kept, of_pair(element)]);
    }
    call(name, vec![placed, of_pair(body)])
}

fn names(lambda: &LambdaFunction) -> Vec<String> {
    match &lambda.params {
        OneOrManyWithParens::One(one) => vec![one.name.value.clone()],
        OneOrManyWithParens::Many(many) => many.iter().map(|p| p.name.value.clone()).collect(),
    }
}

fn access<'a>(root: Expr, fields: impl Iterator<Item = &'a str>) -> Expr {
    Expr::CompoundFieldAccess { root: Box::new(root), access_chain: fields.map(|f| AccessExpr::Dot(string(f))).collect() }
}
