//! Values of columns that the bronze table does not have, as `_rescued_data` keeps them.

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, make_encoder};
use std::sync::Arc;

/// One JSON object a row, of the values that stand in these columns; NULL where there are none.
///
/// # Errors
/// For a type that JSON cannot tell, such as a map whose keys are no texts.
pub(super) fn rescued(batch: &RecordBatch, columns: &[usize]) -> Result<ArrayRef, ArrowError> {
    let (schema, options) = (batch.schema(), EncoderOptions::default());
    let mut encoders = vec![];
    for index in columns {
        let field = &schema.fields()[*index];
        let key = serde_json::Value::from(field.name().as_str()).to_string();
        encoders.push((key, make_encoder(field, batch.column(*index).as_ref(), &options)?));
    }
    let mut texts = StringBuilder::new();
    for row in 0..batch.num_rows() {
        let mut json: Vec<u8> = vec![];
        for (key, encoder) in encoders.iter_mut().filter(|(_, encoder)| !encoder.is_null(row)) {
            json.push(if json.is_empty() { b'{' } else { b',' });
            json.extend_from_slice(key.as_bytes());
            json.push(b':');
            encoder.encode(row, &mut json);
        }
        if json.is_empty() {
            texts.append_null();
            continue;
        }
        json.push(b'}');
        texts.append_value(String::from_utf8_lossy(&json));
    }
    Ok(Arc::new(texts.finish()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{AsArray, Decimal128Array, Int64Array, StringArray, TimestampMicrosecondArray};

    #[test]
    fn rows_keep_what_has_no_column() {
        let amounts = Decimal128Array::from(vec![Some(1250), None, None]).with_precision_and_scale(9, 2).unwrap();
        let times = TimestampMicrosecondArray::from(vec![Some(1_000_000), None, None]).with_timezone("UTC");
        let batch = RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
            ("the \"note\"", Arc::new(StringArray::from(vec![Some("a\"b"), Some(""), None]))),
            ("amount", Arc::new(amounts)),
            ("at", Arc::new(times)),
        ])
        .unwrap();
        let kept = rescued(&batch, &[1, 2, 3]).unwrap();
        let kept: Vec<Option<&str>> = kept.as_string::<i32>().iter().collect();
        let first = r#"{"the \"note\"":"a\"b","amount":12.50,"at":"1970-01-01T00:00:01Z"}"#;
        assert_eq!(kept, [Some(first), Some(r#"{"the \"note\"":""}"#), None]);
    }
}
