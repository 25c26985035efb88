use proptest::prelude::*;

use super::*;

const ALL: [Vim; 28] = [
    Vim::Insert,
    Vim::Append,
    Vim::InsertFirst,
    Vim::AppendLast,
    Vim::OpenBelow,
    Vim::OpenAbove,
    Vim::Left,
    Vim::Down,
    Vim::Up,
    Vim::Right,
    Vim::Word,
    Vim::WordBack,
    Vim::WordEnd,
    Vim::Start,
    Vim::First,
    Vim::Last,
    Vim::Top,
    Vim::Bottom,
    Vim::Cut,
    Vim::Delete,
    Vim::Change,
    Vim::Yank,
    Vim::DeleteRest,
    Vim::ChangeRest,
    Vim::Put,
    Vim::PutBefore,
    Vim::Undo,
    Vim::Redo,
];

fn letter(c: char) -> Vim {
    let keys = "iaIAoOhjklwbe0^$gGxdcyDCpPur";
    ALL[keys.chars().position(|key| key == c).unwrap_or_else(|| panic!("{c} is no command"))]
}

/// Letters as they are typed; `<` ends writing, `r` stands for Ctrl+R and `g` for `g g`.
fn typed(editor: &mut Editor, keys: &str) {
    let mut modal = Modal { commands: true, begun: None };
    for c in keys.chars() {
        match c {
            '<' => modal.end_writing(editor),
            c if modal.commands => assert!(modal.run(editor, letter(c), &[])),
            c => assert!(editor.insert(c.encode_utf8(&mut [0; 4]))),
        }
    }
}

fn check(start: &str, keys: &str, expected: &str) {
    let at = start.find('|').unwrap();
    let mut editor = Editor { text: start.replace('|', ""), cursor: at, ..Editor::default() };
    typed(&mut editor, keys);
    let mut shown = editor.text.clone();
    shown.insert(editor.cursor, '|');
    assert_eq!(shown, expected, "{start} {keys}");
}

#[test]
fn letters_move_as_in_vim() {
    check("|one two", "w", "one |two");
    check("|one, two", "w", "one|, two");
    check("one |two", "w", "one tw|o");
    check("one\n|\ntwo", "w", "one\n\n|two");
    check("on|e\n\ntwo", "ww", "one\n\n|two");
    check("one tw|o", "b", "one |two");
    check("one |two", "b", "|one two");
    check("one\n\n|two", "b", "one\n|\ntwo");
    check("|one two", "e", "on|e two");
    check("on|e two", "e", "one tw|o");
    check("  one| two", "0", "|  one two");
    check("  one| two", "^", "  |one two");
    check("|one\ntwo", "$", "on|e\ntwo");
    check("|one\ntwo", "h", "|one\ntwo");
    check("on|e\ntwo", "l", "on|e\ntwo");
    check("on|e\ntw\nthree", "j", "one\nt|w\nthree");
    check("李小|龙\nabcdef", "j", "李小龙\nabcd|ef");
    check("one\n|two", "k", "|one\ntwo");
    check("|one", "kj", "|one");
    check("|👨\u{200d}👩\u{200d}👧e\u{301}x", "l", "👨\u{200d}👩\u{200d}👧|e\u{301}x");
}

#[test]
fn letters_write_as_in_vim() {
    check("o|ne", "ix<", "o|xne");
    check("o|ne", "ax<", "on|xe");
    check("  on|e", "Ix<", "  |xone");
    check("o|ne\ntwo", "Ax<", "one|x\ntwo");
    check("o|ne\ntwo", "ox<", "one\n|x\ntwo");
    check("one\ntw|o", "Ox<", "one\n|x\ntwo");
    check("on|e", "a<", "on|e");
}

#[test]
fn letters_change_as_in_vim() {
    check("o|ne", "x", "o|e");
    check("|e\u{301}x", "x", "|x");
    check("|one two", "dw", "|two");
    check("one |two\nthree", "dw", "one| \nthree");
    check("one tw|o", "db", "one |o");
    check("|one two", "de", "| two");
    check("one |two", "d$", "one| ");
    check("one |two", "d0", "|two");
    check("|one\ntwo\nthree", "dj", "|three");
    check("one\ntwo\n|three", "dk", "|one");
    check("one\nt|wo\n  three", "dd", "one\n  |three");
    check("one\nt|wo", "dd", "|one");
    check("|one", "dd", "|");
    check("|one\ntwo", "dk", "|one\ntwo");
    check("|one two", "cwx<", "|x two");
    check("one t|wo", "ccx<", "|x");
    check("|one\ntwo", "ddp", "two\n|one");
    check("|one two", "ywp", "oone| ne two");
    check("one\n|two", "yyp", "one\ntwo\n|two");
    check("|ab", "xp", "b|a");
    check("a|b", "xP", "|ba");
    check("one\n|two", "yyP", "one\n|two\ntwo");
    check("one |two\nthree", "D", "one| \nthree");
    check("one |two\nthree", "Cx<", "one |x\nthree");
    check("a\nb\n|c", "g", "|a\nb\nc");
    check("|a\nb\nc", "G", "a\nb\n|c");
    check("a\n|b\nc", "dG", "|a");
    check("a\n|b\nc", "dg", "|c");
    // A command that no movement follows is dropped, and so is what follows it.
    check("|one", "dxx", "|ne");
}

#[test]
fn changes_are_taken_back_and_made_again() {
    check("|one two", "dwxu", "|two");
    check("|one two", "dwxuu", "|one two");
    check("|one two", "dwxuurr", "|wo");
    check("o|ne", "axyz<u", "o|ne");
    check("o|ne", "axyz<ur", "onxy|ze");
    check("|one two", "dwuxr", "|ne two");
    check("|one", "u", "|one");
    let mut editor = Editor::new("one");
    typed(&mut editor, "0x");
    // What comes back from elsewhere is no change of the person's.
    editor.precede("sent before");
    typed(&mut editor, "u");
    assert_eq!(editor.text(), "sent before\n\nne");
}

/// Whether one text is another with something put in.
fn grown(from: &str, to: &str) -> bool {
    let mut rest = to.chars();
    from.chars().all(|c| rest.any(|other| other == c))
}

proptest! {
    #[test]
    fn text_goes_only_where_a_command_deletes_and_undo_brings_it_back(
        text in "([a-c ,.\n李é👨👩\u{200d}\u{301}🇩🇪]{0,30})",
        commands in prop::collection::vec((0..ALL.len(), "[xy\n🇪\u{301}]{0,3}"), 0..60),
    ) {
        let mut editor = Editor::new(text);
        let mut modal = Modal::default();
        modal.end_writing(&mut editor);
        let first = editor.text.clone();
        for (at, words) in commands {
            let (command, begun, before) = (ALL[at], modal.begun, editor.text.clone());
            modal.run(&mut editor, command, &[]);
            let deletes = matches!(command, Vim::Cut | Vim::DeleteRest | Vim::ChangeRest) || matches!(begun, Some(Vim::Delete | Vim::Change));
            if deletes {
                let gone = before.chars().count() - editor.text.chars().count();
                prop_assert!(grown(&editor.text, &before), "{:?} {:?}", before, editor.text);
                prop_assert!(gone == 0 || editor.killed.chars().count() >= gone, "{:?} was not kept: {:?}", before, editor.killed);
            } else if !matches!(command, Vim::Undo | Vim::Redo) || begun.is_some() {
                prop_assert!(grown(&before, &editor.text), "{:?} after {:?} {:?}: {:?}", before, begun, command, editor.text);
            }
            if !modal.commands {
                editor.insert(&words);
                modal.end_writing(&mut editor);
            }
            let mut place = GraphemeCursor::new(editor.cursor, editor.text.len(), true);
            prop_assert!(place.is_boundary(&editor.text, 0).unwrap_or(false), "{:?} at {}", editor.text, editor.cursor);
            prop_assert!(editor.cursor == editor.home() || editor.cursor < editor.end(), "{:?} at {}", editor.text, editor.cursor);
        }
        let last = editor.text.clone();
        modal.begun = None;
        let mut back = 0;
        while editor.can_undo() {
            modal.run(&mut editor, Vim::Undo, &[]);
            back += 1;
        }
        prop_assert_eq!(&editor.text, &first);
        for _ in 0..back {
            prop_assert!(editor.can_redo());
            modal.run(&mut editor, Vim::Redo, &[]);
        }
        prop_assert_eq!(&editor.text, &last);
    }
}
