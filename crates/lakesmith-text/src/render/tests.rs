use super::*;

fn findings() -> (Diagnostics, Sources) {
    let mut sources = Sources::default();
    let orders = sources.add("silver/sales/orders.yaml", "from: bronze.shop_orders\nhistory: none\nkye: [größe]\n");
    let other = sources.add("silver/sales/other.yaml", "from: bronze.shop_orders\n");
    let unknown = Diagnostic::error("unknown-key", "unknown key `kye`")
        .at(Span::new(orders, 39, 42))
        .label("not a key of an entity")
        .help("did you mean `key`?");
    let twice = Diagnostic::warning("duplicate-table", "two files fill `silver.x`")
        .at(Span::new(other, 0, 4))
        .related(Span::new(orders, 0, 4), "the first is here");
    let none = Diagnostic::error("no-project", "no `lakehouse.yaml` here").help("make one");
    ([unknown, twice, none].into_iter().collect(), sources)
}

#[test]
fn text_shows_the_place_the_line_and_what_to_do() {
    let (diagnostics, sources) = findings();
    let expected = r#"error[no-project]: no `lakehouse.yaml` here
help: make one

error[unknown-key]: unknown key `kye`
 --> silver/sales/orders.yaml:3:1
  |
3 | kye: [größe]
  | ^^^ not a key of an entity
  |
help: did you mean `key`?

warning[duplicate-table]: two files fill `silver.x`
 --> silver/sales/other.yaml:1:1
  |
1 | from: bronze.shop_orders
  | ^^^^
  |
 ::: silver/sales/orders.yaml:1:1
  |
1 | from: bronze.shop_orders
  | ---- the first is here
"#;
    assert_eq!(render(&diagnostics, &sources, false), expected);
}

#[test]
fn colour_is_only_added_when_asked_for() {
    let (diagnostics, sources) = findings();
    assert!(!render(&diagnostics, &sources, false).contains('\u{1b}'));
    assert!(render(&diagnostics, &sources, true).contains("\u{1b}["));
    assert_eq!(render(&Diagnostics::new(), &sources, true), "");
}

#[test]
fn json_holds_every_place() {
    let (diagnostics, sources) = findings();
    let all: Value = serde_json::from_str(&render_json(&diagnostics, &sources)).unwrap_or_default();
    assert_eq!(
        all[0],
        json!({"code": "no-project", "severity": "error", "message": "no `lakehouse.yaml` here", "help": "make one"})
    );
    assert_eq!(all[1]["path"], "silver/sales/orders.yaml");
    assert_eq!((&all[1]["line"], &all[1]["column"], &all[1]["end_column"]), (&json!(3), &json!(1), &json!(4)));
    assert_eq!(all[2]["related"][0]["label"], "the first is here");
    assert_eq!(all[2]["related"][0]["line"], 1);
}

#[test]
fn no_text_steers_the_terminal() {
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(Diagnostic::error("columns-changed", "a \u{1b}[31mred\u{7}").help("type \u{1b}[31mred\u{7}\nhere"));
    let said = render(&diagnostics, &Sources::default(), false);
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    assert!(said.contains("type ␛[31mred␇\n"), "{said}");
}
