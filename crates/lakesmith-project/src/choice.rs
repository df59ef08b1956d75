//! Keys whose value is one of a few words.

/// One word a key may have.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) word: &'static str,
    /// What it means.
    pub(crate) doc: &'static str,
}

/// The words of a key: those it may have, and those that are known but do not work yet.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) words: &'static [Word],
    pub(crate) later: &'static [&'static str],
}

/// An enum whose variants are written as words.
pub(crate) trait Choice: Copy + 'static {
    const WORDS: Words;

    /// The variant of a word.
    fn of(word: &str) -> Option<Self>;
}

/// Gives each variant its word and its meaning, once: for reading, for the schema and for the reference page. With `pub`
/// the enum also gets `as_str`.
macro_rules! choice {
    (pub $name:ident: $($word:literal = $variant:ident, $doc:literal;)* $(later $($later:literal),* ;)?) => {
        $crate::choice::choice! { $name: $($word = $variant, $doc;)* $(later $($later),* ;)? }

        impl $name {
            /// The word it is written as.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }
    };
    ($name:ident: $($word:literal = $variant:ident, $doc:literal;)* $(later $($later:literal),* ;)?) => {
        impl $crate::choice::Choice for $name {
            const WORDS: $crate::choice::Words = $crate::choice::Words {
                words: &[$($crate::choice::Word { word: $word, doc: $doc }),*],
                later: &[$($($later),*)?],
            };

            fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some($name::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use choice;
