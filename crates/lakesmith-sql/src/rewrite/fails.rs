//! Where a value was and is gone.

use super::lenient::{lenient, sibling};
use super::tree::{arguments, bare, binary, boolean, call, children, name, nested};
use crate::Expr;
use sqlparser::ast::{
    self, AccessExpr, BinaryOperator, CaseWhen, Expr as Tree, LambdaFunction, OneOrManyWithParens, Subscript, Value,
};

/// The test that the [`lenient`] form of an expression lost a value: TRUE on the rows where some call that can fail got only values
/// and gave NULL; FALSE or NULL elsewhere. None if nothing in the expression can fail.
///
/// Only what is computed counts: of `CASE` and `if` the branch taken, of `coalesce` the arguments up to the first value. What the user
/// wrote as `TRY_CAST` or `try_…` never counts. Give the same form that `lenient` is given; it must have no aggregates or subqueries.
pub fn fails(expr: &Expr) -> Option<Expr> {
    test(expr.ast()).map(|tree| Expr::new(bare(tree)))
}

fn soft(tree: &Tree) -> Tree {
    lenient(&Expr::new(tree.clone())).into_ast()
}

fn test(tree: &Tree) -> Option<Tree> {
    match tree {
        Tree::Nested(inner) => test(inner),
        Tree::BinaryOp { op: BinaryOperator::And | BinaryOperator::Or, .. } => either(operands(tree).into_iter().map(test)),
        Tree::BinaryOp { op, .. } if is_sum(op) && sibling(tree).is_some() => {
            let terms = terms(tree);
            either(terms.iter().map(|term| test(term)).chain([lost(tree, &terms)]))
        }
        Tree::Case { operand, conditions, else_result, .. } => case(operand.as_deref(), conditions, else_result.as_deref()),
        Tree::CompoundFieldAccess { root, access_chain } => {
            let inside = children(tree).into_iter().map(test);
            either(inside.chain(subscripts(root, access_chain)))
        }
        Tree::Function(function) => match (name(function).as_str(), arguments(function).collect::<Vec<_>>().as_slice()) {
            ("if", [condition, then, otherwise]) => {
                either([test(condition), chosen(soft(condition), test(then), test(otherwise))])
            }
            ("coalesce" | "nvl", all) => first_value(all),
            ("nvl2", [value, then, otherwise]) => {
                let condition = Tree::IsNotNull(Box::new(nested(soft(value))));
                either([test(value), chosen(condition, test(then), test(otherwise))])
            }
            ("transform" | "filter" | "exists", [array, Tree::Lambda(lambda)]) => either([test(array), element(array, lambda)]),
            ("element_at", [array, index]) => {
                // An element that is NULL itself is no loss: only a place outside the array is.
                let zero = binary(soft(index), BinaryOperator::Eq, number("0"));
                let beyond = binary(call("abs", vec![soft(index)]), BinaryOperator::Gt, call("size", vec![soft(array)]));
                either([test(array), test(index), Some(nested(binary(zero, BinaryOperator::Or, beyond)))])
            }
            (_, all) => either(all.iter().map(|argument| test(argument)).chain([lost(tree, all)])),
        },
        _ => {
            let inside = children(tree);
            let own = lost(tree, &inside);
            either(inside.into_iter().map(test).chain([own]))
        }
    }
}

/// The operands of a chain of AND and OR, however long.
fn operands(mut tree: &Tree) -> Vec<&Tree> {
    let mut all = Vec::new();
    while let Tree::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } = tree {
        all.push(&**right);
        tree = left;
    }
    all.push(tree);
    all.reverse();
    all
}

fn is_sum(op: &BinaryOperator) -> bool {
    matches!(op, BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply)
}

/// What sums, differences and products are made of, however many: only together they are a value that can get lost.
fn terms(tree: &Tree) -> Vec<&Tree> {
    match tree {
        Tree::Nested(inner) if matches!(&**inner, Tree::BinaryOp { op, .. } if is_sum(op)) => terms(inner),
        Tree::BinaryOp { left, op, right } if is_sum(op) && sibling(tree).is_some() => {
            let mut all = terms(left);
            all.extend(terms(right));
            all
        }
        _ => vec![tree],
    }
}

/// The node itself got values and gave NULL.
fn lost(tree: &Tree, inputs: &[&Tree]) -> Option<Tree> {
    let result = match sibling(tree)? {
        // The children must be lenient too.
        _ if inputs.iter().any(|input| is_null(input)) => return None,
        _ => soft(tree),
    };
    let given = inputs.iter().filter(|input| !is_literal(input)).map(|input| Tree::IsNotNull(Box::new(nested(soft(input)))));
    let gone = Tree::IsNull(Box::new(nested(result)));
    given.chain([gone]).reduce(binary_and)
}

/// `a[i]` is out of range: one test per subscript.
fn subscripts(root: &Tree, chain: &[AccessExpr]) -> Vec<Option<Tree>> {
    let mut tests = Vec::new();
    for (position, access) in chain.iter().enumerate() {
        let AccessExpr::Subscript(Subscript::Index { index }) = access else { continue };
        let upto = |length: usize| {
            let chain = chain.get(..length).unwrap_or_default().to_vec();
            if chain.is_empty() {
                root.clone()
            } else {
                Tree::CompoundFieldAccess { root: Box::new(root.clone()), access_chain: chain }
            }
        };
        let (before, after) = (upto(position), upto(position + 1));
        if sibling(&after).is_none() || matches!(index, Tree::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
        {
            continue;
        }
        // An element that is NULL itself is no loss: only an index outside the array is.
        let size = call("size", vec![soft(&before)]);
        let outside = binary(
            binary(soft(index), BinaryOperator::Lt, number("0")),
            BinaryOperator::Or,
            binary(soft(index), BinaryOperator::GtEq, size),
        );
        tests.push(Some(nested(outside)));
    }
    tests
}

fn number(digits: &str) -> Tree {
    Tree::Value(Value::Number(digits.to_owned(), false).with_empty_span())
}

fn is_literal(tree: &Tree) -> bool {
    match tree {
        Tree::Value(_) | Tree::TypedString(_) => true,
        Tree::Nested(inner) => is_literal(inner),
        _ => false,
    }
}

fn is_null(tree: &Tree) -> bool {
    matches!(tree, Tree::Value(value) if value.value == Value::Null)
}

fn either(tests: impl IntoIterator<Item = Option<Tree>>) -> Option<Tree> {
    tests.into_iter().flatten().reduce(|left, right| Tree::BinaryOp {
        left: Box::new(operand(left, &BinaryOperator::Or)),
        op: BinaryOperator::Or,
        right: Box::new(operand(right, &BinaryOperator::Or)),
    })
}

fn binary_and(left: Tree, right: Tree) -> Tree {
    Tree::BinaryOp {
        left: Box::new(operand(left, &BinaryOperator::And)),
        op: BinaryOperator::And,
        right: Box::new(operand(right, &BinaryOperator::And)),
    }
}

/// No parentheses where AND and OR bind as meant.
fn operand(tree: Tree, within: &BinaryOperator) -> Tree {
    match &tree {
        Tree::BinaryOp { op, .. } if op == within || *op == BinaryOperator::And => tree,
        Tree::IsNull(_) | Tree::IsNotNull(_) => tree,
        _ => nested(tree),
    }
}

/// The test of the branch that is taken.
fn chosen(condition: Tree, then: Option<Tree>, otherwise: Option<Tree>) -> Option<Tree> {
    if then.is_none() && otherwise.is_none() {
        return None;
    }
    let branch = |test: Option<Tree>| test.map_or(boolean(false), bare);
    Some(case_tree(vec![CaseWhen { condition: bare(condition), result: branch(then) }], branch(otherwise)))
}

fn case_tree(conditions: Vec<CaseWhen>, otherwise: Tree) -> Tree {
    Tree::Case {
        case_token: ast::helpers::attached_token::AttachedToken::empty(),
        end_token: ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions,
        else_result: Some(Box::new(otherwise)),
    }
}

/// A condition counts if it is reached, a result if its condition is the first that holds.
fn case(operand: Option<&Tree>, conditions: &[CaseWhen], otherwise: Option<&Tree>) -> Option<Tree> {
    let mut rest = otherwise.and_then(test);
    for when in conditions.iter().rev() {
        let condition = match operand {
            None => soft(&when.condition),
            Some(operand) => binary(soft(operand), BinaryOperator::Eq, soft(&when.condition)),
        };
        rest = either([test(&when.condition), flat(condition, test(&when.result), rest)]);
    }
    either([operand.and_then(test), rest])
}

/// [`chosen`], one CASE deep for a chain of branches.
fn flat(condition: Tree, then: Option<Tree>, otherwise: Option<Tree>) -> Option<Tree> {
    match otherwise {
        Some(Tree::Case { operand: None, conditions, else_result: Some(last), .. }) => {
            let first = CaseWhen { condition: bare(condition), result: then.map_or(boolean(false), bare) };
            Some(case_tree(std::iter::once(first).chain(conditions).collect(), *last))
        }
        otherwise => chosen(condition, then, otherwise),
    }
}

/// `coalesce`: an argument counts if all before it are NULL.
fn first_value(all: &[&Tree]) -> Option<Tree> {
    let (first, rest) = all.split_first()?;
    let rest = first_value(rest).map(|test| binary_and(Tree::IsNull(Box::new(nested(soft(first)))), test));
    either([test(first), rest])
}

/// Some element of an array fails within a lambda.
fn element(array: &Tree, lambda: &LambdaFunction) -> Option<Tree> {
    let body = Box::new(bare(test(&lambda.body)?));
    let tested = Tree::Lambda(LambdaFunction { body, ..lambda.clone() });
    if matches!(&lambda.params, OneOrManyWithParens::Many(parameters) if parameters.len() > 1) {
        // `exists` gives no index: the tests first, then whether one is TRUE.
        let tests = call("transform", vec![soft(array), tested]);
        return Some(call("array_contains", vec![tests, boolean(true)]));
    }
    Some(call("exists", vec![soft(array), tested]))
}
