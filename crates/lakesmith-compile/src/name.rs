//! Names of tables as readers write them: `silver.sales_orders`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The three layers of a lakehouse, and where lakesmith keeps what it observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Rows as they came.
    Bronze,
    /// Cleansed rows.
    Silver,
    /// The star schema.
    Gold,
    /// What lakesmith says of the lakehouse itself.
    Monitoring,
}

impl Layer {
    /// The word that stands before the dot.
    pub fn as_str(self) -> &'static str {
        match self {
            Layer::Bronze => "bronze",
            Layer::Silver => "silver",
            Layer::Gold => "gold",
            Layer::Monitoring => "monitoring",
        }
    }

    /// The layer of that name.
    pub fn parse(word: &str) -> Option<Layer> {
        let all = [Layer::Bronze, Layer::Silver, Layer::Gold, Layer::Monitoring];
        all.into_iter().find(|layer| layer.as_str().eq_ignore_ascii_case(word))
    }
}

/// `layer.name`, in lower-case layer and declared case of the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName {
    layer: Layer,
    name: String,
}

impl TableName {
    /// The table `name` of a layer.
    pub fn new(layer: Layer, name: impl Into<String>) -> Self {
        TableName { layer, name: name.into() }
    }

    /// Reads `layer.name`; a third part before it, the lakehouse's name, is the caller's to take off.
    pub fn parse(text: &str) -> Option<Self> {
        let (layer, name) = text.split_once('.')?;
        let word = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        word(name).then_some(())?;
        Some(TableName { layer: Layer::parse(layer)?, name: name.to_owned() })
    }

    /// The layer, the part before the dot.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// The part after the dot.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of a companion: `silver.sales_orders_quarantine`.
    pub fn companion(&self, suffix: &str) -> TableName {
        TableName { layer: self.layer, name: format!("{}_{suffix}", self.name) }
    }

    /// As faults call it: `` `silver.sales_orders` ``.
    pub(crate) fn words(&self) -> String {
        format!("`{self}`")
    }

    /// As Spark SQL writes it: `` `silver`.`sales_orders` ``.
    pub fn quoted(&self) -> String {
        format!("`{}`.`{}`", self.layer.as_str(), self.name)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.layer.as_str(), self.name)
    }
}

impl From<TableName> for String {
    fn from(name: TableName) -> String {
        name.to_string()
    }
}

impl TryFrom<String> for TableName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        TableName::parse(&text).ok_or_else(|| format!("`{text}` is not the name of a table (`layer.name`)"))
    }
}
