//! Spark's grammar where sqlparser's own Spark dialect is not right.

use sqlparser::ast::{BinaryOperator, Expr, Ident, ObjectName};
use sqlparser::dialect::{Dialect, Precedence, SparkSqlDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;
use std::any::TypeId;

/// [`SparkSqlDialect`], mended:
/// - `DIV` binds like `*` and `/`;
/// - words that begin a clause are no columns: `SELECT a, FROM t` is a fault at `FROM`, and one within CASE is a fault where it is;
/// - `exists(array, x -> ..)` is a function, `EXISTS (SELECT ..)` a predicate.
#[derive(Debug)]
pub(super) struct Spark;

const BASE: SparkSqlDialect = SparkSqlDialect;

/// The words that nobody means as a column's name.
const CLAUSES: &[Keyword] = &[
    Keyword::SELECT,
    Keyword::FROM,
    Keyword::WHERE,
    Keyword::HAVING,
    Keyword::UNION,
    Keyword::JOIN,
    Keyword::ON,
    Keyword::WHEN,
    Keyword::THEN,
    Keyword::ELSE,
    Keyword::AND,
    Keyword::OR,
];

macro_rules! as_spark {
    ($($rule:ident),* $(,)?) => {
        $(fn $rule(&self) -> bool {
            BASE.$rule()
        })*
    };
}

impl Dialect for Spark {
    fn dialect(&self) -> TypeId {
        BASE.dialect()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        BASE.is_delimited_identifier_start(ch)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        BASE.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        BASE.is_identifier_part(ch)
    }

    as_spark!(
        supports_filter_during_aggregation,
        supports_group_by_expr,
        supports_group_by_with_modifier,
        supports_lambda_functions,
        supports_select_wildcard_except,
        supports_struct_literal,
        supports_nested_comments,
        supports_create_table_using,
        supports_long_type_as_bigint,
        supports_values_as_table_factor,
        require_interval_qualifier,
        supports_bang_not_operator,
        supports_select_item_multi_column_alias,
        supports_cte_without_as,
        supports_map_literal_with_angle_brackets,
    );

    fn is_reserved_for_identifier(&self, word: Keyword) -> bool {
        BASE.is_reserved_for_identifier(word)
            || matches!(word, Keyword::CASE | Keyword::CAST | Keyword::TRY_CAST | Keyword::EXTRACT | Keyword::NOT)
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        let [first, open, inner] = parser.peek_tokens();
        if let Token::Word(word) = &first
            && word.quote_style.is_none()
            && CLAUSES.contains(&word.keyword)
        {
            let found = parser.peek_token();
            return Some(parser.expected("an expression", found));
        }
        let function = match (&first, &open, &inner) {
            (Token::Word(exists), Token::LParen, inner) if exists.keyword == Keyword::EXISTS && exists.quote_style.is_none() => {
                !matches!(inner, Token::Word(word) if matches!(word.keyword, Keyword::SELECT | Keyword::WITH | Keyword::VALUES | Keyword::FROM))
                    && *inner != Token::LParen
            }
            _ => false,
        };
        if !function {
            return None;
        }
        let span = parser.next_token().span;
        let name = ObjectName::from(vec![Ident::with_span(span, "exists")]);
        Some(parser.parse_function(name))
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        match &parser.peek_token_ref().token {
            Token::Word(word) if word.keyword == Keyword::DIV => Some(Ok(self.prec_value(Precedence::MulDivModOp))),
            _ => None,
        }
    }

    fn parse_infix(&self, parser: &mut Parser<'_>, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        if !parser.parse_keyword(Keyword::DIV) {
            return None;
        }
        let right = parser.parse_subexpr(precedence);
        Some(right.map(|right| Expr::BinaryOp {
            left: Box::new(expr.clone()),
            op: BinaryOperator::MyIntegerDivide,
            right: Box::new(right),
        }))
    }
}
