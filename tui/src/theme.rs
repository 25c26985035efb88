//! Roles instead of colours: what a thing means decides how it looks, on 24-bit, 256, 16 and no colours, dark or light.
//!
//! The values are those of the drawings' rule 3; everything that carries meaning keeps 4.5 to 1 on both backgrounds.

use ratatui::style::{Color, Modifier, Style};

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// 24-bit colours.
    True,
    /// The 256-colour cube.
    Indexed,
    /// The terminal's own 16 colours.
    Ansi,
    /// Attributes only: `NO_COLOR`.
    Mono,
}

/// What the terminal's background is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// Light text on it.
    Dark,
    /// Dark text on it.
    Light,
}

/// One style per role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Messages.
    pub text: Style,
    /// Names, titles.
    pub strong: Style,
    /// Snippets, hints.
    pub dim: Style,
    /// Times, labels of fields.
    pub faint: Style,
    /// Keys, own replies, links, what goes to the customer.
    pub accent: Style,
    /// Live, approved.
    pub ok: Style,
    /// Ageing, notes, waiting.
    pub warn: Style,
    /// Late, rejected, failed.
    pub bad: Style,
    /// Late where colour alone would say it.
    pub late: Style,
    /// Lines.
    pub rule: Style,
    /// The chosen row.
    pub selection: Style,
    /// Where a decision is asked.
    pub block: Style,
    /// What the terminal can show, for colours that come from outside.
    depth: Depth,
    /// On what.
    background: Background,
}

impl Theme {
    /// The theme for a terminal.
    pub fn new(depth: Depth, background: Background) -> Self {
        let s = Style::new();
        match depth {
            Depth::Mono => {
                let bold = s.add_modifier(Modifier::BOLD);
                Self {
                    text: s,
                    strong: bold,
                    dim: s,
                    faint: s,
                    accent: bold,
                    ok: bold,
                    warn: bold,
                    bad: bold,
                    late: s.add_modifier(Modifier::REVERSED),
                    rule: s,
                    selection: s.add_modifier(Modifier::REVERSED),
                    block: s,
                    depth,
                    background,
                }
            }
            Depth::Ansi => {
                let fg = |c| s.fg(c);
                Self {
                    text: s,
                    strong: s.add_modifier(Modifier::BOLD),
                    dim: s,
                    faint: fg(Color::DarkGray),
                    accent: fg(Color::Blue),
                    ok: fg(Color::Green),
                    warn: fg(Color::Yellow),
                    bad: fg(Color::Red),
                    late: fg(Color::Red),
                    rule: fg(Color::DarkGray),
                    selection: s.add_modifier(Modifier::REVERSED),
                    block: s,
                    depth,
                    background,
                }
            }
            Depth::True | Depth::Indexed => {
                let pick = |dark: u32, light: u32| {
                    let hex = if background == Background::Dark { dark } else { light };
                    let [_, r, g, b] = hex.to_be_bytes();
                    if depth == Depth::True { Color::Rgb(r, g, b) } else { Color::Indexed(nearest(r, g, b)) }
                };
                let fg = |dark, light| s.fg(pick(dark, light));
                Self {
                    text: fg(0xd0_d3d9, 0x2b_2f38),
                    strong: fg(0xf0_f2f6, 0x0c_0e12).add_modifier(Modifier::BOLD),
                    dim: fg(0xa5_abb7, 0x56_5d69),
                    faint: fg(0x8e_95a2, 0x62_6875),
                    accent: fg(0x7a_a2f7, 0x2e_5fd0),
                    ok: fg(0x7e_c488, 0x25_753a),
                    warn: fg(0xe5_b567, 0x8a_5e00),
                    bad: fg(0xeb_6f6e, 0xb3_312f),
                    late: fg(0xeb_6f6e, 0xb3_312f),
                    rule: fg(0x34_3943, 0xd5_d9e0),
                    selection: s.bg(pick(0x26_2c3a, 0xe6_ebf5)),
                    block: s.bg(pick(0x1c_1f29, 0xef_f2f8)),
                    depth,
                    background,
                }
            }
        }
    }

    /// A label's own colour `#rrggbb`, mixed towards the text until it can be read; without colours an accent.
    pub fn label(&self, hex: &str) -> Style {
        let rgb = hex.strip_prefix('#').filter(|h| h.len() == 6).and_then(|h| u32::from_str_radix(h, 16).ok());
        let (Some(rgb), Depth::True | Depth::Indexed) = (rgb, self.depth) else { return self.accent };
        let [_, r, g, b] = rgb.to_be_bytes();
        let dark = self.background == Background::Dark;
        let (towards, ground) = if dark { (255.0, luminance([24; 3])) } else { (0.0, luminance([250; 3])) };
        let mut mixed = [r, g, b];
        for step in 0..=20_u8 {
            let share = f32::from(step) / 20.0;
            mixed = [r, g, b].map(|c| (f32::from(c) * (1.0 - share) + towards * share).round() as u8);
            let light = luminance(mixed);
            if (light.max(ground) + 0.05) / (light.min(ground) + 0.05) >= 4.5 {
                break;
            }
        }
        let [r, g, b] = mixed;
        Style::new().fg(if self.depth == Depth::True { Color::Rgb(r, g, b) } else { Color::Indexed(nearest(r, g, b)) })
    }

    /// The theme that the environment's variables ask for; `var` reads one of them.
    pub fn from_environment(no_color: bool, var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).filter(|v| !v.is_empty());
        let term = set("TERM").unwrap_or_default();
        let depth = if no_color || set("NO_COLOR").is_some() || term == "dumb" {
            Depth::Mono
        } else if set("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit") || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256color") || term.contains("kitty") || term.contains("ghostty") {
            Depth::Indexed
        } else {
            Depth::Ansi
        };
        // `15;0` is light on dark: the last number is the background.
        let light = set("COLORFGBG").and_then(|v| v.rsplit(';').next()?.parse::<u8>().ok()).is_some_and(|bg| bg == 7 || bg == 15);
        Self::new(depth, if light { Background::Light } else { Background::Dark })
    }
}

/// Relative luminance, as WCAG 2 defines it.
fn luminance(rgb: [u8; 3]) -> f32 {
    let [r, g, b] = rgb.map(|c| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// The nearest of the 240 fixed colours of the 256-colour palette.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let distance = |a: [u8; 3]| -> u32 { a.iter().zip([r, g, b]).map(|(&x, y)| u32::from(x.abs_diff(y)).pow(2)).sum() };
    let mut best = (u32::MAX, 16_u8);
    for (i, rgb) in (0_u8..216).map(|i| (16 + i, [STEPS[usize::from(i / 36)], STEPS[usize::from(i / 6 % 6)], STEPS[usize::from(i % 6)]])) {
        best = best.min((distance(rgb), i));
    }
    for (i, grey) in (0_u8..24).map(|i| (232 + i, 8 + 10 * i)) {
        best = best.min((distance([grey; 3]), i));
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_chooses_the_depth() {
        let with = |vars: &'static [(&'static str, &'static str)]| {
            Theme::from_environment(false, move |name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(with(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Theme::new(Depth::Mono, Background::Dark));
        assert_eq!(with(&[("COLORTERM", "truecolor"), ("NO_COLOR", "")]), Theme::new(Depth::True, Background::Dark));
        assert_eq!(with(&[("TERM", "screen-256color"), ("COLORFGBG", "0;15")]), Theme::new(Depth::Indexed, Background::Light));
        assert_eq!(with(&[("TERM", "vt220")]), Theme::new(Depth::Ansi, Background::Dark));
    }

    #[test]
    fn no_colour_means_no_colour() {
        let t = Theme::new(Depth::Mono, Background::Dark);
        for style in [t.text, t.strong, t.dim, t.faint, t.accent, t.ok, t.warn, t.bad, t.late, t.rule, t.selection, t.block] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn the_nearest_colour_of_an_exact_one_is_itself() {
        assert_eq!((nearest(0, 0, 0), nearest(255, 255, 255), nearest(95, 135, 175)), (16, 231, 67));
    }
}
