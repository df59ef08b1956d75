//! Spreadsheets: small archives of XML, as Excel and LibreOffice write them.

use std::io::Write;

use lakesmith_connect::{CellRange, ExcelOptions, FileFault, Format, Sheet};
use zip::write::SimpleFileOptions;

use crate::typed::Files;

/// A sheet: its name, whether it is hidden, and the XML of its rows.
pub(crate) type Written<'a> = (&'a str, bool, &'a str);

/// Formats of cells: `s="1"` is a date, 2 a date with time, 3 a time of day, 4 a duration.
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="1"><numFmt numFmtId="164" formatCode="[hh]:mm:ss"/></numFmts>
<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="21"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;

/// An `.xlsx` of these sheets, whose shared texts are `one` and `007`.
pub(crate) fn xlsx(sheets: &[Written<'_>]) -> Vec<u8> {
    archive(&parts(sheets), SimpleFileOptions::default())
}

/// The same, unpacked, so that every byte of the XML is a byte of the file.
pub(crate) fn stored_xlsx(sheets: &[Written<'_>]) -> Vec<u8> {
    archive(&parts(sheets), SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
}

fn parts(sheets: &[Written<'_>]) -> Vec<(String, String)> {
    let (mut list, mut relations) = (String::new(), String::new());
    let mut parts = vec![
        ("_rels/.rels".to_owned(), r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned()),
        ("xl/styles.xml".to_owned(), STYLES.to_owned()),
        ("xl/sharedStrings.xml".to_owned(), r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>one</t></si><si><r><t>00</t></r><r><t>7</t></r></si></sst>"#.to_owned()),
    ];
    for (number, (name, hidden, rows)) in sheets.iter().enumerate() {
        let number = number + 1;
        let state = if *hidden { r#" state="hidden""# } else { "" };
        list.push_str(&format!(r#"<sheet name="{name}" sheetId="{number}"{state} r:id="rId{number}"/>"#));
        relations.push_str(&format!(r#"<Relationship Id="rId{number}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{number}.xml"/>"#));
        let sheet = format!(
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
        );
        parts.push((format!("xl/worksheets/sheet{number}.xml"), sheet));
    }
    parts.push(("xl/workbook.xml".to_owned(), format!(r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{list}</sheets></workbook>"#)));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>"#
        ),
    ));
    parts
}

/// An `.ods` of one sheet.
pub(crate) fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        r#"<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="Sheet1">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    let manifest = r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;
    archive(
        &[
            ("mimetype".to_owned(), "application/vnd.oasis.opendocument.spreadsheet".to_owned()),
            ("META-INF/manifest.xml".to_owned(), manifest.to_owned()),
            ("content.xml".to_owned(), content),
        ],
        SimpleFileOptions::default(),
    )
}

fn archive(parts: &[(String, String)], options: SimpleFileOptions) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The XML of a row: each cell as `B2=text`, `B2:s=1` for a shared text, `B2:b=1`, `B2:e=#N/A`, `B2:#=1.5`, `B2:1=45000` with
/// a format.
fn row(cells: &[&str]) -> String {
    let number: String = cells[0].chars().take_while(|c| *c != '=' && *c != ':').filter(char::is_ascii_digit).collect();
    let cell = |cell: &&str| {
        let (place, value) = cell.split_once('=').unwrap();
        match place.split_once(':') {
            None => format!(r#"<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>"#),
            Some((place, "#")) => format!(r#"<c r="{place}"><f>1+1</f><v>{value}</v></c>"#),
            Some((place, kind @ ("s" | "b" | "e" | "str" | "d"))) => format!(r#"<c r="{place}" t="{kind}"><v>{value}</v></c>"#),
            Some((place, style)) => format!(r#"<c r="{place}" s="{style}"><v>{value}</v></c>"#),
        }
    };
    format!(r#"<row r="{number}">{}</row>"#, cells.iter().map(cell).collect::<String>())
}

async fn files(options: ExcelOptions, bytes: &[u8]) -> Files {
    Files::new(Format::Excel(options), &[bytes]).await
}

#[tokio::test]
async fn cells_become_values_by_their_type_and_format() {
    let rows = [
        row(&["A1=id", "B1=amount", "C1=code", "D1=ok", "E1=day", "F1=at", "G1=time", "H1=span", "I1=mixed", "J1= ", "K1=f"]),
        row(&[
            "A2:#=1",
            "B2:#=1.5",
            "C2:s=1",
            "D2:b=1",
            "E2:1=45351",
            "F2:1=45351",
            "G2:3=0.75",
            "H2:4=1.5",
            "I2:#=12",
            "K2:str=x",
        ]),
        // A row of formats alone.
        r#"<row r="3"><c r="A3" s="1"/></row>"#.to_owned(),
        row(&[
            "A4:#=-9007199254740992",
            "B4:#=2",
            "C4:s=0",
            "D4:b=0",
            "E4:1=1",
            "F4:2=45351.5",
            "H4:4=0.000011574074",
            "I4=text",
            "J4:#=0.1",
            "K4:str=",
        ]),
        row(&["A5:e=#DIV/0!", "C5=é &amp; ü", "E5:d=2024-02-29", "F5:d=2024-02-29T12:00:01.5", "I5:1=45351"]),
    ];
    let bytes = xlsx(&[("Data", false, &rows.concat())]);
    let columns = "id bigint\namount double\ncode string\nok boolean\nday date\nat timestamp\ntime string\nspan string\nmixed string\n_c9 double\nf string";
    let rows = r##"{"id":1,"amount":1.5,"code":"007","ok":true,"day":"2024-02-29","at":"2024-02-29T00:00:00Z","time":"18:00:00","span":"36:00:00","mixed":"12","f":"x"}
        {"id":-9007199254740992,"amount":2.0,"code":"one","ok":false,"day":"1900-01-01","at":"2024-02-29T12:00:00Z","span":"00:00:01","mixed":"text","_c9":0.1}
        {"code":"é & ü","day":"2024-02-29","at":"2024-02-29T12:00:01.500Z","mixed":"2024-02-29","_rescued_data":"{\"id\":\"#DIV/0!\"}"}"##;
    files(ExcelOptions::default(), &bytes).await.check(None, columns, rows, "3 rows, 1 rescued").await;
}

#[tokio::test]
async fn what_does_not_fit_is_rescued() {
    let rows =
        [row(&["B1=ID", "C1=n"]), row(&["A2=left", "B2:#=1.5", "C2=7", "AB2:#=5"]), row(&["B3:#=3000000000", "C3=08", "D3:b=1"])];
    let bytes = xlsx(&[("Data", false, &rows.concat())]);
    let rows = r#"{"_rescued_data":"{\"A\":\"left\",\"AB\":5,\"ID\":1.5,\"n\":\"7\"}"}
        {"_rescued_data":"{\"D\":true,\"ID\":3000000000,\"n\":\"08\"}"}"#;
    files(ExcelOptions::default(), &bytes).await.check(Some("id int\nn int"), "id int\nn int", rows, "2 rows, 2 rescued").await;
    let rows = r#"{"n":7,"_rescued_data":"{\"A\":\"left\",\"AB\":5,\"ID\":1.5}"}
        {"n":8,"_rescued_data":"{\"D\":true,\"ID\":3000000000}"}"#;
    let hinted = files(ExcelOptions::default(), &bytes).await.hinted("n int\nid int");
    hinted.check(None, "ID int\nn int", rows, "2 rows, 2 rescued").await;
}

#[tokio::test]
async fn a_range_and_a_sheet_are_chosen() {
    let report = [
        row(&["A1=Report of 2024"]),
        row(&["B3=id", "C3=x", "D3=note"]),
        row(&["B4:#=1", "C4=a", "D4=n"]),
        row(&["B5:#=2", "C5=b"]),
        row(&["B7:#=3", "C7=total"]),
    ]
    .concat();
    let plain = row(&["A1=other"]) + &row(&["A2:#=1"]);
    let bytes = xlsx(&[("Hidden", true, &plain), ("Report", false, &report), ("Größe", false, &plain)]);
    let range = |first_row, last_row, last_column| CellRange { first_row, last_row, first_column: 1, last_column };
    let options = |sheet: Option<Sheet>, range, header| ExcelOptions { sheet, range, header };
    let name = |name: &str| Some(Sheet::Name(name.to_owned()));
    let cases = [
        (
            options(None, Some(range(2, 5, 2)), true),
            "id bigint\nx string",
            r#"{"id":1,"x":"a"}
            {"id":2,"x":"b"}"#,
        ),
        (
            options(name("report"), Some(range(3, CellRange::ALL.last_row, 2)), false),
            "_c0 bigint\n_c1 string",
            r#"{"_c0":1,"_c1":"a"}
            {"_c0":2,"_c1":"b"}
            {"_c0":3,"_c1":"total"}"#,
        ),
        (options(Some(Sheet::Number(2)), None, true), "other bigint", r#"{"other":1}"#),
        (options(name("GRÖSSE").or(None), None, true), "", ""),
        (options(name("größe"), None, true), "other bigint", r#"{"other":1}"#),
        (options(name("Hidden"), None, true), "other bigint", r#"{"other":1}"#),
    ];
    for (options, columns, rows) in cases {
        let files = files(options, &bytes).await;
        if columns.is_empty() {
            let fault = files.fault().await.to_string();
            assert_eq!(fault, "it has no sheet `GRÖSSE`: its sheets are `Hidden`, `Report`, `Größe`");
        } else {
            files.check(None, columns, rows, &format!("{} rows, 0 rescued", rows.lines().count())).await;
        }
    }
    let fault = files(options(Some(Sheet::Number(3)), None, true), &bytes).await.fault().await;
    assert_eq!(fault.to_string(), "it has no sheet number 3: its sheets are `Hidden`, `Report`, `Größe`");
}

#[tokio::test]
async fn open_document_is_read_alike() {
    let cell = |kind: &str, value: &str| format!(r#"<table:table-cell office:value-type="{kind}" {value}/>"#);
    let text =
        |value: &str| format!(r#"<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>"#);
    let rows = format!(
        r#"<table:table-row>{}{}{}{}</table:table-row>
        <table:table-row table:number-rows-repeated="2">{}{}{}{}</table:table-row>
        <table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>"#,
        text("id"),
        text("name"),
        text("ok"),
        text("day"),
        cell("float", r#"office:value="7""#),
        text("x"),
        cell("boolean", r#"office:boolean-value="true""#),
        cell("date", r#"office:date-value="2024-02-29""#),
    );
    let expected = r#"{"id":7,"name":"x","ok":true,"day":"2024-02-29"}
        {"id":7,"name":"x","ok":true,"day":"2024-02-29"}"#;
    let columns = "id bigint\nname string\nok boolean\nday date";
    files(ExcelOptions::default(), &ods(&rows)).await.check(None, columns, expected, "2 rows, 0 rescued").await;
    let bomb = format!(
        r#"<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="1000"/></table:table-row>{}"#,
        ""
    );
    let fault = files(ExcelOptions::default(), &ods(&bomb)).await.fault().await;
    assert_eq!(fault.to_string(), "not supported: a spreadsheet of more than 20000000 cells");
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let good = xlsx(&[("Data", false, &(row(&["A1=a"]) + &row(&["A2:#=1"])))]);
    let huge = format!(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>"#, " ".repeat(100 << 20));
    let far = row(&["A1=a"]) + r#"<row r="1048577"><c r="A1048577"><v>1</v></c></row>"#;
    for (bytes, expected) in [
        (b"a;b\n1;2\n".to_vec(), "not a spreadsheet"),
        (Vec::new(), "not a spreadsheet"),
        (good[..good.len() / 2].to_vec(), "damaged spreadsheet"),
        ([&[0xD0, 0xCF, 0x11, 0xE0][..], &[0; 600]].concat(), "damaged spreadsheet"),
        (xlsx(&[("Data", false, &huge)]), "it unpacks to more than"),
        (xlsx(&[("Data", false, &far)]), "damaged spreadsheet"),
        (xlsx(&[("Data", false, &(row(&["A2=a"]) + &row(&["A1:#=1"]) + &row(&["A3:#=1"])))]), "damaged spreadsheet"),
        (xlsx(&[("Data", true, "")]), "it has no sheet that is not hidden: its sheets are `Data`"),
    ] {
        let fault = files(ExcelOptions::default(), &bytes).await.fault().await.to_string();
        assert!(fault.starts_with(expected), "{fault}");
    }
    let empty = files(ExcelOptions::default(), &xlsx(&[("Data", false, "")])).await;
    empty.check(None, "", "", "0 rows, 0 rescued").await;
    assert!(!matches!(
        files(ExcelOptions::default(), &good).await.read_into(empty.infer(None).await.schema).await.report.error,
        Some(FileFault::Damaged { .. })
    ));
}

/// A cell at each end of the sheet takes no more memory than two cells.
#[tokio::test]
async fn sheets_may_be_sparse_and_long() {
    let mut rows = row(&["A1=n", "C1=t"]);
    (2..=20_001).for_each(|number| rows.push_str(&row(&[&format!("A{number}:#={number}"), &format!("C{number}=x")])));
    rows.push_str(&row(&["XFD1048576:#=1"]));
    let files = files(ExcelOptions::default(), &xlsx(&[("Data", false, &rows)])).await;
    let inferred = files.infer(None).await;
    let read = files.read_into(inferred.schema).await;
    assert_eq!((read.report.rows, read.report.rescued_rows, read.report.error), (20_001, 1, None));
    assert!(read.batches.iter().all(|batch| batch.num_rows() <= lakesmith_connect::ROWS_PER_BATCH));
}

/// An `.xls` of Excel 97: a hidden sheet, then one with these cells. Unpacked from zlib, written as hex.
const XLS: &str = "\
    78daed584d68134114fe66b24993d0a6494da5ad5042c1bfda42c58352a8a9526d2f29d51efc05dd9a1c4a6d222182f5a0d51a3c09822745844215bc\
    54bdf84315143c78502a7a108462ab474f821691b6eb9bb7bb218d111ad042cb7e61dece7b33efcddb9937f326fb7632343dfaa06e0605d80917160c\
    1f3c793241c567334150bb61a8aafdf452311cac28f8bcb4901e37262a5e97a93554eb3d0389fbda0ba2c0672a47710adda96422b28cd8cd3ee842f9\
    d026348a3d899b5402a865bfaa989e60ba86e93deefb94693b4bae306da3bed3e23026a3dd8d3bc88efa1d940ddc16202af088753eb2642baaf14ac5\
    f1f9abc28c793776a5fbf593aba5a15e2bc71868ad3b13c9445af195b80d3f7088d01c8b357774d46b35b843b39a278a7475b5c662adbdbdd308538c\
    8ce1871101bedb87c1f388235f5eb900c97f2e9697fd45eea5052e26f7d12a17caaf490d1886715ca89d91a51d725953d1e341577f3c9e4866518e29\
    b7eaaba143cfe87388724ef099f9e10ceda1fe386924f5c1049d25fa60ea7432e302e2fa1035e91922a901d2ef4ccf7e4a90bca565bb5fa9f331145c\
    740c55f0e62c271a4725d743bc4583f4427377bfbd8bf5f5448fb16498538f99a0d6ab1780810b4a839403b9169336b2c616a617d9ea3aaed7310dd3\
    36a1e7869e6aabb27784fb5ce2d60d34ce36c6fbe8c6bcfa26aa67bfee7b5c9ffd12dd4cf5f1ce99b3e1f10fd15134d0c4c4ad4367044da249dcb8ae\
    f0246a3f8575944d31adfde358f3caa0e5bb6165e14accabfd4a0899a95a56e121d7daf392f572cc2ac7015b5da9b3ea293aabea8d4dce9e1d9393c4\
    b9729c8b382dc769c4b9739c9b388f358e2818e79cf4b3cceca1fa0b1e472dd133d470aa0be1885449eed64b491e4fbc09530a744b2f1fe3ca3f6557\
    16b12bd9aedfb26baeaed7b22bd9ee2f4afa5598e59950d64dbb92ed9afe6a05d1a6ec6a6c3760479b2c166d0e1c3870e0c081831502c1d71af0b546\
    b3ae74ea5a52667dd799a7b2e07c2659b5d88f14fd32f42f700f92f44c63a8a4f8590bb7b06d8925ead8df0b150ed0e8690ca08ffd1828397ee99a2f\
    f2df67c98ac17fb7854a1d7fa1143ffff3f8bf01ffdc26b0\
";

#[tokio::test]
async fn old_excel_is_read_alike() {
    let packed: Vec<u8> =
        (0..XLS.len() / 2).map(|place| u8::from_str_radix(&XLS[2 * place..2 * place + 2], 16).unwrap()).collect();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(packed.as_slice()), &mut bytes).unwrap();
    let rows = r#"{"id":1,"name":"Größe","amount":1.5,"day":"2024-02-29","at":"2024-02-29T12:00:00Z","ok":true}
        {"id":2,"name":"007","amount":-2.0,"day":"1900-03-01","at":"2024-02-29T00:00:00Z","ok":false}
        {"id":3}"#;
    let columns = "id bigint\nname string\namount double\nday date\nat timestamp\nok boolean";
    files(ExcelOptions::default(), &bytes).await.check(None, columns, rows, "3 rows, 0 rescued").await;
}
