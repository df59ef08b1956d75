//! Texts that a language of diagrams does not take as they are.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use lakesmith_compile::{Hierarchy, ModelKind, Reference, TableName};
use lakesmith_sql::DataType;

fn column(name: &str, ty: Option<DataType>, role: ColumnRole) -> ModelColumn {
    let (primary_key, description) = (role == ColumnRole::SurrogateKey, None);
    ModelColumn { name: name.to_owned(), ty, role, primary_key, unique_key: false, unit: None, additivity: None, description }
}

fn table(name: &str, kind: ModelKind, columns: Vec<ModelColumn>) -> ModelTable {
    ModelTable {
        table: TableName::parse(name).unwrap(),
        kind,
        fact_kind: None,
        history: None,
        description: None,
        grain: "one row per \"thing\" <of 100%>".to_owned(),
        grain_key: vec!["id".to_owned()],
        columns_known: true,
        columns,
        hierarchies: vec![],
        refers_to: vec![],
        sums_up: None,
    }
}

fn model() -> Model {
    let key = column("thing_key", Some(DataType::BigInt), ColumnRole::SurrogateKey);
    let mut list = column("2nd größe", Some(DataType::Array(Box::new(DataType::decimal(18, 2)))), ColumnRole::Attribute);
    list.description = Some("Says \"so\" %%{init}%%\n& <more> #1; \\".to_owned());
    let mut dimension = table("gold.things", ModelKind::Dimension, vec![key, list]);
    dimension.history = Some("type2");
    dimension.hierarchies = vec![Hierarchy { name: "way".to_owned(), levels: vec!["a".to_owned(), "b".to_owned()] }];
    let mut amount = column("amount", Some(DataType::decimal(18, 2)), ColumnRole::Measure);
    (amount.unit, amount.additivity) = (Some("USD".to_owned()), Some("semi_additive"));
    let stamp = column("_batch_id", Some(DataType::BigInt), ColumnRole::Lakesmith);
    let mut fact = table("gold.fact_x", ModelKind::Fact, vec![column("thing_key", None, ColumnRole::ForeignKey), amount, stamp]);
    fact.refers_to = vec![Reference {
        column: "thing_key".to_owned(),
        dimension: TableName::parse("gold.things").unwrap(),
        key: "thing_key".to_owned(),
        as_of: Some("day".to_owned()),
        missing: None,
    }];
    let mut sum = table("gold.to_day", ModelKind::Aggregate, vec![]);
    sum.sums_up = Some(TableName::parse("gold.fact_x").unwrap());
    Model { lakehouse: "shop".to_owned(), tables: vec![dimension, fact, sum] }
}

#[test]
fn mermaid_gets_words_and_texts_that_its_grammar_takes() {
    let expected = r#"erDiagram
  %% gold.things: grain key id
  %% gold.things: hierarchy way, a > b
  "things"["things (type 2, one row per 'thing' <of 100 percent>)"] {
    bigint thing_key PK "surrogate key"
    array _2nd_gr__e "`2nd größe`: Says 'so' %{init}% & <more> # 1; '"
  }
  %% gold.fact_x: grain key id
  fact_x["fact_x (one row per 'thing' <of 100 percent>)"] {
    unknown thing_key FK "things as of day"
    decimal_18_2 amount "measure, semi-additive, in USD"
  }
  %% gold.to_day: grain key id
  "to_day"["to_day (one row per 'thing' <of 100 percent>)"] {
  }
  fact_x }o--|| "things" : "thing_key as of day"
  fact_x }|..|| "to_day" : "summed up"
"#;
    assert_eq!(diagram(&model(), Erd::Mermaid), expected);
}

#[test]
fn graphviz_gets_escaped_labels_and_ports() {
    let said = diagram(&model(), Erd::Dot);
    for line in [
        r##"<td colspan="4" bgcolor="#d9e8f6"><b>things</b><br/>type 2, one row per &quot;thing&quot; &lt;of 100%&gt;</td>"##,
        r#"port="2nd größe">2nd größe</td><td align="left">ARRAY&lt;DECIMAL(18,2)&gt;</td><td align="left"></td>"#,
        r#"Says &quot;so&quot; %%{init}%% &amp; &lt;more&gt; #1; \</td>"#,
        r#""fact_x":"thing_key" -> "things":"thing_key" [arrowtail=crowodot, arrowhead=teetee, label="thing_key as of day"];"#,
        r#""fact_x" -> "to_day" [style=dashed, arrowtail=crowtee, arrowhead=teetee, label="summed up"];"#,
        "// hierarchy way: a > b",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(!said.contains("_batch_id"), "what lakesmith adds to every table is not drawn");
}
