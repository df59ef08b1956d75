//! What can go wrong between this program and a Delta log.
//!
//! No message holds a value of a row: a column is named, its content is not.

use super::TablePath;

/// A failure to read or write a table. Nothing was committed, unless the text of the variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// The target's storage cannot be used as it was written.
    #[error("storage `{location}`: {reason}")]
    Location {
        /// The location as the project gives it.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A storage on which two runners would write over each other's commits.
    #[error("storage `{location}` cannot hold tables: {reason}")]
    Unsafe {
        /// The storage's URL.
        location: String,
        /// What it does not keep.
        reason: String,
    },
    /// Nothing lies at this path, or not at this version.
    #[error("table `{table}` does not exist{}", version.map(|v| format!(" at version {v}")).unwrap_or_default())]
    Missing {
        /// The table asked for.
        table: TablePath,
        /// The version asked for; `None` for the newest.
        version: Option<i64>,
    },
    /// The table uses a feature that is not handled, and reading or writing on would give wrong answers.
    #[error("table `{table}` cannot be {access}: it uses {feature}")]
    UnsupportedFeature {
        /// The table concerned.
        table: TablePath,
        /// The feature or table property, by its Delta name.
        feature: String,
        /// `read` or `written`.
        access: &'static str,
    },
    /// A schema that Delta, or lakesmith's rules for tables, do not allow.
    #[error("table `{table}`, column `{column}`: {reason}")]
    Schema {
        /// The table concerned.
        table: TablePath,
        /// The column, dotted when nested.
        column: String,
        /// What is not allowed.
        reason: String,
    },
    /// Rows that do not fit the table's schema.
    #[error("rows for table `{table}`, column `{column}`: {reason}")]
    Rows {
        /// The table written to.
        table: TablePath,
        /// The column that does not fit.
        column: String,
        /// Why, without the value.
        reason: String,
    },
    /// A data file that is to be read does not belong to the snapshot (any more).
    #[error("data file `{file}` is not in version {version} of table `{table}`")]
    NoSuchFile {
        /// The table read.
        table: TablePath,
        /// The version read.
        version: i64,
        /// The file's name, without the folders of its partition.
        file: String,
    },
    /// A data file that the log names is not in the store (any more).
    #[error(
        "data file `{file}` of table `{table}` is gone, which version {} names: it was taken away from the store",
        version.map_or_else(|| "the newest".to_owned(), |v| v.to_string())
    )]
    FileGone {
        /// The table read.
        table: TablePath,
        /// The version read, where it is known.
        version: Option<i64>,
        /// The file's name, without its folders.
        file: String,
    },
    /// Change data that was asked for and is not kept.
    #[error("version {version} of table `{table}` keeps no change data")]
    NoChangeData {
        /// The table read.
        table: TablePath,
        /// The version.
        version: i64,
    },
    /// A table of another program that cannot be made sense of.
    #[error("table `{table}` cannot be read: {reason}")]
    Unreadable {
        /// The table concerned.
        table: TablePath,
        /// Why, without values of rows.
        reason: String,
    },
    /// A file of the log does not hold what the Delta protocol says.
    #[error("the log of table `{table}` is damaged at version {version}: {reason}")]
    Log {
        /// The table concerned.
        table: TablePath,
        /// The version whose commit is damaged.
        version: i64,
        /// What is wrong.
        reason: String,
    },
    /// The Delta kernel failed.
    #[error("table `{table}`: {source}")]
    Kernel {
        /// The table concerned.
        table: TablePath,
        /// The kernel's account.
        #[source]
        source: Box<delta_kernel::Error>,
    },
    /// The object store failed.
    #[error("table `{table}`, object `{object}`: {source}")]
    Store {
        /// The table concerned.
        table: TablePath,
        /// The object's path in the store.
        object: String,
        /// The store's account.
        #[source]
        source: Box<object_store::Error>,
    },
    /// A data file could not be encoded or put.
    #[error("writing a data file of table `{table}`: {source}")]
    Parquet {
        /// The table written to.
        table: TablePath,
        /// The encoder's or the store's account.
        #[source]
        source: Box<parquet::errors::ParquetError>,
    },
    /// A task of the runtime was cancelled or died.
    #[error("table `{table}`: the work was interrupted: {reason}")]
    Interrupted {
        /// The table concerned.
        table: TablePath,
        /// The runtime's account.
        reason: String,
    },
}

/// Why a commit did not give a new version.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Someone else's commit has this version. Load the newest snapshot and plan again.
    #[error("table `{table}` has a version {version} already")]
    VersionExists {
        /// The table committed to.
        table: TablePath,
        /// The version that was taken.
        version: i64,
    },
    /// The commit may have landed or may still land. Read the log before doing anything else,
    /// and delete none of the data files it names.
    #[error("whether version {version} of table `{table}` was committed is not known: {source}")]
    Unknown {
        /// The table committed to.
        table: TablePath,
        /// The version tried.
        version: i64,
        /// What happened.
        #[source]
        source: Box<DeltaError>,
    },
    /// Nothing was committed: the commit is not allowed, or the store refused it outright.
    #[error("version {version} of table `{table}` was not committed: {source}")]
    Failed {
        /// The table committed to.
        table: TablePath,
        /// The version tried.
        version: i64,
        /// What happened.
        #[source]
        source: Box<DeltaError>,
    },
}
