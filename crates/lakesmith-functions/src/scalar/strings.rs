//! Text: positions count characters from 1.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::interleave;
use datafusion::arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::Result;

use super::{Args, SparkFunction, Strings, returns};
use crate::cast::{OnError, cast};

pub(super) fn functions() -> Vec<SparkFunction> {
    let f = SparkFunction::new;
    vec![
        f("trim", (1, 2), returns::string, |a| trim(a, true, true)),
        f("ltrim", (1, 2), returns::string, |a| trim(a, true, false)),
        f("rtrim", (1, 2), returns::string, |a| trim(a, false, true)),
        f("length", (1, 1), returns::int, |a| {
            if let DataType::Binary | DataType::LargeBinary | DataType::BinaryView = a.data_type(0) {
                let bytes = a.cast(0, &DataType::Binary)?;
                let bytes = bytes.as_binary::<i32>();
                return a.to_primitive::<Int32Type>(|row| Ok(bytes.is_valid(row).then(|| bytes.value_length(row))));
            }
            let text = a.strings(0)?;
            a.to_primitive::<Int32Type>(|row| Ok(text.get(row).map(|s| s.chars().count() as i32)))
        }),
        f("substring", (2, 3), returns::string, substring),
        f("left", (2, 2), returns::string, |a| {
            let (text, n) = (a.strings(0)?, a.primitive::<Int32Type>(1)?);
            a.to_strings(|row| Ok(valid(&text, &n, row).map(|(s, n)| s.chars().take(n.max(0) as usize).collect())))
        }),
        f("right", (2, 2), returns::string, |a| {
            let (text, n) = (a.strings(0)?, a.primitive::<Int32Type>(1)?);
            a.to_strings(|row| {
                Ok(valid(&text, &n, row).map(|(s, n)| {
                    let skip = s.chars().count().saturating_sub(n.max(0) as usize);
                    s.chars().skip(skip).collect()
                }))
            })
        }),
        f("concat", (0, usize::MAX), concat_type, concat),
        f("concat_ws", (1, usize::MAX), returns::string, concat_ws),
        f("initcap", (1, 1), returns::string, |a| {
            let text = a.strings(0)?;
            a.to_strings(|row| Ok(text.get(row).map(initcap)))
        }),
        f("replace", (2, 3), returns::string, |a| {
            let (text, part) = (a.strings(0)?, a.strings(1)?);
            let with = if a.len() > 2 { a.strings(2)? } else { Strings::One(Some(String::new())) };
            a.to_strings(|row| {
                let (Some(s), Some(part), Some(with)) = (text.get(row), part.get(row), with.get(row)) else { return Ok(None) };
                Ok(Some(if part.is_empty() { s.to_owned() } else { s.replace(part, with) }))
            })
        }),
        f("split_part", (3, 3), returns::string, split_part),
        f("lpad", (2, 3), returns::string, |a| pad(a, true)),
        f("rpad", (2, 3), returns::string, |a| pad(a, false)),
        f("locate", (2, 3), returns::int, locate),
        f("startswith", (2, 2), returns::boolean, |a| pair(a, |s, p| s.starts_with(p))),
        f("endswith", (2, 2), returns::boolean, |a| pair(a, |s, p| s.ends_with(p))),
        f("contains", (2, 2), returns::boolean, |a| pair(a, |s, p| s.contains(p))),
        f("reverse", (1, 1), reverse_type, reverse),
        f("repeat", (2, 2), returns::string, |a| {
            let (text, n) = (a.strings(0)?, a.primitive::<Int32Type>(1)?);
            a.to_strings(|row| {
                let Some((s, n)) = valid(&text, &n, row) else { return Ok(None) };
                let n = n.max(0) as usize;
                fits(s.len().saturating_mul(n))?;
                Ok(Some(s.repeat(n)))
            })
        }),
        f("ascii", (1, 1), returns::int, |a| {
            let text = a.strings(0)?;
            a.to_primitive::<Int32Type>(|row| Ok(text.get(row).map(|s| s.chars().next().map_or(0, |c| c as i32))))
        }),
        f("chr", (1, 1), returns::string, |a| {
            let code = a.primitive::<Int64Type>(0)?;
            a.to_strings(|row| {
                Ok(code.is_valid(row).then(|| match code.value(row) {
                    n if n < 0 => String::new(),
                    n => char::from((n % 256) as u8).to_string(),
                }))
            })
        }),
    ]
}

fn valid<'a>(text: &'a Strings, n: &datafusion::arrow::array::Int32Array, row: usize) -> Option<(&'a str, i32)> {
    text.get(row).filter(|_| n.is_valid(row)).map(|s| (s, n.value(row)))
}

/// `trim(text [, characters])`: blanks alone (no tabs) unless characters are given.
fn trim(args: &Args, start: bool, end: bool) -> Result<ArrayRef> {
    let text = args.strings(0)?;
    let set = if args.len() > 1 { args.strings(1)? } else { Strings::One(Some(" ".into())) };
    args.to_strings(|row| {
        Ok(text.get(row).zip(set.get(row)).map(|(s, set)| {
            let cut = |c: char| set.contains(c);
            let s = if start { s.trim_start_matches(cut) } else { s };
            (if end { s.trim_end_matches(cut) } else { s }).to_owned()
        }))
    })
}

/// `substring(text, start [, length])`: start counts from 1, from the end if negative, and 0 is 1.
fn substring(args: &Args) -> Result<ArrayRef> {
    let text = args.strings(0)?;
    let (start, len) = (args.primitive::<Int64Type>(1)?, args.primitive_or::<Int64Type>(2, i64::from(i32::MAX))?);
    args.to_strings(|row| {
        let Some(s) = text.get(row).filter(|_| start.is_valid(row) && len.is_valid(row)) else { return Ok(None) };
        let (start, len) = (start.value(row), len.value(row));
        let first = match start {
            1.. => start - 1,
            0 => 0,
            _ => s.chars().count() as i64 + start,
        };
        // A start before the text uses up length.
        let end = first.saturating_add(len.max(0)).max(0);
        let first = first.max(0);
        Ok(Some(s.chars().skip(first as usize).take((end - first).max(0) as usize).collect()))
    })
}

fn concat_type(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    Ok(types.iter().find(|t| matches!(t, DataType::List(_))).cloned().unwrap_or(DataType::Utf8))
}

/// `concat(…)` of texts or of arrays; NULL if any is.
fn concat(args: &Args) -> Result<ArrayRef> {
    if let DataType::List(field) = args.returns {
        let lists = (0..args.len())
            .map(|i| Ok(cast(&args.array(i)?, args.returns, OnError::Raise)?.as_list::<i32>().clone()))
            .collect::<Result<Vec<_>>>()?;
        let (mut picks, mut lengths, mut nulls) = (vec![], vec![], vec![]);
        for row in 0..args.rows {
            let present = lists.iter().all(|l| l.is_valid(row));
            let before = picks.len();
            if present {
                for (i, list) in lists.iter().enumerate() {
                    let (from, to) = (list.value_offsets()[row] as usize, list.value_offsets()[row + 1] as usize);
                    picks.extend((from..to).map(|j| (i, j)));
                }
            }
            lengths.push(picks.len() - before);
            nulls.push(present);
        }
        let values: Vec<&dyn Array> = lists.iter().map(|l| l.values().as_ref()).collect();
        let values = interleave(&values, &picks)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        return Ok(Arc::new(ListArray::try_new(field.clone(), offsets, values, Some(NullBuffer::from(nulls)))?));
    }
    let texts = (0..args.len()).map(|i| args.strings(i)).collect::<Result<Vec<_>>>()?;
    args.to_strings(|row| Ok(texts.iter().map(|t| t.get(row)).collect::<Option<String>>()))
}

/// `concat_ws(separator, …)`: NULLs are left out, arrays give their elements.
fn concat_ws(args: &Args) -> Result<ArrayRef> {
    enum Part {
        Text(Strings),
        List(ListArray, datafusion::arrow::array::StringArray),
    }
    let separator = args.strings(0)?;
    let parts = (1..args.len())
        .map(|i| {
            Ok(if args.data_type(i).is_list() {
                let list = args.list(i)?;
                let items = crate::cast::strings(list.values())?;
                Part::List(list, items)
            } else {
                Part::Text(args.strings(i)?)
            })
        })
        .collect::<Result<Vec<_>>>()?;
    args.to_strings(|row| {
        let Some(separator) = separator.get(row) else { return Ok(None) };
        let mut found: Vec<&str> = vec![];
        for part in &parts {
            match part {
                Part::Text(texts) => found.extend(texts.get(row)),
                Part::List(list, items) if list.is_valid(row) => {
                    let (from, to) = (list.value_offsets()[row] as usize, list.value_offsets()[row + 1] as usize);
                    found.extend((from..to).filter(|j| items.is_valid(*j)).map(|j| items.value(j)));
                }
                Part::List(..) => {}
            }
        }
        Ok(Some(found.join(separator)))
    })
}

/// Capital letters after blanks, small ones elsewhere.
fn initcap(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut first = true;
    for c in s.chars() {
        if first {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        first = c == ' ';
    }
    out
}

/// `split_part(text, separator, n)`: the n-th part from 1, from the end if negative; an empty text beyond.
fn split_part(args: &Args) -> Result<ArrayRef> {
    let (text, separator, n) = (args.strings(0)?, args.strings(1)?, args.primitive::<Int32Type>(2)?);
    args.to_strings(|row| {
        let (Some((s, n)), Some(separator)) = (valid(&text, &n, row), separator.get(row)) else { return Ok(None) };
        if n == 0 {
            return Err(args.wrong("counts from 1"));
        }
        let parts: Vec<&str> = if separator.is_empty() { vec![s] } else { s.split(separator).collect() };
        let at = if n > 0 { i64::from(n) - 1 } else { parts.len() as i64 + i64::from(n) };
        Ok(Some(usize::try_from(at).ok().and_then(|at| parts.get(at)).copied().unwrap_or_default().to_owned()))
    })
}

/// The longest text that a function makes of a shorter one, in bytes: one value must not take the machine's memory.
const LONGEST_TEXT: usize = 256 << 20;

fn fits(bytes: usize) -> Result<()> {
    match bytes > LONGEST_TEXT {
        true => exec_err!("[COLLECTION_SIZE_LIMIT_EXCEEDED] a text of more than 256 MiB"),
        false => Ok(()),
    }
}

fn pad(args: &Args, left: bool) -> Result<ArrayRef> {
    let (text, len) = (args.strings(0)?, args.primitive::<Int32Type>(1)?);
    let fill = if args.len() > 2 { args.strings(2)? } else { Strings::One(Some(" ".into())) };
    args.to_strings(|row| {
        let (Some((s, len)), Some(fill)) = (valid(&text, &len, row), fill.get(row)) else { return Ok(None) };
        let len = len.max(0) as usize;
        let has = s.chars().count();
        if has >= len {
            return Ok(Some(s.chars().take(len).collect()));
        }
        fits(len.saturating_mul(4))?;
        let filling: String = fill.chars().cycle().take(if fill.is_empty() { 0 } else { len - has }).collect();
        Ok(Some(if left { filling + s } else { s.to_owned() + &filling }))
    })
}

/// `locate(part, text [, start])`: the place of the first occurrence, 0 if there is none.
fn locate(args: &Args) -> Result<ArrayRef> {
    let (part, text, start) = (args.strings(0)?, args.strings(1)?, args.primitive_or::<Int32Type>(2, 1)?);
    args.to_primitive::<Int32Type>(|row| {
        let (Some(part), Some((text, start))) = (part.get(row), valid(&text, &start, row)) else { return Ok(None) };
        if start < 1 {
            return Ok(Some(0));
        }
        let skipped: usize = text.chars().take(start as usize - 1).map(char::len_utf8).sum();
        if text.chars().count() < start as usize - 1 {
            return Ok(Some(0));
        }
        Ok(Some(text[skipped..].find(part).map_or(0, |at| text[..skipped + at].chars().count() as i32 + 1)))
    })
}

fn pair(args: &Args, test: fn(&str, &str) -> bool) -> Result<ArrayRef> {
    let (text, part) = (args.strings(0)?, args.strings(1)?);
    args.to_booleans(|row| Ok(text.get(row).zip(part.get(row)).map(|(s, p)| test(s, p))))
}

fn reverse_type(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    Ok(types.first().filter(|t| matches!(t, DataType::List(_))).cloned().unwrap_or(DataType::Utf8))
}

fn reverse(args: &Args) -> Result<ArrayRef> {
    if matches!(args.returns, DataType::List(_)) {
        return super::arrays::picked(&args.list(0)?, |list, row| {
            let (from, to) = (list.value_offsets()[row] as u32, list.value_offsets()[row + 1] as u32);
            (from..to).rev().collect()
        });
    }
    let text = args.strings(0)?;
    args.to_strings(|row| Ok(text.get(row).map(|s| s.chars().rev().collect())))
}
