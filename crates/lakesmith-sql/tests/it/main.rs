//! Runs the cases in `tests/cases`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lakesmith_sql::{Schema, Schemas, Scope, fails, lenient, parse_expr, parse_query, resolve, resolve_expr};
use std::fmt::Write;

/// A file of cases: lines `a => b => c`. `relation name: columns` sets the scene for those that follow; `#` begins a remark.
struct Cases {
    relations: Vec<(String, Schema)>,
    wrong: String,
}

impl Cases {
    fn run(text: &str, mut check: impl FnMut(&Cases, &[&str]) -> Result<(), String>) {
        let mut cases = Cases { relations: Vec::new(), wrong: String::new() };
        let mut count = 0;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((name, ddl)) = line.strip_prefix("relation ").and_then(|rest| rest.split_once(": ")) {
                let schema = Schema::parse(ddl).unwrap_or_else(|error| panic!("{line}: {error}"));
                cases.relations.push((name.replace('-', ""), schema));
                continue;
            }
            let parts: Vec<&str> = line.split(" => ").map(str::trim).collect();
            count += 1;
            if let Err(message) = check(&cases, &parts) {
                writeln!(cases.wrong, "{line}\n    {message}").unwrap();
            }
        }
        assert!(count > 0, "no cases");
        assert!(cases.wrong.is_empty(), "\n{}", cases.wrong);
    }

    fn scope(&self) -> Scope {
        self.relations.iter().fold(Scope::default(), |scope, (name, schema)| scope.with(name, schema.clone()))
    }
}

impl Schemas for Cases {
    fn table(&self, parts: &[String]) -> Option<Schema> {
        let name = parts.join(".");
        self.relations.iter().find(|(known, _)| *known == name).map(|(_, schema)| schema.clone())
    }
}

fn equal(what: &str, actual: &str, expected: &str) -> Result<(), String> {
    if actual == expected { Ok(()) } else { Err(format!("{what}: {actual}")) }
}

/// `expression => TYPE [NOT NULL] => definite form`
#[test]
fn expressions() {
    Cases::run(include_str!("../cases/expressions.txt"), |cases, parts| {
        let expr = parse_expr(parts[0]).map_err(|error| format!("{error:?}"))?;
        let resolved = resolve_expr(&expr, &cases.scope().allow_aggregates()).map_err(|errors| format!("{errors:?}"))?;
        let ty = format!("{}{}", resolved.ty, if resolved.nullable { "" } else { " NOT NULL" });
        equal("type", &ty, parts[1])?;
        let printed = resolved.expr.to_string();
        if let Some(expected) = parts.get(2) {
            equal("definite", &printed, expected)?;
        }
        // The definite form is stable, and printing loses nothing.
        let again = parse_expr(&printed).map_err(|error| format!("{printed}: {error:?}"))?;
        equal("printed again", &again.to_string(), &printed)?;
        let twice = resolve_expr(&again, &cases.scope().allow_aggregates()).map_err(|errors| format!("{printed}: {errors:?}"))?;
        equal("resolved again", &twice.expr.to_string(), &printed)?;
        equal("type again", &twice.ty.to_string(), &resolved.ty.to_string())
    });
}

/// `expression => lenient form => test for a lost value, or -`
#[test]
fn lenience() {
    Cases::run(include_str!("../cases/lenient.txt"), |cases, parts| {
        let expr = parse_expr(parts[0]).map_err(|error| format!("{error:?}"))?;
        let soft = lenient(&expr);
        equal("lenient", &soft.to_string(), parts[1])?;
        let test = fails(&expr);
        equal("fails", &test.as_ref().map_or("-".to_owned(), ToString::to_string), parts[2])?;
        for form in std::iter::once(&soft).chain(&test) {
            let again = parse_expr(&form.to_string()).map_err(|error| format!("{form}: {error:?}"))?;
            equal("printed again", &again.to_string(), &form.to_string())?;
            resolve_expr(&again, &cases.scope()).map_err(|errors| format!("{form}: {errors:?}"))?;
        }
        Ok(())
    });
}

/// `expression or query => code => the text concerned => a part of message and help`; several faults as `code: text; …`
#[test]
fn faults() {
    Cases::run(include_str!("../cases/faults.txt"), |cases, parts| {
        let text = parts[0];
        let is_query = ["SELECT", "WITH", "INSERT", "VALUES", "MERGE", "DROP"].iter().any(|word| text.starts_with(word));
        let errors = if is_query {
            parse_query(text).map_err(|error| vec![error]).and_then(|query| resolve(&query, cases).map(drop))
        } else {
            parse_expr(text).map_err(|error| vec![error]).and_then(|expr| resolve_expr(&expr, &cases.scope()).map(drop))
        };
        let errors = errors.err().ok_or("no fault")?;
        let told = errors.iter().map(|error| {
            let range = error.range.clone().unwrap_or(0..0);
            format!("{}: {}", error.code, text.get(range).unwrap_or("?"))
        });
        equal("faults", told.collect::<Vec<_>>().join("; ").trim_end(), parts[1])?;
        let words = errors
            .iter()
            .map(|error| format!("{} {}", error.message, error.help.clone().unwrap_or_default()))
            .collect::<String>();
        match parts.get(2) {
            Some(expected) if !words.contains(expected) => Err(format!("words: {words}")),
            _ => Ok(()),
        }
    });
}

/// `query => columns => definite form => lineage`; the last two may be left out or `-`
#[test]
fn queries() {
    Cases::run(include_str!("../cases/queries.txt"), |cases, parts| {
        let query = parse_query(parts[0]).map_err(|error| format!("{error:?}"))?;
        let printed = query.to_string();
        equal("printed", &parse_query(&printed).map_err(|error| format!("{printed}: {error:?}"))?.to_string(), &printed)?;
        let resolved = resolve(&query, cases).map_err(|errors| format!("{errors:?}"))?;
        equal("columns", &resolved.schema.to_string(), parts[1])?;
        let printed = resolved.query.to_string();
        if let Some(expected) = parts.get(2).filter(|expected| **expected != "-") {
            equal("definite", &printed, expected)?;
        }
        let again = parse_query(&printed).map_err(|error| format!("{printed}: {error:?}"))?;
        let twice = resolve(&again, cases).map_err(|errors| format!("{printed}: {errors:?}"))?;
        equal("resolved again", &twice.query.to_string(), &printed)?;
        equal("columns again", &twice.schema.to_string(), parts[1])?;
        if let Some(expected) = parts.get(3) {
            let lineage = resolved.lineage.iter().map(|column| {
                let sources = column.sources.iter().map(|(table, column)| format!("{table}.{column}")).collect::<Vec<_>>();
                format!("{}: {}", column.name, sources.join(" "))
            });
            equal("lineage", &lineage.collect::<Vec<_>>().join("; "), expected)?;
        }
        Ok(())
    });
}

/// The star-schema queries that reports ask: they parse, resolve and have the right types.
#[test]
fn star_queries() {
    let text = include_str!("../cases/star.sql");
    let mut cases = Cases { relations: Vec::new(), wrong: String::new() };
    let mut count = 0;
    for statement in text.split(";\n") {
        let (remarks, sql): (Vec<&str>, Vec<&str>) = statement.lines().partition(|line| line.starts_with("--"));
        let mut expected = None;
        for remark in remarks {
            let remark = remark.trim_start_matches("-- ");
            match remark.strip_prefix("relation ").and_then(|rest| rest.split_once(": ")) {
                Some((name, ddl)) => cases.relations.push((name.to_owned(), Schema::parse(ddl).unwrap())),
                None => expected = remark.strip_prefix("columns: "),
            }
        }
        let Some(expected) = expected else { continue };
        let query = parse_query(&sql.join("\n")).unwrap();
        let resolved = resolve(&query, &cases).unwrap_or_else(|errors| panic!("{query}: {errors:?}"));
        assert_eq!(resolved.schema.to_string(), expected, "{query}");
        assert!(resolved.deterministic);
        count += 1;
    }
    assert_eq!(count, 8);
}

/// Depth is bounded or borne, never a crash.
#[test]
fn deep_nesting() {
    let nested = format!("{}a{}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(parse_expr(&nested).unwrap_err().code, "sql-syntax");
}

#[test]
fn deep_calls() {
    let scope = Scope::of(Schema::parse("a INT").unwrap());
    let nested = format!("{}a{}", "abs(".repeat(60), ")".repeat(60));
    assert!(resolve_expr(&parse_expr(&nested).unwrap(), &scope).is_ok());
}

#[test]
fn long_chains() {
    let scope = Scope::of(Schema::parse("a INT").unwrap());
    let chain = vec!["a > 1"; 200].join(" OR ");
    let expr = parse_expr(&chain).unwrap();
    assert!(resolve_expr(&expr, &scope).is_ok());
    assert_eq!(lenient(&expr).to_string(), chain);
    assert!(fails(&expr).is_none());
    let sum = |count: usize| parse_expr(&vec!["a"; count].join(" + ")).unwrap();
    assert!(resolve_expr(&sum(90), &scope).is_ok());
    assert_eq!(resolve_expr(&sum(120), &scope).unwrap_err()[0].code, "unsupported");
}

#[test]
fn a_qualified_scope_names_each_column_with_its_relation() {
    let schema = Schema::parse("price INT, lines ARRAY<INT>, line STRUCT<no: INT>").unwrap();
    let scope = Scope::default().with("f", schema).qualified();
    for (written, definite) in [
        ("Price + f.price", "`f`.`price` + `f`.`price`"),
        ("line.No", "`f`.`line`.`no`"),
        ("filter(lines, x -> x > price)[0]", "filter(`f`.`lines`, `x` -> `x` > `f`.`price`)[0]"),
    ] {
        let resolved = resolve_expr(&parse_expr(written).unwrap(), &scope).unwrap();
        assert_eq!(resolved.expr.to_string(), definite);
        let twice = resolve_expr(&parse_expr(definite).unwrap(), &scope).unwrap();
        assert_eq!((twice.expr.to_string().as_str(), twice.ty), (definite, resolved.ty));
    }
}
