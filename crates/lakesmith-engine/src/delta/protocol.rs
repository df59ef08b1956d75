//! Which tables we may read and write. What we do not handle is refused by the name of the feature.
//!
//! Reading needs reader version 1. Writing needs writer version 1 to 4, or 7 with features that are handled or switched off;
//! rules that a foreign writer left for all writers (CHECK constraints, invariants, generated columns) are not evaluated here,
//! so tables that have them are refused.

use super::{Action, DeltaError, Metadata, Protocol, TablePath};

/// Writer features that change nothing for us, or are refused below when they are in use.
const HARMLESS: [&str; 5] = ["appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns"];

pub(super) fn check_readable(table: &TablePath, protocol: &Protocol, metadata: &Metadata) -> Result<(), DeltaError> {
    let refuse = |feature: String| Err(DeltaError::UnsupportedFeature { table: table.clone(), feature, access: "read" });
    if let Some(mode) = metadata.configuration.get("delta.columnMapping.mode")
        && mode != "none"
    {
        return refuse("columnMapping".to_owned());
    }
    if protocol.min_reader_version == 1 {
        return Ok(());
    }
    let named = protocol.reader_features.as_deref().unwrap_or_default();
    if !named.is_empty() {
        return refuse(named.join(", "));
    }
    if protocol.min_reader_version == 2 {
        return refuse("columnMapping".to_owned());
    }
    refuse(format!("reader version {}", protocol.min_reader_version))
}

/// Whether `actions` may be committed to a table with this protocol and metadata.
pub(super) fn check_writable(
    table: &TablePath,
    protocol: &Protocol,
    metadata: &Metadata,
    actions: &[Action],
) -> Result<(), DeltaError> {
    let refuse = |feature: &str| {
        Err(DeltaError::UnsupportedFeature { table: table.clone(), feature: feature.to_owned(), access: "written" })
    };
    match protocol.min_writer_version {
        1..=4 => {}
        5 => return refuse("columnMapping"),
        6 => return refuse("identityColumns"),
        7 => {
            let unknown: Vec<&str> =
                protocol.writer_features.iter().flatten().map(String::as_str).filter(|f| !HARMLESS.contains(f)).collect();
            if !unknown.is_empty() {
                return refuse(&unknown.join(", "));
            }
        }
        version => return refuse(&format!("writer version {version}")),
    }
    // Expired txn actions would read as "never ran", and the batch would be taken again.
    if metadata.configuration.contains_key("delta.setTransactionRetentionDuration") {
        return refuse("delta.setTransactionRetentionDuration");
    }
    if let Some(constraint) = metadata.configuration.keys().find(|k| k.starts_with("delta.constraints.")) {
        return refuse(constraint);
    }
    for rule in ["delta.invariants", "delta.generationExpression", "delta.identity."] {
        // The schema is JSON text: a quoted key of this name can only be field metadata.
        if metadata.schema_string.contains(&format!("\"{rule}")) {
            return refuse(rule.trim_end_matches('.'));
        }
    }
    let append_only = metadata.configuration.get("delta.appendOnly").is_some_and(|v| v == "true");
    if append_only && actions.iter().any(|a| matches!(a, Action::Remove(remove) if remove.data_change)) {
        return refuse("delta.appendOnly");
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::Remove;
    use super::*;

    fn protocol(reader: i32, writer: i32, features: Option<&[&str]>) -> Protocol {
        let features = features.map(|f| f.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>());
        Protocol {
            min_reader_version: reader,
            min_writer_version: writer,
            reader_features: features.clone().filter(|_| reader == 3),
            writer_features: features,
        }
    }

    fn metadata(properties: &[(&str, &str)], schema: &str) -> Metadata {
        Metadata {
            id: "id".to_owned(),
            name: None,
            description: None,
            format: Default::default(),
            schema_string: schema.to_owned(),
            partition_columns: Vec::new(),
            configuration: properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            created_time: None,
        }
    }

    fn remove(data_change: bool) -> Action {
        Action::Remove(Remove {
            path: "f".to_owned(),
            deletion_timestamp: None,
            data_change,
            extended_file_metadata: None,
            partition_values: None,
            size: None,
            tags: None,
            deletion_vector: None,
        })
    }

    #[test]
    fn features_are_refused_by_name() {
        let table = TablePath::new("t");
        let none = metadata(&[], "{}");
        assert!(check_readable(&table, &protocol(1, 7, Some(&["appendOnly"])), &none).is_ok());
        for (reader, writer, features, named) in [
            (2, 5, None, "columnMapping"),
            (3, 7, Some(&["deletionVectors"][..]), "deletionVectors"),
            (4, 8, None, "reader version 4"),
        ] {
            let error = check_readable(&table, &protocol(reader, writer, features), &none).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
        for (writer, features, properties, schema, named) in [
            (6, None, &[][..], "{}", "identityColumns"),
            (7, Some(&["rowTracking"][..]), &[][..], "{}", "rowTracking"),
            (2, None, &[("delta.constraints.positive", "x > 0")][..], "{}", "delta.constraints.positive"),
            (2, None, &[("delta.setTransactionRetentionDuration", "1 day")][..], "{}", "setTransactionRetention"),
            (4, None, &[][..], r#"{"metadata":{"delta.generationExpression":"a"}}"#, "delta.generationExpression"),
        ] {
            let error = check_writable(&table, &protocol(1, writer, features), &metadata(properties, schema), &[]).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn an_append_only_table_keeps_its_rows_but_may_be_compacted() {
        let table = TablePath::new("t");
        let append_only = metadata(&[("delta.appendOnly", "true")], "{}");
        assert!(check_writable(&table, &protocol(1, 2, None), &append_only, &[remove(true)]).is_err());
        assert!(check_writable(&table, &protocol(1, 2, None), &append_only, &[remove(false)]).is_ok());
    }
}
