//! The keys of `sources/*.yaml`.

use super::files::{CSV, Format};
use super::{ChangeCapture, Deletes, OnChange, SchemaEvolution, Snapshot, SourceKind};
use crate::choice::{Choice, choice};
use crate::shape::{DESCRIPTION, Key, OWNER, Object, Shape, TAGS, TEXTS};

/// The file.
pub(crate) const KEYS: Object = Object {
    name: "a source",
    may_be_empty: false,
    keys: &[
        Key::required("source", Shape::Name, "The source's name: its tables fill `bronze.<source>_<table>`."),
        Key::required("type", Shape::Choice(&SourceKind::WORDS), "What kind of system it is."),
        Key::required(
            "path",
            Shape::Text,
            "Where its files lie: a folder relative to the project, or a URL such as `s3://…`, `abfss://…`, `gs://…`.",
        ),
        Key::required("tables", Shape::Named(&Shape::Object(&TABLE)), "Its tables by name."),
        DESCRIPTION,
        OWNER,
        TAGS,
    ],
};

/// One of `tables:`
pub(crate) const TABLE: Object = Object {
    name: "a source table",
    may_be_empty: false,
    keys: &[
        Key::required(
            "path",
            Shape::Text,
            "Which files are its own: a glob such as `orders/*.json`, relative to the source's path.",
        ),
        Key::optional("format", Shape::Choice(&Format::WORDS), "How its files are written. Left out: by the ending of `path`."),
        Key::optional("csv", Shape::Object(&CSV), "How its CSV files are written."),
        Key::optional(
            "schema_hints",
            Shape::Labelled(&Shape::SqlType),
            "Types of columns that inference would get wrong: `{ UpdatedAt: timestamp }`, by the names in the source.",
        ),
        Key::defaulted("change_capture", Shape::Choice(&ChangeCapture::WORDS), "incremental", "What a file holds of the table."),
        Key::defaulted(
            "schema_evolution",
            Shape::Choice(&SchemaEvolution::WORDS),
            "add_columns",
            "What happens with a column that was not there before.",
        ),
        Key::defaulted(
            "on_change",
            Shape::Choice(&OnChange::WORDS),
            "new_version",
            "What happens with a file that changed under its old name.",
        ),
        Key::defaulted("snapshot", Shape::Choice(&Snapshot::WORDS), "file", "What makes up one snapshot of a full load."),
        Key::defaulted(
            "deletes",
            Shape::Choice(&Deletes::WORDS),
            "none",
            "Whether keys that a snapshot lacks are deleted downstream.",
        ),
        Key::defaulted(
            "max_delete_fraction",
            Shape::Fraction,
            "0.2",
            "The share of the keys that one snapshot may delete without consent.",
        ),
        Key::optional("sensitivity", TEXTS, "What is sensitive in it, such as `pii`."),
        Key::optional("frequency", Shape::Text, "How often new data comes, in words."),
        Key::optional("volume", Shape::Text, "How much data comes, in words."),
        DESCRIPTION,
        OWNER,
        TAGS,
    ],
};

choice! { pub SourceKind:
    "files" = Files, "Files in a folder or an object store.";
    later "database", "jdbc", "postgres", "mysql", "sqlserver", "kafka", "stream", "kinesis", "eventhubs", "api", "rest", "delta";
}
choice! { pub ChangeCapture:
    "full" = Full, "Every file, or folder of files, is the whole table.";
    "incremental" = Incremental, "Each file adds new rows or new states of rows.";
    "cdc" = Cdc, "A change feed: rows say in `_operation` whether they are deletes.";
    "timestamp" = Timestamp, "New states are found by a column that grows with time.";
    "event" = Event, "Events that never change.";
}
choice! { pub SchemaEvolution:
    "add_columns" = AddColumns, "The bronze table gets the column; a struct gets the field.";
    "rescue" = Rescue, "Its values go to `_rescued_data`, until somebody accepts the column.";
    "fail" = Fail, "The flow stops before it reads the files, until somebody accepts the change; the other flows run.";
    "none" = None, "It is left out, and the run says so.";
}
choice! { pub OnChange:
    "new_version" = NewVersion, "It is read again, as a further version.";
    "ignore" = Ignore, "It is not read again.";
    "error" = Error, "It gets a receipt with an error.";
}
choice! { pub Snapshot:
    "file" = File, "Each file.";
    "folder" = Folder, "All files of a folder.";
    "marker" = Marker, "All files up to a marker file.";
}
choice! { pub Deletes:
    "none" = None, "They stay.";
    "missing_keys" = MissingKeys, "They are deleted.";
}
