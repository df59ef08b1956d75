//! The table that a new one is to read, and how new files are named.

use super::guess;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::Stop;
use crate::open;
use lakesmith_compile::{Column, Flow, FlowKind, Layer, TableName};
use lakesmith_project::{Entity, History};
use lakesmith_run::{Lake, RunError};
use lakesmith_text::nearest;

/// A table of the project with its columns.
pub(super) struct Input {
    pub(super) lake: Lake,
    pub(super) name: TableName,
    pub(super) flow: Flow,
}

impl Input {
    /// The table called `name`, of a layer; `wants` says in words what kind of table that is.
    pub(super) async fn open(name: &str, layer: Layer, wants: &str, globals: &Globals, console: &Console) -> Result<Input, Stop> {
        Input::of(open::to_describe(globals, console).await?, name, layer, wants)
    }

    /// The same of a lake that is open.
    pub(super) fn of(lake: Lake, name: &str, layer: Layer, wants: &str) -> Result<Input, Stop> {
        let own = format!("{}.", lake.plan().lakehouse);
        let wanted = name.strip_prefix(&own).unwrap_or(name);
        // What is asked for says the layer, so that the name may leave it out.
        let wanted = match wanted.contains('.') {
            true => wanted.to_owned(),
            false => format!("{}.{wanted}", layer.as_str()),
        };
        let found = lake.plan().flows.iter().find(|flow| flow.name.to_string().eq_ignore_ascii_case(&wanted)).cloned();
        let Some(flow) = found else {
            return Err(unknown(&lake, &wanted, layer));
        };
        if flow.name.layer() != layer {
            return Err(Stop::Argument(format!("`{}` is no {wants}; {}", flow.name, there_are(&lake, layer))));
        }
        let input = Input { name: flow.name.clone(), flow, lake };
        if input.data().is_empty() {
            return Err(Stop::Argument(format!(
                "nothing is known of the columns of `{}`: none of its source's data has arrived. `lakesmith validate` and \
                 `lakesmith files` say more",
                input.name
            )));
        }
        Ok(input)
    }

    /// Its columns, without those that begin with `_`.
    pub(super) fn columns(&self) -> Vec<&Column> {
        self.flow.target.columns.iter().filter(|column| !column.name.starts_with('_')).collect()
    }

    /// The columns that came with the data: of a bronze table those of its source, which may be called `_c0`.
    pub(super) fn data(&self) -> Vec<&Column> {
        let FlowKind::Bronze { source, table } = self.flow.kind else { return self.columns() };
        let added = lakesmith_compile::added_columns(&self.lake.project().sources[source].tables[table]);
        let own = |column: &&Column| column.name == "_operation" || added.iter().any(|added| added.name == column.name);
        self.flow.target.columns.iter().filter(|column| !own(column)).collect()
    }

    /// What a column is called in `from`: as in the source, unless another column is called so or it has no name there.
    pub(super) fn source_name<'a>(&self, column: &'a Column) -> &'a str {
        let another = |name: &str| self.flow.target.columns.iter().any(|other| other.name == name && other.name != column.name);
        column.source_name.as_deref().filter(|name| !name.trim().is_empty() && !another(name)).unwrap_or(&column.name)
    }

    /// The column of that name.
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns().into_iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The file that defines it, if it is a silver table.
    pub(super) fn entity(&self) -> Option<&Entity> {
        self.lake.project().entities.iter().find(|entity| entity.table() == self.name.to_string())
    }

    /// The columns that tell its rows apart; of a table that keeps states also the time of a state.
    pub(super) fn identity(&self) -> Vec<String> {
        let Some(entity) = self.entity() else { return vec![] };
        let states = matches!(entity.history, History::Changes | History::Type2);
        let sequence = entity.sequence_by.iter().filter(|_| states);
        entity.key.iter().chain(sequence).map(|name| name.value.clone()).collect()
    }

    /// The path of the file that defines it.
    pub(super) fn path(&self) -> String {
        match self.entity() {
            Some(entity) => format!("silver/{}/{}.yaml", entity.domain, entity.name),
            None => format!("gold/{}.yaml", self.name.name()),
        }
    }
}

fn unknown(lake: &Lake, name: &str, layer: Layer) -> Stop {
    let names: Vec<String> = lake.plan().flows.iter().map(|flow| flow.name.to_string()).collect();
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => {
            Stop::of(RunError::UnknownTable { name: name.to_owned(), near: Some(near.to_owned()) }, &lake.project().sources_text)
        }
        None => Stop::Argument(format!("there is no table `{name}`; {}", there_are(lake, layer))),
    }
}

/// The tables of a layer, in words.
pub(super) fn there_are(lake: &Lake, layer: Layer) -> String {
    let names: Vec<String> =
        lake.plan().flows.iter().filter(|flow| flow.name.layer() == layer).map(|flow| format!("`{}`", flow.name)).collect();
    let add = match layer {
        Layer::Bronze => "lakesmith add source NAME --path landing/",
        Layer::Silver => "lakesmith add silver AREA.NAME --from bronze.…",
        Layer::Gold | Layer::Monitoring => "lakesmith add fact NAME --from silver.…",
    };
    match names.is_empty() {
        true => format!("the project has no {} table yet: `{add}` adds one", layer.as_str()),
        false => format!("the {} tables are {}", layer.as_str(), names.join(", ")),
    }
}

/// A name for a file and its table, with a beginning such as `dim_`.
pub(super) fn named(text: &str, prefix: &str) -> Result<String, Stop> {
    let name = guess::name(text);
    let own = name.strip_prefix(prefix).unwrap_or(&name);
    match own.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) {
        true => Err(Stop::Argument(format!(
            "`{text}` is no name: it is made of letters, digits and `_`, and does not begin with a digit"
        ))),
        false => Ok(format!("{prefix}{own}")),
    }
}
