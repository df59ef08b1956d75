//! A number taken apart while its end is looked for: most are known then, and need not be read again.

use super::parse::power_of_ten;

/// The most digits that are put together; so many fit a `u64` and leave room for a sign.
const MOST_DIGITS: usize = 18;
/// The largest whole number, and the largest power of ten, that a DOUBLE holds exactly: one divided by the other is rounded once.
const EXACT_IN_DOUBLE: u64 = 1 << 53;
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22,
];

/// A number as it is written, and its value where that is known at a glance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digits<'a> {
    /// As it stands in the text.
    pub(crate) text: &'a str,
    /// For a number of JSON without an exponent and with at most 18 digits.
    known: Option<Known>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    negative: bool,
    /// All digits as one number.
    digits: u64,
    /// How many of them come after the point.
    fraction: usize,
}

impl<'a> Digits<'a> {
    /// The number of `text` that starts at `at`, as JSON writes numbers, and where it ends.
    #[inline]
    pub(crate) fn find(text: &'a str, at: usize) -> Option<(Digits<'a>, usize)> {
        let bytes = text.as_bytes();
        let negative = bytes.get(at) == Some(&b'-');
        let first = at + usize::from(negative);
        let mut digits = 0;
        let point = take_digits(bytes, first, &mut digits);
        let whole = point - first;
        if whole == 0 || (whole > 1 && bytes[first] == b'0') {
            return None;
        }
        let (mut end, mut fraction) = (point, 0);
        if bytes.get(point) == Some(&b'.') {
            end = take_digits(bytes, point + 1, &mut digits);
            fraction = end - point - 1;
            if fraction == 0 {
                return None;
            }
        }
        let mut known = (whole + fraction <= MOST_DIGITS).then_some(Known { negative, digits, fraction });
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
            let exponent = end + 1 + usize::from(signed);
            end = take_digits(bytes, exponent, &mut digits);
            if end == exponent {
                return None;
            }
            known = None;
        }
        Some((Digits { text: text.get(at..end)?, known }, end))
    }

    /// All of `text`, whatever it is.
    #[inline]
    pub(crate) fn of(text: &'a str) -> Digits<'a> {
        match Digits::find(text, 0) {
            Some((digits, end)) if end == text.len() => digits,
            _ => Digits { text, known: None },
        }
    }

    /// The whole number, if it is known. `-0` is not: whether it fits depends on the column.
    #[inline]
    pub(super) fn integer(&self) -> Option<i64> {
        let Known { negative, digits, fraction } = self.known?;
        let value = digits as i64;
        (fraction == 0 && !(negative && digits == 0)).then_some(if negative { -value } else { value })
    }

    /// The DOUBLE nearest to the number, if it is known.
    #[inline]
    pub(super) fn double(&self) -> Option<f64> {
        let Known { negative, digits, fraction } = self.known?;
        if digits >= EXACT_IN_DOUBLE {
            return None;
        }
        let value = digits as f64 / EXACT_POWERS.get(fraction)?;
        Some(if negative { -value } else { value })
    }

    /// The unscaled value of a DECIMAL of this precision and scale, if it is known to fit.
    #[inline]
    pub(super) fn decimal(&self, precision: u8, scale: i8) -> Option<i128> {
        let Known { negative, digits, fraction } = self.known?;
        let missing = usize::try_from(scale).ok()?.checked_sub(fraction)?;
        let value = i128::from(digits).checked_mul(power_of_ten(missing)?)?;
        (value < power_of_ten(usize::from(precision))?).then_some(if negative { -value } else { value })
    }
}

/// Takes the digits from `at` on into `value`, which is without meaning if they are too many; returns where they end.
#[inline]
fn take_digits(bytes: &[u8], mut at: usize, value: &mut u64) -> usize {
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        *value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::parse;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_number_of_json_is_not_found() {
        for text in ["", "-", "01", "-01", "1.", ".5", "+1", "1e", "1e+", "NaN", "x"] {
            assert!(Digits::find(text, 0).is_none(), "{text}");
        }
        let (found, end) = Digits::find("[-12.50,", 1).unwrap();
        assert_eq!((found.text, end, found.double()), ("-12.50", 7, Some(-12.5)));
        assert!(Digits::find("-0.0", 0).unwrap().0.double().unwrap().is_sign_negative());
    }

    proptest! {
        /// What is known at a glance is what the long way finds.
        #[test]
        fn a_glance_tells_no_other_value(text in "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?") {
            let (digits, end) = Digits::find(&text, 0).unwrap();
            prop_assert_eq!(end, text.len());
            for lenient in [false, true] {
                if let Some(value) = digits.integer() {
                    prop_assert_eq!(Some(value), parse::integer(&text, lenient));
                }
                if let Some(value) = digits.double() {
                    prop_assert_eq!(Some(value.to_bits()), parse::double(&text, lenient).map(f64::to_bits));
                }
            }
            for (precision, scale) in [(5, 2), (18, 0), (38, 38), (38, 6)] {
                if let Some(value) = digits.decimal(precision, scale) {
                    prop_assert_eq!(Some(value), parse::decimal(&text, precision, scale));
                }
            }
        }
    }
}
