//! A person's own theme: colours by meaning, from a file.

use ratatui::style::{Modifier, Style};
use serde::Deserialize;

use super::{Background, CONTRAST, Depth, Rgb, Theme, color, contrast};

/// A theme file, `themes/NAME.toml`. What it leaves out is the base's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThemeFile {
    /// `dark` or `light`.
    pub base: Option<String>,
    /// What the terminal's own background is taken for, to compute contrast.
    pub ground: Option<String>,
    /// Messages.
    pub text: Option<String>,
    /// Names, titles.
    pub strong: Option<String>,
    /// Snippets, hints.
    pub dim: Option<String>,
    /// Times, labels of fields.
    pub faint: Option<String>,
    /// Keys, own replies, links, what goes to the customer.
    pub accent: Option<String>,
    /// Live, approved.
    pub ok: Option<String>,
    /// Ageing, notes, waiting.
    pub warn: Option<String>,
    /// Rejected, failed.
    pub bad: Option<String>,
    /// A customer who waits too long.
    pub late: Option<String>,
    /// Lines.
    pub rule: Option<String>,
    /// The ground of the chosen row.
    pub selection: Option<String>,
    /// The ground where a decision is asked.
    pub block: Option<String>,
}

fn hex(name: &str, value: Option<&str>) -> Result<Option<Rgb>, String> {
    let Some(value) = value else { return Ok(None) };
    let digits = value.strip_prefix('#').filter(|digits| digits.len() == 6);
    let rgb = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let [_, r, g, b] = rgb.ok_or_else(|| format!("{name}: `{value}` is no colour; write it as #rrggbb"))?.to_be_bytes();
    Ok(Some([r, g, b]))
}

impl ThemeFile {
    /// The theme for a terminal of a depth, and what is hard to read in it. Sixteen colours are the terminal's own, and none are none:
    /// there the file does not count.
    ///
    /// # Errors
    /// The first entry that is wrong, by its name.
    pub fn theme(&self, depth: Depth) -> Result<(Theme, Vec<String>), String> {
        let background = match self.base.as_deref() {
            None | Some("dark") => Background::Dark,
            Some("light") => Background::Light,
            Some(other) => return Err(format!("base: `{other}` is neither dark nor light")),
        };
        let base = Theme::new(depth, background);
        let ground = hex("ground", self.ground.as_deref())?.unwrap_or(if background == Background::Dark { [0x0c; 3] } else { [0xff; 3] });
        let grounds = [("selection", &self.selection, base.selection), ("block", &self.block, base.block)];
        let [selection, block] = grounds.map(|(name, value, style)| Ok::<_, String>((hex(name, value.as_deref())?, style)));
        let (selection, block) = (selection?, block?);
        let mut themed = base;
        let mut roles = [
            ("text", &self.text, &mut themed.text),
            ("strong", &self.strong, &mut themed.strong),
            ("dim", &self.dim, &mut themed.dim),
            ("faint", &self.faint, &mut themed.faint),
            ("accent", &self.accent, &mut themed.accent),
            ("ok", &self.ok, &mut themed.ok),
            ("warn", &self.warn, &mut themed.warn),
            ("bad", &self.bad, &mut themed.bad),
            ("late", &self.late, &mut themed.late),
            ("rule", &self.rule, &mut themed.rule),
        ];
        let mut colours = Vec::new();
        for (name, value, style) in &mut roles {
            let Some(rgb) = hex(name, value.as_deref())? else { continue };
            let bold = style.add_modifier & Modifier::BOLD;
            **style = Style::new().fg(color(depth, rgb, |_| true)).add_modifier(bold);
            // A line is not read.
            if *name != "rule" {
                colours.push((*name, rgb));
            }
        }
        let coloured = matches!(depth, Depth::True | Depth::Indexed);
        if !coloured {
            return Ok((base, Vec::new()));
        }
        let on = |(rgb, style): (Option<Rgb>, Style)| rgb.map_or(style, |rgb| Style::new().bg(color(depth, rgb, |_| true)));
        (themed.selection, themed.block) = (on(selection), on(block));
        if let Some(rgb) = selection.0 {
            themed.ground = rgb;
        }
        let mut hard = Vec::new();
        for (name, rgb) in colours {
            for (place, ground) in [("the background", Some(ground)), ("the selection", Some(themed.ground)), ("a block", block.0)] {
                let Some(ratio) = ground.map(|ground| contrast(rgb, ground)) else { continue };
                if ratio < CONTRAST {
                    hard.push(format!("{name} on {place} has a contrast of {ratio:.1}, 4.5 can be read"));
                }
            }
        }
        Ok((themed, hard))
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;

    fn file(set: fn(&mut ThemeFile)) -> ThemeFile {
        let mut file = ThemeFile::default();
        set(&mut file);
        file
    }

    #[test]
    fn an_empty_file_is_its_base() {
        for (base, background) in [(None, Background::Dark), (Some("light"), Background::Light)] {
            let file = ThemeFile { base: base.map(str::to_owned), ..ThemeFile::default() };
            assert_eq!(file.theme(Depth::True), Ok((Theme::new(Depth::True, background), Vec::new())));
        }
    }

    #[test]
    fn a_colour_counts_where_there_are_colours() {
        let own = file(|f| f.accent = Some("#ffaa00".into()));
        let (theme, hard) = own.theme(Depth::True).unwrap();
        assert_eq!((theme.accent.fg, hard), (Some(Color::Rgb(255, 170, 0)), Vec::new()));
        for depth in [Depth::Ansi, Depth::Mono] {
            assert_eq!(own.theme(depth), Ok((Theme::new(depth, Background::Dark), Vec::new())));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (own, want) in [
            (file(|f| f.accent = Some("blue".into())), "accent: `blue` is no colour; write it as #rrggbb"),
            (file(|f| f.selection = Some("#12345".into())), "selection: `#12345`"),
            (file(|f| f.ground = Some("#éé".into())), "ground: "),
            (file(|f| f.base = Some("dim".into())), "base: `dim` is neither dark nor light"),
        ] {
            let said = own.theme(Depth::True).unwrap_err();
            assert!(said.starts_with(want), "{said}");
        }
    }

    #[test]
    fn what_is_hard_to_read_is_said_and_counts() {
        let (theme, hard) = file(|f| f.dim = Some("#333333".into())).theme(Depth::True).unwrap();
        assert_eq!(theme.dim.fg, Some(Color::Rgb(0x33, 0x33, 0x33)));
        assert!(hard.iter().any(|said| said.starts_with("dim on the background has a contrast of 1.5")), "{hard:?}");
        assert!(hard.iter().any(|said| said.starts_with("dim on the selection")), "{hard:?}");
    }
}
