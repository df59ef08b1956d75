//! Latin letters with marks in ASCII: `Straße` as `Strasse`, `Größe` as `Groesse`.

/// Letters and what they are written as, in lower case.
const LETTERS: [(&str, &str); 34] = [
    ("äæǽ", "ae"),
    ("öœ", "oe"),
    ("ü", "ue"),
    ("ß", "ss"),
    ("àáâãåāăąǎạảấầẩẫậắằẳẵặ", "a"),
    ("çćĉċč", "c"),
    ("ďđ", "d"),
    ("ð", "d"),
    ("èéêëēĕėęěẹẻẽếềểễệ", "e"),
    ("ƒ", "f"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįıǐịỉ", "i"),
    ("ĳ", "ij"),
    ("ĵ", "j"),
    ("ķĸ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŉŋ", "n"),
    ("òóôõøōŏőơǒọỏốồổỗộớờởỡợ", "o"),
    ("þ", "th"),
    ("ŕŗř", "r"),
    ("śŝşšșſ", "s"),
    ("ţťŧț", "t"),
    ("ùúûũūŭůűųưǔụủứừửữự", "u"),
    ("ŵ", "w"),
    ("ýÿŷỳỵỷỹ", "y"),
    ("źżž", "z"),
    ("ª", "a"),
    ("º", "o"),
    ("²", "2"),
    ("³", "3"),
    ("µ", "u"),
    ("ﬁ", "fi"),
    ("ﬂ", "fl"),
];

/// The letter in ASCII and in lower case; none if it is no Latin letter with a mark.
pub(super) fn letters(c: char) -> Option<&'static str> {
    // `İ` has a lower case of two characters, of which the first is the letter.
    let lower = c.to_lowercase().next()?;
    match lower {
        'i' => Some("i"),
        lower => LETTERS.iter().find(|(letters, _)| letters.contains(lower)).map(|(_, plain)| *plain),
    }
}

/// The text in ASCII: marks are taken off Latin letters, and what is neither letter nor digit of ASCII then is `_`.
pub(super) fn plain(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_upper = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_uppercase());
    let mut plain = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if c.is_ascii_alphanumeric() {
            plain.push(c);
        } else if ('\u{300}'..='\u{36f}').contains(&c) {
            // A mark on the letter before it.
        } else if let Some(letters) = letters(c) {
            let shouted = c.is_uppercase() && (is_upper(at.checked_sub(1)) || is_upper(Some(at + 1)));
            let mut letters = letters.chars();
            let first = letters.next().map(|first| if c.is_uppercase() { first.to_ascii_uppercase() } else { first });
            plain.extend(first);
            plain.extend(letters.map(|letter| if shouted { letter.to_ascii_uppercase() } else { letter }));
        } else {
            plain.push('_');
        }
    }
    plain
}
