//! What holds of every format of text: how the bytes come, and where the text is cut into pieces, changes nothing.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Read;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use proptest::prelude::*;

use super::*;
use crate::content::{Notes, TextStream};
use crate::rows::with_rescued;

/// Gives few bytes at a time.
struct Drip(Vec<u8>, usize);

impl Read for Drip {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(self.0.len()).min(out.len());
        out[..length].copy_from_slice(&self.0[..length]);
        self.0.drain(..length);
        Ok(length)
    }
}

fn schema() -> SchemaRef {
    let list = |of| DataType::List(Arc::new(Field::new("element", of, true)));
    let structure = DataType::Struct(Fields::from(vec![Field::new("b", DataType::Utf8, true)]));
    Arc::new(Schema::new(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Utf8, true),
        Field::new("c", list(structure), true),
        Field::new("value", DataType::Utf8, true),
    ]))
}

/// All rows, or why there are none.
fn read(format: &Format, bytes: &[u8], at_once: usize, piece_bytes: usize) -> Result<RecordBatch, FileFault> {
    let stream = TextStream::new(Box::new(Drip(bytes.to_vec(), at_once)), None, true, Notes::default());
    let target = Arc::new(Target { piece_bytes, ..Target::new(schema(), Hints::new(&[])) });
    let mut reader = format.reader().open(Content::Text(stream), target)?;
    let mut batches = Vec::new();
    while let Some(piece) = reader.next()? {
        match piece() {
            Ok(decoded) => {
                let rows: usize = decoded.batches.iter().map(RecordBatch::num_rows).sum();
                assert_eq!(rows as u64, decoded.rows);
                batches.extend(decoded.batches);
            }
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Failed(error)) => panic!("{error}"),
        }
    }
    Ok(concat_batches(&with_rescued(&schema()), &batches).unwrap())
}

fn formats() -> Vec<(&'static str, Format, &'static [&'static str])> {
    let long = CsvOptions { delimiter: ",,".to_owned(), row_delimiter: Some(",\n".to_owned()), ..CsvOptions::default() };
    let skipping = CsvOptions { skip_rows: 2, comment: Some(b'#'), ..CsvOptions::default() };
    let nested = JsonOptions { rows_at: vec![PathStep::Field("c".to_owned()), PathStep::Elements] };
    let field = |name: &str, start, width| FixedField { name: name.to_owned(), start, width };
    let fields = vec![field("a", 1, 2), field("b", 4, 3)];
    let csv: &[&str] = &["a,b\n", "a", "b", "1", ",", ",", "\n", "\n", "\r", "\"", "#", " ", "ü", "007", ",,", ",\n"];
    let json: &[&str] = &[
        "{\"a\":1}",
        "{\"a\":1,\"b\":\"x\"}\n",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\\",
        ":",
        ",",
        "\n",
        "1",
        "null",
        "\"c\":",
        "\"a\":",
        "ü",
        " ",
        "\n  {\"a\": 2},",
    ];
    let xml: &[&str] = &[
        "<row>",
        "</row>",
        "<row/>",
        "<a>1</a>",
        "<b x='1'>",
        "</b>",
        "<c>",
        "</c>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&amp;",
        "&x;",
        "<",
        ">",
        "\"",
        "x",
        "ü",
        "\n",
        "<?",
        "?>",
        "<r>",
        "</r>",
    ];
    vec![
        ("csv", Format::Csv(CsvOptions::default()), csv),
        ("csv with long delimiters", Format::Csv(long), csv),
        ("csv with lines above", Format::Csv(skipping), csv),
        ("json", Format::Json(JsonOptions::default()), json),
        ("json at a path", Format::Json(nested), json),
        ("xml", Format::Xml(XmlOptions::new("row")), xml),
        ("fixed width", Format::FixedWidth(FixedWidthOptions { fields, trim: true, skip_rows: 1 }), csv),
        ("text", Format::Text(TextOptions::default()), csv),
        ("text at once", Format::Text(TextOptions { whole_file: true }), csv),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn f6_f7_any_cut_of_a_file_gives_the_same_rows(
        which in 0..9_usize,
        picks in proptest::collection::vec(any::<u8>(), 0..60),
        at_once in 1..7_usize,
        piece_bytes in 1..40_usize,
        root: bool,
    ) {
        let (name, format, words) = formats().swap_remove(which);
        let text: String = picks.iter().map(|pick| words[usize::from(*pick) % words.len()]).collect();
        let text = match name {
            "xml" if root => format!("<r>{text}</r>"),
            "json" if root => format!("[{text}]"),
            "json at a path" if root => format!("{{\"c\":[{text}]}}"),
            _ => text,
        };
        let whole = read(&format, text.as_bytes(), usize::MAX, usize::MAX);
        let cut = read(&format, text.as_bytes(), at_once, piece_bytes);
        match (whole, cut) {
            (Ok(whole), Ok(cut)) => prop_assert_eq!(whole, cut, "{} {:?}", name, text),
            // Which fault is told first may depend on how far was read.
            (Err(_), Err(_)) => {}
            (whole, cut) => prop_assert!(false, "{name} {text:?}: {whole:?} {cut:?}"),
        }
    }
}
