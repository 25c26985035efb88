//! Roles instead of colours: what a thing means decides how it looks, on 24-bit, 256, 16 and no colours, dark or light.
//!
//! The values are those of the drawings' rule 3; everything that carries meaning keeps 4.5 to 1 on both backgrounds
//! and on the chosen row (`tests/contrast.rs`).

mod custom;

pub use custom::ThemeFile;

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
    /// The ground on which words are hardest to read.
    ground: Rgb,
}

type Rgb = [u8; 3];

/// WCAG's least contrast of text.
const CONTRAST: f32 = 4.5;

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
                    ground: [0; 3],
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
                    ground: [0; 3],
                }
            }
            Depth::True | Depth::Indexed => {
                let hex = |dark: u32, light: u32| {
                    let [_, r, g, b] = (if background == Background::Dark { dark } else { light }).to_be_bytes();
                    [r, g, b]
                };
                let selection = hex(0x26_2c3a, 0xe6_ebf5);
                // The chosen row's ground is nearest to the words: what can be read on it can be read everywhere.
                let ground = if depth == Depth::True { selection } else { indexed(nearest(selection, |_| true)) };
                let bg = |rgb: Rgb| s.bg(color(depth, rgb, |_| true));
                let fg = |dark, light| s.fg(color(depth, hex(dark, light), |rgb| reads(rgb, ground)));
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
                    rule: s.fg(color(depth, hex(0x34_3943, 0xd5_d9e0), |_| true)),
                    selection: bg(selection),
                    block: bg(hex(0x1c_1f29, 0xef_f2f8)),
                    depth,
                    background,
                    ground,
                }
            }
        }
    }

    /// A label's own colour `#rrggbb`, mixed towards the text until it can be read; without colours an accent.
    pub fn label(&self, hex: &str) -> Style {
        let rgb = hex.strip_prefix('#').filter(|h| h.len() == 6).and_then(|h| u32::from_str_radix(h, 16).ok());
        let (Some(rgb), Depth::True | Depth::Indexed) = (rgb, self.depth) else { return self.accent };
        let [_, r, g, b] = rgb.to_be_bytes();
        let towards = if self.background == Background::Dark { 255.0 } else { 0.0 };
        let mut mixed = [r, g, b];
        for step in 0..=20_u8 {
            let share = f32::from(step) / 20.0;
            mixed = [r, g, b].map(|c| (f32::from(c) * (1.0 - share) + towards * share).round() as u8);
            if reads(mixed, self.ground) {
                break;
            }
        }
        Style::new().fg(color(self.depth, mixed, |rgb| reads(rgb, self.ground)))
    }

    /// The theme that the environment's variables ask for; `var` reads one of them.
    pub fn from_environment(no_color: bool, var: impl Fn(&str) -> Option<String>) -> Self {
        Self::chosen(&Choice::Auto, no_color, var).0
    }

    /// The theme that was chosen, on what the environment says of the terminal, and what is hard to read in it. `NO_COLOR` outranks it.
    pub fn chosen(choice: &Choice, no_color: bool, var: impl Fn(&str) -> Option<String>) -> (Self, Vec<String>) {
        let set = |name: &str| var(name).filter(|v| !v.is_empty());
        let term = set("TERM").unwrap_or_default();
        let depth = if no_color || set("NO_COLOR").is_some() || term == "dumb" || *choice == Choice::None {
            Depth::Mono
        } else if *choice == Choice::Ansi {
            Depth::Ansi
        } else if set("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit") || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256color") || term.contains("kitty") || term.contains("ghostty") {
            Depth::Indexed
        } else {
            Depth::Ansi
        };
        // `15;0` is light on dark: the last number is the background.
        let light = set("COLORFGBG").and_then(|v| v.rsplit(';').next()?.parse::<u8>().ok()).is_some_and(|bg| bg == 7 || bg == 15);
        let background = match choice {
            Choice::Dark => Background::Dark,
            Choice::Light => Background::Light,
            Choice::Auto | Choice::Ansi | Choice::None | Choice::File(_) => {
                if light {
                    Background::Light
                } else {
                    Background::Dark
                }
            }
        };
        if let Choice::File(file) = choice {
            // Whoever reads a file checks it; one that is wrong nevertheless changes nothing.
            return file.theme(depth).unwrap_or_else(|why| (Self::new(depth, background), vec![why]));
        }
        (Self::new(depth, background), Vec::new())
    }
}

/// Which theme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// What fits the terminal.
    #[default]
    Auto,
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
    /// The terminal's own 16 colours.
    Ansi,
    /// No colours.
    None,
    /// A person's own.
    File(Box<ThemeFile>),
}

impl Choice {
    /// The choice of that name; none: the name of a file.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "dark" => Self::Dark,
            "light" => Self::Light,
            "16" => Self::Ansi,
            "none" => Self::None,
            _ => return None,
        })
    }
}

impl Theme {
    /// How it is, for people.
    pub fn words(&self) -> String {
        let depth = match self.depth {
            Depth::True => "24 bit",
            Depth::Indexed => "256",
            Depth::Ansi => "16",
            Depth::Mono => return "none".into(),
        };
        let ground = if self.background == Background::Light { "a light" } else { "a dark" };
        format!("{depth}, on {ground} background")
    }
}

impl Theme {
    /// Whether pictures can be told: 16 colours and none cannot.
    pub(crate) fn shows_pictures(&self) -> bool {
        matches!(self.depth, Depth::True | Depth::Indexed)
    }

    /// The colour of a pixel, as near as the terminal has it; none where it has no colours for it.
    pub(crate) fn pixel(&self, [r, g, b]: Rgb) -> Option<Color> {
        // Quicker than looking through them all: a screen has thousands.
        let step = |c: u8| match c {
            0..48 => 0,
            48..115 => 1,
            _ => (c - 35) / 40,
        };
        match self.depth {
            Depth::True => Some(Color::Rgb(r, g, b)),
            Depth::Indexed if r.abs_diff(g) < 8 && g.abs_diff(b) < 8 && (8..238).contains(&g) => Some(Color::Indexed(232 + (g - 8) / 10)),
            Depth::Indexed => Some(Color::Indexed(16 + 36 * step(r) + 6 * step(g) + step(b))),
            Depth::Ansi | Depth::Mono => None,
        }
    }
}

/// Relative luminance, as WCAG 2 defines it.
fn luminance(rgb: Rgb) -> f32 {
    let [r, g, b] = rgb.map(|c| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// The contrast of two colours, as WCAG 2 defines it: 1 to 21.
fn contrast(a: Rgb, b: Rgb) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Whether words of a colour can be read on a ground.
fn reads(rgb: Rgb, ground: Rgb) -> bool {
    contrast(rgb, ground) >= CONTRAST
}

/// A colour as the terminal can show it: itself, or the nearest of the palette that is fit.
fn color(depth: Depth, rgb: Rgb, fit: impl Fn(Rgb) -> bool) -> Color {
    let [r, g, b] = rgb;
    if depth == Depth::True { Color::Rgb(r, g, b) } else { Color::Indexed(nearest(rgb, fit)) }
}

/// One of the 240 fixed colours of the 256-colour palette: a cube, then greys.
fn indexed(index: u8) -> Rgb {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match index {
        232.. => [8 + 10 * (index - 232); 3],
        _ => {
            let i = index.saturating_sub(16);
            [i / 36, i / 6 % 6, i % 6].map(|step| STEPS.get(usize::from(step)).copied().unwrap_or(255))
        }
    }
}

/// The nearest of them that is fit.
fn nearest(rgb: Rgb, fit: impl Fn(Rgb) -> bool) -> u8 {
    let distance = |a: Rgb| -> u32 { a.iter().zip(rgb).map(|(&x, y)| u32::from(x.abs_diff(y)).pow(2)).sum() };
    let mut best = (u32::MAX, 231);
    for index in 16..=255_u8 {
        let rgb = indexed(index);
        let far = distance(rgb);
        // Whether it is fit is dear to find out, and of most it need not be known.
        if far < best.0 && fit(rgb) {
            best = (far, index);
        }
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
    fn a_choice_outranks_the_environment_but_for_no_color() {
        let with = |name: &str, vars: &'static [(&'static str, &'static str)]| {
            let var = move |asked: &str| vars.iter().find(|(n, _)| *n == asked).map(|(_, v)| (*v).to_owned());
            Theme::chosen(&Choice::named(name).unwrap(), false, var).0
        };
        let light = &[("COLORTERM", "truecolor"), ("COLORFGBG", "0;15")];
        assert_eq!(with("auto", light), Theme::new(Depth::True, Background::Light));
        assert_eq!(with("dark", light), Theme::new(Depth::True, Background::Dark));
        assert_eq!(with("light", &[("COLORTERM", "truecolor")]), Theme::new(Depth::True, Background::Light));
        assert_eq!(with("16", light), Theme::new(Depth::Ansi, Background::Light));
        assert_eq!(with("none", light), Theme::new(Depth::Mono, Background::Light));
        assert_eq!(with("light", &[("NO_COLOR", "1")]), Theme::new(Depth::Mono, Background::Light));
        assert_eq!(Choice::named("solarized"), None);
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
        let nearest = |rgb| nearest(rgb, |_| true);
        assert_eq!((nearest([0; 3]), nearest([255; 3]), nearest([95, 135, 175])), (16, 231, 67));
    }
}
