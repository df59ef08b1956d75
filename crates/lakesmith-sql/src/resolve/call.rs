//! Calls: functions of rows, of groups, of windows, and the few that no line of the table can tell.

use super::names::{Names, quote};
use super::operator::written;
use super::resolver::{Resolver, Typed, range};
use crate::rewrite::tree::{self, cast};
use crate::signature::{Argument, Kind, Signature, function_names, is_random, lookup, matching};
use crate::syntax::bytes;
use crate::types::{common_type, parse_type, to_sql};
use crate::{DataType, Field, SqlError};
use sqlparser::ast::{
    CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident, LambdaFunction,
    ObjectNamePart, OneOrManyWithParens, Value, WindowFrameBound, WindowSpec, WindowType,
};
use std::ops::Range;

/// Functions that look for the first value that is not NULL when told to.
const SKIP_NULLS: &[&str] = &["first", "last", "first_value", "last_value", "any_value", "lag", "lead"];

impl Resolver<'_> {
    pub(super) fn call(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        let Expr::Function(function) = expr else { return Typed::unknown() };
        let [ObjectNamePart::Identifier(ident)] = function.name.0.as_slice() else {
            let error = SqlError::new("unknown-function", format!("there is no function `{}`", function.name));
            return self.fault_at(error, expr);
        };
        let (name, place) = (ident.value.clone(), bytes(ident.span));
        if let Some(typed) = self.conversion(expr, &name, names) {
            return typed;
        }
        let Expr::Function(function) = expr else { return Typed::unknown() };
        let Some(signatures) = lookup(&name) else { return self.unknown_function(&name, place) };
        let kind = signatures.first().map_or(Kind::Scalar, |signature| signature.kind);
        if let Err(error) = well_formed(function, &name, kind) {
            return self.fault(error.at(place));
        }
        let windowed = function.over.is_some();
        let refused = match kind {
            Kind::Aggregate if !windowed => self.no_aggregate,
            _ if windowed => self.no_window,
            _ => None,
        };
        if let Some(refused) = refused {
            let what = if windowed { "a function over a window" } else { "an aggregate" };
            let error = SqlError::new("aggregate-not-allowed", format!("`{name}` is {what}, which {refused} cannot use"));
            return self.fault(error.at(place));
        }
        let before = (self.no_aggregate, self.no_window);
        if kind == Kind::Aggregate && !windowed {
            (self.no_aggregate, self.no_window) = (Some("another aggregate"), Some("an aggregate"));
        } else if windowed {
            self.no_window = Some("another function over a window");
        }
        let mut typed = self.arguments(function, &name, signatures, place, names);
        if let Some(filter) = &mut function.filter {
            let filter = self.condition(filter, names, "FILTER");
            typed.sources.extend(filter.sources);
        }
        if let Some(WindowType::WindowSpec(window)) = &mut function.over {
            self.window(window, names);
        }
        (self.no_aggregate, self.no_window) = before;
        if let Some(WindowType::NamedWindow(window)) = &function.over
            && !self.windows.iter().any(|known| known.eq_ignore_ascii_case(&window.value))
        {
            let error = SqlError::new("unknown-column", format!("there is no window `{}`", window.value));
            return self.fault(error.at(bytes(window.span)));
        }
        typed.aggregate |= kind == Kind::Aggregate && !windowed;
        typed.window |= windowed;
        typed
    }

    fn unknown_function(&mut self, name: &str, place: Option<Range<usize>>) -> Typed {
        let error = if is_random(name) {
            SqlError::new(
                "nondeterministic",
                format!("`{name}` gives something else each time: a step computed again would not be the same"),
            )
        } else {
            SqlError::new("unknown-function", format!("there is no function `{name}`")).suggest(name, function_names())
        };
        self.fault(error.at(place))
    }

    /// `date(x)`, `string(x)` …: a type's name as a function is a cast.
    fn conversion(&mut self, expr: &mut Expr, name: &str, names: &Names<'_>) -> Option<Typed> {
        let Expr::Function(function) = &*expr else { return None };
        let ty = parse_type(name).ok().filter(|_| lookup(name).is_none() && function.over.is_none())?;
        let [argument]: [&Expr; 1] = tree::arguments(function).collect::<Vec<_>>().try_into().ok()?;
        let argument = argument.clone();
        *expr = cast(CastKind::Cast, argument, to_sql(&ty));
        Some(self.expr(expr, names))
    }

    /// Types the arguments, and with them the call.
    fn arguments(
        &mut self,
        function: &mut Function,
        name: &str,
        signatures: &[Signature],
        place: Option<Range<usize>>,
        names: &Names<'_>,
    ) -> Typed {
        // Over a window with an order it is said which row comes first.
        let ordered = matches!(&function.over, Some(WindowType::WindowSpec(window)) if !window.order_by.is_empty());
        let FunctionArguments::List(list) = &mut function.args else {
            return self.fault(SqlError::new("function-arguments", format!("`{name}` needs parentheses")).at(place));
        };
        if name == "count" && matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) {
            return Typed::new(DataType::BigInt, false);
        }
        let mut exprs = Vec::with_capacity(list.args.len());
        for argument in &mut list.args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => exprs.push(expr),
                other => {
                    let error = SqlError::new("function-arguments", format!("`{name}` does not take `{other}`"));
                    return self.fault(error.at(place));
                }
            }
        }
        let typed: Vec<Typed> = exprs
            .iter_mut()
            .map(|expr| if matches!(expr, Expr::Lambda(_)) { Typed::unknown() } else { self.expr(expr, names) })
            .collect();
        match name {
            "named_struct" => return self.named_struct(&exprs, &typed, place),
            "map" => return self.map(&exprs, &typed, place),
            _ => {}
        }
        let arguments: Vec<Argument> = exprs.iter().zip(&typed).map(|(expr, typed)| argument(expr, typed)).collect();
        let Some(mut call) = matching(name, &arguments) else {
            let lines = signatures.iter().map(|signature| signature.text).collect::<Vec<_>>().join("; ");
            let given = arguments.iter().map(|argument| match argument {
                Argument::Value { ty } => ty.to_string(),
                Argument::Lambda(_) => "a lambda".to_owned(),
            });
            let given = given.collect::<Vec<_>>().join(", ");
            let error = SqlError::new("function-arguments", format!("`{name}` does not take ({given})"));
            return self.fault(error.at(place).help(format!("what it takes: {lines}")));
        };
        self.deterministic &= ordered || !call.signature.unordered;
        let mut result = Typed::unknown();
        let mut nullable = Vec::new();
        for (index, (expr, typed)) in exprs.iter_mut().zip(&typed).enumerate() {
            if let Expr::Lambda(lambda) = &mut **expr {
                let body = self.lambda(lambda, &call.lambda(index), names);
                let wanted = call.body(index, &body.ty);
                self.convert(&mut lambda.body, &body, &wanted);
                result.absorb(&body);
                continue;
            }
            if let Some(wanted) = call.arguments.get(index)
                && !(typed.ty.is_numeric()
                    && wanted.is_numeric()
                    && matches!(call.signature.name, "coalesce" | "nvl" | "nvl2" | "if" | "greatest" | "least" | "nullif"))
            {
                self.convert(expr, typed, &wanted.clone());
            }
            nullable.push(typed.nullable);
            result.absorb(typed);
        }
        let on_map = matches!(call.arguments.first(), Some(DataType::Map(..)));
        if let ("element_at", true, [ObjectNamePart::Identifier(ident)]) = (name, on_map, function.name.0.as_mut_slice()) {
            // A missing key is NULL in both; an array's missing element is an error in one.
            "try_element_at".clone_into(&mut ident.value);
        }
        if let ("try_add" | "try_subtract" | "try_multiply", [first, second]) = (name, typed.as_slice()) {
            // As with the operators, a whole number written out beside a decimal has its own digits only.
            let (a, b) = (written(first, &second.ty), written(second, &first.ty));
            if let [left, right] = call.arguments.as_mut_slice() {
                if matches!(a, DataType::Decimal { .. }) && a != *left && first.number.is_some() {
                    *left = a;
                }
                if matches!(b, DataType::Decimal { .. }) && b != *right && second.number.is_some() {
                    *right = b;
                }
            }
        }
        let digits = typed.get(1).and_then(|typed| typed.number).and_then(|number| i32::try_from(number).ok());
        result.ty = call.result(digits);
        result.nullable = call.nullable(&nullable);
        result
    }

    fn lambda(&mut self, lambda: &mut LambdaFunction, types: &[DataType], names: &Names<'_>) -> Typed {
        let count = self.lambdas.len();
        let parameters: Vec<&mut Ident> = match &mut lambda.params {
            OneOrManyWithParens::One(parameter) => vec![&mut parameter.name],
            OneOrManyWithParens::Many(parameters) => parameters.iter_mut().map(|parameter| &mut parameter.name).collect(),
        };
        for (parameter, ty) in parameters.into_iter().zip(types) {
            let name = parameter.value.clone();
            quote(parameter, &name);
            self.lambdas.push((name, ty.clone()));
        }
        let typed = self.plain(&mut lambda.body, names, "a lambda");
        self.lambdas.truncate(count);
        typed
    }

    /// The windows of functions, named or not.
    pub(super) fn window(&mut self, window: &mut WindowSpec, names: &Names<'_>) {
        for expr in &mut window.partition_by {
            self.expr(expr, names);
        }
        for order in &mut window.order_by {
            let typed = self.expr(&mut order.expr, names);
            self.ordered(&order.expr, &typed);
        }
        if let Some(frame) = &mut window.window_frame {
            for bound in std::iter::once(&mut frame.start_bound).chain(&mut frame.end_bound) {
                if let WindowFrameBound::Preceding(Some(expr)) | WindowFrameBound::Following(Some(expr)) = bound {
                    self.plain(expr, names, "a window's frame");
                }
            }
        }
    }

    /// Whether rows can be ordered by an expression.
    pub(super) fn ordered(&mut self, expr: &Expr, typed: &Typed) {
        if !crate::types::comparable(&typed.ty) {
            let error = SqlError::new("type-mismatch", format!("rows cannot be ordered by {}", typed.ty));
            self.fault_at(error, expr);
        }
    }

    fn named_struct(&mut self, exprs: &[&mut Expr], typed: &[Typed], place: Option<Range<usize>>) -> Typed {
        let mut result = Typed::new(DataType::Null, false);
        let mut fields = Vec::new();
        for (pair, typed) in exprs.chunks(2).zip(typed.chunks(2)) {
            let name = match pair {
                [Expr::Value(value), _] => match &value.value {
                    Value::SingleQuotedString(name) => Some(name.clone()),
                    _ => None,
                },
                _ => None,
            };
            match (name, typed) {
                (Some(name), [_, typed]) => {
                    fields.push(Field { name, ty: typed.ty.clone(), nullable: typed.nullable });
                    result.absorb(typed);
                }
                _ => {
                    let error = SqlError::new("function-arguments", "`named_struct` takes pairs of a name and a value");
                    return self.fault(error.at(place).help("write `named_struct('a', x, 'b', y)`"));
                }
            }
        }
        result.ty = DataType::Struct(fields);
        result
    }

    fn map(&mut self, exprs: &[&mut Expr], typed: &[Typed], place: Option<Range<usize>>) -> Typed {
        let (mut key, mut value) = (DataType::Null, DataType::Null);
        let mut result = Typed::new(DataType::Null, false);
        for pair in typed.chunks(2) {
            let [first, second] = pair else {
                return self.fault(SqlError::new("function-arguments", "`map` takes pairs of a key and a value").at(place));
            };
            match (common_type(&key, &first.ty), common_type(&value, &second.ty)) {
                (Some(first), Some(second)) => (key, value) = (first, second),
                _ => {
                    let error = SqlError::new("type-mismatch", "the keys or the values of this map have no common type");
                    return self.fault(error.at(exprs.first().and_then(|expr| range(expr))));
                }
            }
            result.absorb(first);
            result.absorb(second);
        }
        result.ty = DataType::Map(Box::new(key), Box::new(value));
        result
    }
}

fn argument(expr: &Expr, typed: &Typed) -> Argument {
    match expr {
        Expr::Lambda(lambda) => Argument::Lambda(match &lambda.params {
            OneOrManyWithParens::One(_) => 1,
            OneOrManyWithParens::Many(parameters) => parameters.len(),
        }),
        _ => Argument::Value { ty: typed.ty.clone() },
    }
}

/// What may stand around the arguments of a call.
fn well_formed(function: &Function, name: &str, kind: Kind) -> Result<(), SqlError> {
    let windowed = function.over.is_some();
    let wrong = |message: String| Err(SqlError::new("function-arguments", message));
    if kind == Kind::Generator {
        return Err(SqlError::unsupported(format!("`{name}` makes several rows of one, which an expression cannot"))
            .help(format!("write `FROM .. LATERAL VIEW {name}(..) t AS a`")));
    }
    if windowed && kind == Kind::Scalar {
        return wrong(format!("`{name}` is no function over windows"));
    }
    if !windowed && kind == Kind::Window {
        return wrong(format!("`{name}` needs `OVER (..)`"));
    }
    if kind == Kind::Window
        && matches!(&function.over, Some(WindowType::WindowSpec(spec)) if spec.order_by.is_empty() && spec.window_name.is_none())
    {
        return wrong(format!("`{name}` needs an ORDER BY in its window"));
    }
    if kind != Kind::Aggregate && function.filter.is_some() {
        return wrong(format!("`{name}` is no aggregate, FILTER has no meaning for it"));
    }
    if !function.within_group.is_empty() {
        return Err(SqlError::unsupported("WITHIN GROUP is not supported"));
    }
    let FunctionArguments::List(list) = &function.args else { return Ok(()) };
    if list.duplicate_treatment.is_some() && kind != Kind::Aggregate {
        return wrong(format!("`{name}` is no aggregate, DISTINCT has no meaning for it"));
    }
    let nulls = function.null_treatment.is_some()
        || list.clauses.iter().any(|clause| matches!(clause, FunctionArgumentClause::IgnoreOrRespectNulls(_)));
    if nulls && !SKIP_NULLS.contains(&name) {
        return wrong(format!("`{name}` does not take IGNORE NULLS or RESPECT NULLS"));
    }
    match list.clauses.iter().find(|clause| !matches!(clause, FunctionArgumentClause::IgnoreOrRespectNulls(_))) {
        Some(clause) => Err(SqlError::unsupported(format!("`{clause}` within a call is not supported"))),
        None => Ok(()),
    }
}
