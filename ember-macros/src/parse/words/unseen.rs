//! Characters in names that nobody sees. The runtime refuses the same when a node starts; a test compares both.

/// Whether nobody sees the character, or it changes how others are shown, such as the direction in which they are read. What joins
/// others to one (in emoji, and in some scripts) is none of them.
pub(crate) fn is_unseen(c: char) -> bool {
    let marks = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{200b}', '\u{200e}', '\u{200f}', '\u{feff}'];
    // Fillers, which are letters or symbols to Unicode, and blank to the eye.
    let fillers = ['\u{115f}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{ffa0}'];
    let ranges = ['\u{2028}'..='\u{202e}', '\u{2060}'..='\u{206f}'];
    marks.contains(&c) || fillers.contains(&c) || ranges.iter().any(|range| range.contains(&c))
}

/// Whether there are only marks that are put onto the character before them (accents, variation selectors) or that join others, and
/// none to put them on, or to join.
pub(crate) fn is_only_marks(text: &str) -> bool {
    // The standard library has no table of them for all to use, but escapes them where they begin a text, and only there.
    let is_mark = |c: char| {
        c.escape_debug().count() > 1 && String::from_iter(['x', c]).escape_debug().count() == 2 || c.is_whitespace()
    };
    // Joiners, and what says something of the characters around it: annotations, beams of notes, tags.
    let joins =
        ['\u{200c}'..='\u{200d}', '\u{fff9}'..='\u{fffb}', '\u{1d173}'..='\u{1d17a}', '\u{e0000}'..='\u{e007f}'];
    let is_unseen_alone = |c: char| is_mark(c) || joins.iter().any(|range| range.contains(&c));
    !text.is_empty() && text.chars().all(is_unseen_alone)
}
