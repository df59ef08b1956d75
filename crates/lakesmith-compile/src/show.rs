//! What `lakesmith compile` prints: the very steps that run.

use crate::plan::{Flow, Plan};
use crate::step::{Keyed, Step, Write, parameter};
use serde_json::{Value, json};

/// The flows as text: name, inputs, write and SQL of each.
pub fn show<'a>(flows: impl IntoIterator<Item = &'a Flow>) -> String {
    flows.into_iter().map(flow).collect::<Vec<_>>().join("\n")
}

fn flow(flow: &Flow) -> String {
    let mut out = format!("-- {}\n", flow.name);
    for (n, input) in flow.inputs.iter().enumerate() {
        let changes = if input.changes { format!(", its changes as {}", parameter::changes(n + 1)) } else { String::new() };
        let each = if input.each { ", one batch at a time" } else { "" };
        out += &format!("--   reads {} (:after_{m}, :upto_{m}){changes}{each}\n", input.table, m = n + 1);
    }
    match &flow.step {
        None => out += "--   the columns of its source are not known yet: run it once, or put a file into the landing folder\n",
        Some(step) => {
            out += &format!("--   writes {}: {}\n", flow.target.path, write(&step.write));
            out += &format!("--   {}\n", flow.incremental());
            for companion in &flow.companions {
                out += &format!("--   beside it {}\n", companion.name);
            }
            out += &format!("{};\n", step.sql());
            if let Some(first) = flow.first.as_ref().filter(|first| *first != step) {
                out += &format!("\n-- {}, the first batch\n{};\n", flow.name, first.sql());
            }
        }
    }
    out
}

fn write(write: &Write) -> String {
    let words = |keyed: &Keyed| format!("one row per ({})", keyed.identity.join(", "));
    match write {
        Write::Append => "append".to_owned(),
        Write::ReplaceKeys(keyed) => format!("replace keys ({}), {}", keyed.keys.join(", "), words(keyed)),
        Write::ReplaceAll(keyed) => format!("replace all, {}", words(keyed)),
    }
}

/// The same as data: `{ "format_version": 1, "lakehouse": …, "flows": [ { "name", "inputs", "target", "step", … } ] }`.
pub fn show_json<'a>(plan: &Plan, flows: impl IntoIterator<Item = &'a Flow>) -> Value {
    let step = |step: &Option<Step>| {
        step.as_ref().map(|step| {
            let mut value = serde_json::to_value(step).unwrap_or_default();
            if let Some(object) = value.as_object_mut() {
                object.insert("sql".to_owned(), json!(step.sql()));
            }
            value
        })
    };
    let flows: Vec<Value> = flows
        .into_iter()
        .map(|flow| {
            json!({
                "name": flow.name,
                "inputs": flow.inputs.iter().map(|input| &input.table).collect::<Vec<_>>(),
                "target": flow.target,
                "companions": flow.companions,
                "tags": flow.tags,
                "incremental": flow.whole.is_none(),
                "why_whole": flow.whole,
                "step": step(&flow.step),
                "first_step": step(&flow.first),
                "window_step": step(&flow.window),
            })
        })
        .collect();
    json!({ "format_version": 1, "lakehouse": plan.lakehouse, "flows": flows })
}
