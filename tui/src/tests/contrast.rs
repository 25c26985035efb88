//! Can be read: the contrast of every role, on every ground it stands on, computed as WCAG 2 defines it.

use ratatui::style::{Color, Style};

use crate::theme::{Background, Depth, Theme};

/// What WCAG asks of text of normal size.
const LEAST: f64 = 4.5;

type Rgb = [u8; 3];

fn luminance(rgb: Rgb) -> f64 {
    let [r, g, b] = rgb.map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn ratio(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// A colour whose value is fixed: 24-bit, or of the upper 240 of the 256.
fn rgb(color: Color) -> Rgb {
    match color {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(i @ 16..232) => {
            [(i - 16) / 36, (i - 16) / 6 % 6, (i - 16) % 6].map(|step| [0, 95, 135, 175, 215, 255][usize::from(step)])
        }
        Color::Indexed(i @ 232..) => [8 + 10 * (i - 232); 3],
        other => panic!("{other:?} is the terminal's own"),
    }
}

/// Backgrounds of terminals that a theme is for: the terminal's own shows through.
fn backgrounds(background: Background) -> &'static [Rgb] {
    match background {
        Background::Dark => &[[0, 0, 0], [0x0c, 0x0c, 0x0c], [0x16, 0x18, 0x1d]],
        Background::Light => &[[255, 255, 255], [250, 250, 250]],
    }
}

/// The grounds that words stand on.
fn grounds(theme: &Theme, background: Background) -> Vec<(String, Rgb)> {
    let own = [("selection", theme.selection), ("block", theme.block)];
    let own = own.map(|(name, style)| (name.to_owned(), rgb(style.bg.unwrap())));
    backgrounds(background).iter().map(|rgb| (format!("{rgb:02x?}"), *rgb)).chain(own).collect()
}

/// Every role that carries meaning. The destructuring names the others and fails to compile when a role is added.
fn roles(theme: &Theme) -> Vec<(&'static str, Style)> {
    let Theme {
        text,
        strong,
        dim,
        faint,
        accent,
        ok,
        warn,
        bad,
        late,
        // Lines between panes and a bar beside words that say the same: nobody reads them.
        rule: _,
        // Grounds: what stands on them is measured.
        selection: _,
        block: _,
        ..
    } = *theme;
    vec![
        ("text", text),
        ("strong", strong),
        ("dim", dim),
        ("faint", faint),
        ("accent", accent),
        ("ok", ok),
        ("warn", warn),
        ("bad", bad),
        ("late", late),
    ]
}

/// The themes whose colours are ours. The 16 colours are the terminal's own: what they look like is chosen there; without colours there is
/// nothing to measure.
fn themes() -> impl Iterator<Item = (Depth, Background, Theme)> {
    [Depth::True, Depth::Indexed]
        .into_iter()
        .flat_map(|depth| [Background::Dark, Background::Light].map(|background| (depth, background, Theme::new(depth, background))))
}

#[test]
fn every_role_that_means_something_can_be_read() {
    let mut low = Vec::new();
    for (depth, background, theme) in themes() {
        for (ground, under) in grounds(&theme, background) {
            for (role, style) in roles(&theme) {
                let ratio = ratio(rgb(style.fg.unwrap()), under);
                if ratio < LEAST {
                    low.push(format!("{role} on {ground}: {ratio:.2} ({depth:?}, {background:?})"));
                }
            }
        }
    }
    assert!(low.is_empty(), "below {LEAST}:\n{}", low.join("\n"));
}

#[test]
fn every_label_can_be_read_whatever_its_colour() {
    let mut low = Vec::new();
    for (depth, background, theme) in themes() {
        for code in
            (0..=0xff_ffff_u32).step_by(0x11_1111).chain([0xff_0000, 0x00_ff00, 0x00_00ff, 0xff_ff00, 0x7f_7f7f, 0x33_66cc, 0x1f_93ff])
        {
            let hex = format!("#{code:06x}");
            for (ground, under) in grounds(&theme, background) {
                let ratio = ratio(rgb(theme.label(&hex).fg.unwrap()), under);
                if ratio < LEAST {
                    low.push(format!("{hex} on {ground}: {ratio:.2} ({depth:?}, {background:?})"));
                }
            }
        }
    }
    assert!(low.is_empty(), "below {LEAST}:\n{}", low.join("\n"));
}

#[test]
fn the_ratio_is_that_of_the_standard() {
    assert!((ratio([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!((ratio([0x77; 3], [255; 3]) - 4.48).abs() < 0.01);
}
