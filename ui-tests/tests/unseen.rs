//! What the macros refuse in names when a program is built, the runtime refuses when a node starts, and the other way round.

#[path = "../../ember-macros/src/parse/words/unseen.rs"]
mod built;
#[path = "../../ember-runtime/src/node/settings/unseen.rs"]
mod started;

#[test]
fn macros_and_runtime_agree_on_every_character_that_nobody_sees() {
    let mut unseen = 0;
    for c in '\0'..=char::MAX {
        assert_eq!(built::is_unseen(c), started::is_unseen(c), "{c:?}");
        let alone = c.to_string();
        assert_eq!(built::is_only_marks(&alone), started::is_only_marks(&alone), "{c:?}");
        unseen += usize::from(built::is_unseen(c));
    }
    assert!(unseen > 20, "{unseen}");
}

#[test]
fn a_text_of_marks_alone_is_none_that_can_be_seen() {
    for marks in [
        "\u{301}",
        "\u{34f}",
        "\u{fe0f}",
        "\u{e0100}\u{301}",
        "\u{345}",
        "\u{20dd}",
        "\u{301} \u{301}",
        "\u{200d}",
        "\u{200c}",
        "\u{301}\u{200d}",
    ]
    .into_iter()
    .chain(["\u{e0041}", "\u{e0001}", "\u{fff9}", "\u{1d173}"])
    {
        assert!(built::is_only_marks(marks), "{marks:?}");
    }
    for seen in [
        "",
        "e\u{301}",
        "\u{301}e",
        "\u{2764}\u{fe0f}",
        "a",
        "\\",
        "\"",
        "'",
        "_",
        "\u{93e}",
        "\u{e000}",
        "👩\u{200d}🚀",
    ] {
        assert!(!built::is_only_marks(seen), "{seen:?}");
    }
}
