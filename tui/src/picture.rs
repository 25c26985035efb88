//! Pictures in a thread: a file of a message read, made as small as it is shown, and put on the screen as half blocks (two pixels a cell) or
//! by kitty's protocol with Unicode placeholders, where the picture goes to the terminal once and cells say what of it they show.
//!
//! Only what Chatwoot itself keeps is read, never what a mail names elsewhere. A picture is a customer's: its bytes, sides and memory have
//! limits, and it is decoded beside the screen, never by it.

use std::fmt::Write as _;
use std::io::Cursor;

use api::Client;
use base64::Engine as _;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};

use crate::around::Around;
use crate::state::StoredFile;
use crate::theme::Theme;

/// The largest file that is shown, in bytes: what cameras make; a larger one is saved.
pub(crate) const FILE_BYTES_MAX: u64 = 12 * 1024 * 1024;
/// A picture's longer side, in pixels: no camera makes more.
const SIDE_MAX: u32 = 16_000;
/// A picture's pixels: a phone's largest. A file of a few bytes can claim any number.
const PIXELS_MAX: u64 = 50_000_000;
/// Memory for decoding one, in bytes: as many pixels in four colours.
const DECODED_BYTES_MAX: u64 = 4 * PIXELS_MAX;
/// Pixels that count as a cell: as many as most terminals have, so a small picture is shown small.
const CELL: (u32, u32) = (8, 16);
/// Pixels a cell gets where the terminal draws the picture itself: terminals with small cells make less of it.
const FINE: (u32, u32) = (12, 24);
/// Columns at most: every one needs a mark of its own.
pub(crate) const COLUMNS_MAX: u16 = 60;
/// Rows at most: what is written beside it is what the inbox is for.
pub(crate) const ROWS_MAX: u16 = 12;
/// Bytes of base64 in one command, as the protocol has it.
const CHUNK: usize = 4_096;

/// How pictures are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Drawing {
    /// Not: their names stand for them.
    #[default]
    None,
    /// Half blocks.
    Blocks,
    /// kitty's protocol, with placeholders.
    Kitty,
}

/// A picture as it stands on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Cells across.
    pub columns: u16,
    /// Cells down.
    pub rows: u16,
    /// What is in them.
    pub look: Look,
}

/// What is in the cells of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// The upper and the lower colour of each, row by row.
    Blocks(Vec<[[u8; 3]; 2]>),
    /// The terminal's number of it.
    Kitty(u32),
}

/// What the terminal is told before the cells mean anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Its number.
    pub id: u32,
    /// Cells across.
    pub columns: u16,
    /// Cells down.
    pub rows: u16,
    /// The picture as PNG.
    pub png: Vec<u8>,
}

/// What is wanted of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub file: StoredFile,
    /// How it will be drawn.
    pub drawing: Drawing,
    /// The number it gets in the terminal.
    pub id: u32,
    /// Cells across at most.
    pub columns: u16,
    /// Cells down at most.
    pub rows: u16,
}

/// Reads a file whole and makes a picture of it; the error is for the log.
pub(crate) async fn read(client: &Client, wanted: Wanted) -> Result<(Picture, Option<Transmit>), String> {
    let Wanted { file, .. } = &wanted;
    let body = client.attachment(file.conversation, file.message, file.id, FILE_BYTES_MAX).await;
    let mut body = body.map_err(|err| err.to_string())?;
    let mut bytes = Vec::new();
    while let Some(chunk) = body.chunk().await.map_err(|err| err.to_string())? {
        bytes.extend_from_slice(&chunk);
    }
    tokio::task::spawn_blocking(move || painted(bytes, &wanted)).await.map_err(|err| err.to_string())?
}

/// Makes a picture of a file's bytes.
fn painted(bytes: Vec<u8>, wanted: &Wanted) -> Result<(Picture, Option<Transmit>), String> {
    let image = decoded(bytes)?;
    let (columns, rows) = fitted(image.width(), image.height(), wanted.columns, wanted.rows);
    match wanted.drawing {
        Drawing::Kitty => {
            let (wide, high) = (u32::from(columns) * FINE.0, u32::from(rows) * FINE.1);
            let small = if image.width() > wide || image.height() > high { image.thumbnail(wide, high) } else { image };
            let mut png = Cursor::new(Vec::new());
            small.write_to(&mut png, ImageFormat::Png).map_err(|err| err.to_string())?;
            let transmit = Transmit { id: wanted.id, columns, rows, png: png.into_inner() };
            Ok((Picture { columns, rows, look: Look::Kitty(wanted.id) }, Some(transmit)))
        }
        Drawing::Blocks | Drawing::None => Ok((Picture { columns, rows, look: Look::Blocks(blocks(&image, columns, rows)) }, None)),
    }
}

fn decoded(bytes: Vec<u8>) -> Result<DynamicImage, String> {
    let said = |err: image::ImageError| err.to_string();
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|err| err.to_string())?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(SIDE_MAX), Some(SIDE_MAX), Some(DECODED_BYTES_MAX));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(said)?;
    let (width, height) = decoder.dimensions();
    // Before any memory is taken for it.
    if width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(format!("{width} by {height} pixels are too many"));
    }
    if decoder.total_bytes() > DECODED_BYTES_MAX {
        return Err("it takes too much memory".into());
    }
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(said)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Cells for so many pixels: never larger than they are, and never past the limits.
fn fitted(width: u32, height: u32, columns: u16, rows: u16) -> (u16, u16) {
    let (wide, high) = (f64::from(width) / f64::from(CELL.0), f64::from(height) / f64::from(CELL.1));
    let scale = (f64::from(columns) / wide).min(f64::from(rows) / high).min(1.0);
    let cells = |size: f64, max: u16| (1..=max.max(1)).rev().find(|n| f64::from(*n) <= (size * scale).round()).unwrap_or(1);
    (cells(wide, columns), cells(high, rows))
}

/// Two colours for each cell; what shows through is white, as paper is.
fn blocks(image: &DynamicImage, columns: u16, rows: u16) -> Vec<[[u8; 3]; 2]> {
    let small = image.thumbnail_exact(u32::from(columns), u32::from(rows) * 2).to_rgba8();
    let colour = |x: u16, y: u32| {
        let [r, g, b, a] = small.get_pixel_checked(u32::from(x), y).map_or([255; 4], |pixel| pixel.0);
        let over = |c: u8| u8::try_from((u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a))) / 255).unwrap_or(255);
        [over(r), over(g), over(b)]
    };
    let cell = |x, y: u16| [colour(x, u32::from(y) * 2), colour(x, u32::from(y) * 2 + 1)];
    (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y))).map(|(x, y)| cell(x, y)).collect()
}

/// Draws one row of a picture.
pub(crate) fn draw(theme: &Theme, buf: &mut Buffer, (x, y): (u16, u16), picture: &Picture, row: u16) {
    for column in 0..picture.columns {
        let Some(cell) = buf.cell_mut((x + column, y)) else { return };
        match &picture.look {
            Look::Blocks(cells) => {
                let at = usize::from(row) * usize::from(picture.columns) + usize::from(column);
                let Some([upper, lower]) = cells.get(at) else { return };
                let (Some(upper), Some(lower)) = (theme.pixel(*upper), theme.pixel(*lower)) else { return };
                cell.set_symbol(if upper == lower { " " } else { "▀" }).set_style(Style::new().fg(upper).bg(lower));
            }
            Look::Kitty(id) => {
                let (Some(down), Some(across)) = (MARKS.get(usize::from(row)), MARKS.get(usize::from(column))) else { return };
                let [_, r, g, b] = id.to_be_bytes();
                cell.set_symbol(&format!("\u{10eeee}{down}{across}")).set_style(Style::new().fg(Color::Rgb(r, g, b)));
            }
        }
    }
}

/// The commands that give the terminal a picture; nothing where they would not arrive.
pub(crate) fn commands(transmit: &Transmit, around: Around) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(&transmit.png);
    let chunks = encoded.len().div_ceil(CHUNK);
    let mut out = String::new();
    for (n, at) in (1..=chunks).zip((0..encoded.len()).step_by(CHUNK)) {
        let piece = encoded.get(at..encoded.len().min(at + CHUNK)).unwrap_or_default();
        let more = u8::from(n < chunks);
        // Quiet (q=2): the terminal answers nothing that could be taken for keys.
        let head = match n {
            1 => format!("a=T,U=1,f=100,q=2,i={},c={},r={},m={more}", transmit.id, transmit.columns, transmit.rows),
            _ => format!("q=2,m={more}"),
        };
        let Some(command) = around.wrapped(&format!("\x1b_G{head};{piece}\x1b\\")) else { return String::new() };
        out.push_str(&command);
    }
    out
}

/// The command by which the terminal forgets a picture.
pub(crate) fn forget(id: u32, around: Around) -> String {
    let mut command = String::new();
    let _ = write!(command, "\x1b_Ga=d,d=I,q=2,i={id}\x1b\\"); // A string takes everything.
    around.wrapped(&command).unwrap_or_default()
}

/// The marks by which kitty counts rows and columns of a placeholder, from 0 (its `rowcolumn-diacritics.txt`).
const MARKS: [char; 62] = [
    '\u{305}', '\u{30d}', '\u{30e}', '\u{310}', '\u{312}', '\u{33d}', '\u{33e}', '\u{33f}', '\u{346}', '\u{34a}', '\u{34b}', '\u{34c}',
    '\u{350}', '\u{351}', '\u{352}', '\u{357}', '\u{35b}', '\u{363}', '\u{364}', '\u{365}', '\u{366}', '\u{367}', '\u{368}', '\u{369}',
    '\u{36a}', '\u{36b}', '\u{36c}', '\u{36d}', '\u{36e}', '\u{36f}', '\u{483}', '\u{484}', '\u{485}', '\u{486}', '\u{487}', '\u{592}',
    '\u{593}', '\u{594}', '\u{595}', '\u{597}', '\u{598}', '\u{599}', '\u{59c}', '\u{59d}', '\u{59e}', '\u{59f}', '\u{5a0}', '\u{5a1}',
    '\u{5a8}', '\u{5a9}', '\u{5ab}', '\u{5ac}', '\u{5af}', '\u{5c4}', '\u{610}', '\u{611}', '\u{612}', '\u{613}', '\u{614}', '\u{615}',
    '\u{616}', '\u{617}',
];

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::text;
    use api::id::{ConversationId, MessageId};
    use image::{Rgba, RgbaImage};
    use ratatui::buffer::CellWidth as _;

    pub(crate) fn wanted(drawing: Drawing) -> Wanted {
        let file = StoredFile { conversation: ConversationId(1), message: MessageId(2), id: 3, name: "a.png".into(), bytes: None };
        Wanted { file, drawing, id: 0x01_02_03, columns: 40, rows: 8 }
    }

    /// A picture, red above and blue below.
    pub(crate) fn flag(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image = RgbaImage::from_fn(width, height, |_, y| if y < height / 2 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 255]) });
        let mut bytes = Cursor::new(Vec::new());
        let image = DynamicImage::ImageRgba8(image);
        let image = if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(image.to_rgb8()) } else { image };
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    pub(crate) fn picture(drawing: Drawing) -> Picture {
        painted(flag(160, 64, ImageFormat::Png), &wanted(drawing)).unwrap().0
    }

    #[test]
    fn a_picture_is_as_large_as_it_is_and_never_larger_than_there_is_room() {
        for (size, want) in [
            ((1, 1), (1, 1)),
            ((64, 64), (8, 4)),
            ((160, 64), (20, 4)),
            ((4_000, 3_000), (21, 8)),
            ((10_000, 100), (40, 1)),
            ((100, 10_000), (1, 8)),
        ] {
            assert_eq!(fitted(size.0, size.1, 40, 8), want, "{size:?}");
        }
    }

    #[test]
    fn every_kind_of_picture_is_read() {
        for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::Jpeg, ImageFormat::WebP] {
            let (picture, transmit) = painted(flag(160, 64, format), &wanted(Drawing::Blocks)).unwrap();
            assert_eq!((picture.columns, picture.rows, transmit), (20, 4, None));
            let Look::Blocks(cells) = picture.look else { panic!("no blocks") };
            assert_eq!(cells.len(), 80);
            let near = |cell: [[u8; 3]; 2], r: u8, b: u8| cell.iter().all(|c| c[0].abs_diff(r) < 30 && c[2].abs_diff(b) < 30);
            assert!(near(cells[0], 255, 0) && near(cells[79], 0, 255), "{format:?}: {:?} {:?}", cells[0], cells[79]);
        }
    }

    #[test]
    fn what_claims_to_be_huge_or_is_none_is_refused_before_it_takes_memory() {
        // A PNG of a hundred bytes that says it has 60,000 by 60,000 pixels; the sum over its head is right.
        let mut bomb = flag(1, 1, ImageFormat::Png);
        bomb.splice(16..24, [0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let sum = crc(&bomb[12..29]);
        bomb.splice(29..33, sum.to_be_bytes());
        for bytes in [bomb, b"<svg onload=x>".to_vec(), Vec::new(), flag(90, 90, ImageFormat::Png)[..60].to_vec()] {
            assert!(painted(bytes, &wanted(Drawing::Blocks)).is_err());
        }
    }

    /// The check sum of PNG.
    fn crc(bytes: &[u8]) -> u32 {
        let step =
            |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |s, _| if s & 1 == 1 { 0xedb8_8320 ^ (s >> 1) } else { s >> 1 });
        !bytes.iter().fold(u32::MAX, step)
    }

    #[test]
    fn placeholders_are_one_cell_each_and_survive_the_guard() {
        assert!(MARKS.len() >= usize::from(COLUMNS_MAX) && MARKS.len() >= usize::from(ROWS_MAX));
        for mark in MARKS {
            let symbol = format!("\u{10eeee}{mark}{mark}");
            assert_eq!(symbol.cell_width(), 1, "{mark:?}");
            assert!(symbol.chars().all(text::is_safe), "{mark:?}");
        }
    }

    #[test]
    fn kitty_is_told_once_in_pieces_and_only_where_it_arrives() {
        let (picture, transmit) = painted(flag(3_000, 2_000, ImageFormat::Png), &wanted(Drawing::Kitty)).unwrap();
        assert_eq!(picture.look, Look::Kitty(0x01_02_03));
        let mut transmit = transmit.unwrap();
        assert_eq!(image::load_from_memory(&transmit.png).unwrap().height(), u32::from(picture.rows) * FINE.1);
        transmit.png = vec![7; 5_000];
        let vars = |vars: &'static [(&'static str, &'static str)], passthrough| {
            let set = crate::settings::TerminalSection { passthrough, ..Default::default() };
            Around::from_environment(&set, |name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        let plain = commands(&transmit, vars(&[("TERM", "xterm-kitty")], false));
        let begin = format!("\x1b_Ga=T,U=1,f=100,q=2,i={},c={},r={},m=1;", 0x01_02_03, picture.columns, picture.rows);
        assert!(plain.starts_with(&begin), "{plain:?}");
        assert_eq!((plain.matches("\x1b_G").count(), plain.matches("\x1b\\").count()), (2, 2));
        assert!(plain.contains("\x1b_Gq=2,m=0;"));
        assert_eq!(commands(&transmit, vars(&[("TERM", "tmux-256color"), ("TMUX", "x")], false)), "");
        let wrapped = commands(&transmit, vars(&[("TERM", "tmux-256color"), ("TMUX", "x")], true));
        assert_eq!((wrapped.matches("\x1bPtmux;").count(), wrapped.matches("\x1b\x1b_G").count()), (2, 2));
        assert_eq!(forget(7, vars(&[("TERM", "xterm-kitty")], false)), "\x1b_Ga=d,d=I,q=2,i=7\x1b\\");
    }
}
