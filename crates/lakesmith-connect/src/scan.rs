//! Which bytes of a text are of some kind: eight are compared at once, by arithmetic on a word.

/// The bytes that are looked at together: a mask has a bit for each, the first the lowest.
pub(crate) const BLOCK: usize = 64;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Which bytes of `block` are one of `wanted`.
#[inline(always)]
pub(crate) fn any_of<const N: usize>(block: &[u8; BLOCK], wanted: [u8; N]) -> u64 {
    let wanted = wanted.map(|byte| ONES * u64::from(byte));
    let mut mask = 0;
    for (index, chunk) in block.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let found = wanted.iter().fold(0, |found, byte| found | zeros(word ^ byte));
        // The highest bits of the eight bytes, side by side.
        mask |= ((found >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
    }
    mask
}

/// The highest bit of each byte of `word` that is zero, and no other.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    !(((word & !HIGH) + !HIGH) | word | !HIGH)
}

/// How many bytes from `at` on come before the next quote, backslash or control character of a JSON string.
#[inline]
pub(crate) fn plain_length(bytes: &[u8], at: usize) -> usize {
    // The lowest mark is exact; borrows only disturb the bytes above it.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGH;
    let mut end = at;
    while let Some(chunk) = bytes.get(end..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let special = quote | backslash | below(word, 0x20);
        if special != 0 {
            return end - at + (special.trailing_zeros() / 8) as usize;
        }
        end += 8;
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let rest = bytes.get(end..).unwrap_or_default();
    end - at + rest.iter().position(special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn byte() -> impl Strategy<Value = u8> {
        prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), Just(b','), Just(0x1F), Just(0x20), Just(0x9F)]
    }

    proptest! {
        #[test]
        fn every_byte_is_seen_and_no_other(bytes in proptest::collection::vec(byte(), BLOCK)) {
            let block: [u8; BLOCK] = std::array::from_fn(|index| bytes[index]);
            let wanted = [b',', b'"', 0x9F];
            let bit = |(index, byte): (usize, &u8)| u64::from(wanted.contains(byte)) << index;
            prop_assert_eq!(any_of(&block, wanted), bytes.iter().enumerate().map(bit).sum::<u64>());
        }

        #[test]
        fn a_string_is_plain_up_to_its_first_special_byte(
            bytes in proptest::collection::vec(prop_oneof![20 => Just(b'a'), 20 => Just(0xC3), 1 => byte()], 0..80),
            at in 0..90_usize,
        ) {
            let rest = bytes.get(at..).unwrap_or_default();
            let expected = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
            prop_assert_eq!(plain_length(&bytes, at), expected);
        }
    }
}
