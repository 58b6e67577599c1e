//! Characters that some readers take for others: by Unicode's compatibility forms, by old code pages, or by dropping them.

/// Blanks, and characters that some drop.
pub(super) fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The backslash, and what Unicode's compatibility forms or old code pages fold into it.
pub(super) const fn is_backslash(character: char) -> bool {
    matches!(character, '\\' | '\u{2216}' | '\u{29f5}' | '\u{29f9}' | '\u{fe68}' | '\u{ff3c}')
}

/// The percent sign, and what folds into it.
pub(super) const fn is_percent(character: char) -> bool {
    matches!(character, '%' | '\u{fe6a}' | '\u{ff05}')
}

/// The slash, and what folds into it or into something that has one.
pub(super) const fn is_slash(character: char) -> bool {
    matches!(
        character,
        '/' | '\u{2044}'
            | '\u{2100}'
            | '\u{2101}'
            | '\u{2105}'
            | '\u{2106}'
            | '\u{2215}'
            | '\u{29f8}'
            | '\u{ff0f}'
    )
}
