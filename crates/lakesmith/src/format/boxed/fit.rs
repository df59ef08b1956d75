//! Which columns a box shows, and how wide each may be.

/// Below this a column says nothing any more: rather leave columns out of the middle.
const LEAST: usize = 10;
/// The first column names the row: it is cut only beyond this.
const NAME: usize = 36;
/// What the lines take: a bar and two spaces a column, and the last bar.
const LINE: usize = 3;

/// The columns that fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// Index and width of each; none stands for those that are left out.
    columns: Vec<Option<(usize, usize)>>,
}

impl Fit {
    /// Fits columns of these widths into a terminal: first the widest are cut, then the middle ones are left out.
    pub(super) fn new(widths: &[usize], terminal: Option<usize>) -> Self {
        let width = |n: usize, cap: usize| widths[n].min(if n == 0 { cap.max(NAME) } else { cap });
        let all = |cap: usize| (0..widths.len()).map(|n| Some((n, width(n, cap)))).collect();
        let Some(terminal) = terminal else { return Self { columns: all(usize::MAX) } };
        let taken = |cap: usize| (0..widths.len()).map(|n| width(n, cap) + LINE).sum::<usize>() + 1;
        let widest = widths.iter().copied().max().unwrap_or(0);
        if let Some(cap) = (LEAST.min(widest)..=widest).rev().find(|cap| taken(*cap) <= terminal) {
            return Self { columns: all(cap) };
        }
        // The outer columns, in turns from the left and from the right.
        let (mut left, mut right) = (0, widths.len());
        let mut room = terminal.saturating_sub(1 + LINE + 1);
        while left < right {
            let next = if left <= widths.len() - right { left } else { right - 1 };
            let needs = width(next, LEAST) + LINE;
            if needs > room {
                break;
            }
            room -= needs;
            if next == left { left += 1 } else { right -= 1 }
        }
        let kept = |n: usize| Some((n, width(n, LEAST)));
        Self { columns: (0..left).map(kept).chain([None]).chain((right..widths.len()).map(kept)).collect() }
    }

    /// Index and width of each column; none stands for those that are left out.
    pub(super) fn columns(&self) -> impl Iterator<Item = Option<(usize, usize)>> + '_ {
        self.columns.iter().copied()
    }
}

/// The text, cut to so many columns of the terminal with `…` at its end.
pub(super) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let mut short = String::new();
    for c in text.chars() {
        if char_width(c) > room {
            break;
        }
        room -= char_width(c);
        short.push(c);
    }
    short.push('…');
    short
}

/// How many columns of the terminal a text takes.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char_width).sum() }
}

/// 0 for marks that join the letter before, 2 for the wide characters of East Asia and for pictures, else 1
/// (Unicode Standard Annex 11, by blocks).
fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F => 2,
        0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(fit: &Fit) -> Vec<Option<usize>> {
        fit.columns().map(|column| column.map(|(_, width)| width)).collect()
    }

    #[test]
    fn the_widest_columns_are_cut_first() {
        let natural = [4, 60, 30];
        assert_eq!(widths(&Fit::new(&natural, None)), [Some(4), Some(60), Some(30)]);
        assert_eq!(widths(&Fit::new(&natural, Some(200))), [Some(4), Some(60), Some(30)]);
        assert_eq!(widths(&Fit::new(&natural, Some(80))), [Some(4), Some(36), Some(30)]);
        assert_eq!(widths(&Fit::new(&natural, Some(50))), [Some(4), Some(18), Some(18)]);
        assert_eq!(widths(&Fit::new(&[30, 60], Some(50))), [Some(30), Some(13)]);
        assert_eq!(widths(&Fit::new(&[], Some(50))), []);
    }

    #[test]
    fn columns_in_the_middle_are_left_out_when_nothing_else_helps() {
        let fit = Fit::new(&[12; 20], Some(60));
        let shown: Vec<_> = fit.columns().map(|column| column.map(|(n, _)| n)).collect();
        assert_eq!(shown, [Some(0), Some(1), None, Some(18), Some(19)]);
        let taken: usize = widths(&fit).iter().map(|width| width.unwrap_or(1) + LINE).sum::<usize>() + 1;
        assert!(taken <= 60, "{taken}");
        assert_eq!(widths(&Fit::new(&[12; 3], Some(3))), [None]);
    }

    #[test]
    fn texts_are_cut_by_what_the_terminal_shows() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("größe", 4), "grö…");
        assert_eq!(cut("東京都港区", 6), "東京…");
        assert_eq!(cut("abc", 0), "…");
        assert_eq!(width("e\u{301}"), 1);
    }
}
