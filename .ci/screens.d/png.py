"""A screen as `tmux capture-pane -e` prints it, drawn: png.py SCREEN.ansi SCREEN.png X Y, the cursor's. Knows the attributes that the inbox uses, no more."""
import re
import sys
import unicodedata

from PIL import Image, ImageDraw, ImageFont

FONTS = "/usr/share/fonts/truetype"
SIZE, WIDE, HIGH, EDGE = 15, 9, 18, 6
GROUND, TEXT = "#181818", "#d0d3d9"
BASIC = ["#181818", "#eb6f6e", "#7ec488", "#e5b567", "#7aa2f7", "#bb9af7", "#7dcfff", "#d0d3d9"]


def font(name):
    return ImageFont.truetype(f"{FONTS}/{name}.ttf", SIZE)


FACES = {False: font("dejavu/DejaVuSansMono"), True: font("dejavu/DejaVuSansMono-Bold")}
EAST = font("droid/DroidSansFallbackFull")


def colour(codes):
    """The colour at the head of `codes`, as in 38;2;R;G;B or 38;5;N."""
    if codes.pop(0) == 2:
        rgb, codes[:3] = codes[:3], []
        return "#%02x%02x%02x" % tuple(rgb)
    n = codes.pop(0)
    if n < 16:
        return BASIC[n % 8]
    if n >= 232:
        return "#%02x%02x%02x" % ((8 + 10 * (n - 232),) * 3)
    level = [0, 95, 135, 175, 215, 255]
    return "#%02x%02x%02x" % (level[(n - 16) // 36], level[(n - 16) // 6 % 6], level[(n - 16) % 6])


def attributes(style, text):
    codes = [int(code or 0) for code in re.split("[;:]", text)]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style.clear()
        elif code in (1, 3, 4, 7):
            style[code] = True
        elif code in (22, 23, 24, 27):
            style.pop({22: 1, 23: 3, 24: 4, 27: 7}[code], None)
        elif code in (38, 48):
            style[code] = colour(codes)
        elif code in (39, 49):
            style.pop(code - 1, None)
        elif code // 10 in (3, 4, 9, 10):
            style[38 if code // 10 in (3, 9) else 48] = BASIC[code % 10]


def cells(line):
    """Each cell's column, width, characters and style."""
    style, column, row = cells.style, 0, []
    for escape, char in re.findall(r"\x1b\[([\d;:]*)m|([^\x1b])", line):
        if not char:
            attributes(style, escape)
        elif unicodedata.combining(char) or char in "\u200d\ufe0f":
            row[-1][2] += char
        else:
            width = 2 if unicodedata.east_asian_width(char) in "WF" else 1
            row.append([column, width, char, dict(style)])
            column += width
    return row


def main(source, target, cursor_x, cursor_y):
    cells.style = {}
    rows = [cells(line) for line in open(source, encoding="utf-8").read().split("\n")]
    while rows and not rows[-1]:
        rows.pop()
    columns = max((row[-1][0] + row[-1][1] for row in rows if row), default=1)
    image = Image.new("RGB", (columns * WIDE + 2 * EDGE, len(rows) * HIGH + 2 * EDGE), GROUND)
    draw = ImageDraw.Draw(image)
    for number, row in enumerate(rows):
        for column, width, char, style in row:
            x, y, w = EDGE + column * WIDE, EDGE + number * HIGH, width * WIDE
            ink, ground = style.get(38, TEXT), style.get(48, GROUND)
            if style.get(7):
                ink, ground = ground, ink
            if ground != GROUND:
                draw.rectangle((x, y, x + w - 1, y + HIGH - 1), ground)
            if style.get(4):
                draw.line((x, y + HIGH - 2, x + w - 1, y + HIGH - 2), ink)
            if char in "─│▎█":  # Drawn from edge to edge, so that lines have no gaps.
                box = {"─": (x, y + 9, x + w - 1, y + 9), "│": (x + 4, y, x + 4, y + HIGH - 1),
                       "▎": (x, y, x + 1, y + HIGH - 1), "█": (x, y, x + w - 1, y + HIGH - 1)}[char]
                draw.rectangle(box, ink)
            elif not char.isspace():
                draw.text((x, y + 1), char, ink, EAST if width == 2 else FACES[bool(style.get(1))])
    x, y = EDGE + int(cursor_x) * WIDE, EDGE + int(cursor_y) * HIGH
    if x > 0:
        draw.rectangle((x, y, x + WIDE - 1, y + HIGH - 1), TEXT)
    image.save(target, optimize=True)


main(*sys.argv[1:])
