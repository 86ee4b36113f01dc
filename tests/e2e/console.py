# SPDX-License-Identifier: GPL-3.0-or-later
"""A Linux console's picture, drawn with the fonts that console-setup loads.

The kernel keeps a glyph number per cell. It finds the glyph by the font's Unicode table; what
the font lacks becomes its glyph for U+FFFD, or "?", so a code drawn with the wrong characters
shows here as on the real screen.
"""

import gzip
import pathlib
import struct

import pyte

FONTS = pathlib.Path("/usr/share/consolefonts")

PSF1_MAGIC, PSF2_MAGIC = b"\x36\x04", b"\x72\xb5\x4a\x86"
PSF1_512, PSF1_TABLE = 1, 2
PSF2_TABLE = 1

# Bits of the fact "glyphs"; see base/login-protocol.h.
GLYPH_HALF, GLYPH_FULL, GLYPH_UTF8 = 1, 2, 4

# Shades of grey are all that a reader of codes needs.
DARK, HALF_BRIGHT, BRIGHT = 0x00, 0xAA, 0xFF
SHADES = {"default": HALF_BRIGHT, "white": HALF_BRIGHT, "brightwhite": BRIGHT, "black": DARK}


class Font:
    def __init__(self, name):
        data = gzip.decompress((FONTS / (name + ".psf.gz")).read_bytes())
        if data[:2] == PSF1_MAGIC:
            self._read_psf1(data)
        elif data[:4] == PSF2_MAGIC:
            self._read_psf2(data)
        else:
            raise ValueError(f"{name} is not a PSF font")

    def _cut_glyphs(self, data, start, size, count):
        self.glyphs = [data[start + i * size:start + (i + 1) * size] for i in range(count)]
        return data[start + size * count:]

    def _read_psf1(self, data):
        mode, size = data[2], data[3]
        self.width, self.height = 8, size
        table = self._cut_glyphs(data, 4, size, 512 if mode & PSF1_512 else 256)
        self.glyph_of = {}
        glyph = 0
        in_sequence = False
        for (code,) in struct.iter_unpack("<H", table if mode & PSF1_TABLE else b""):
            if code == 0xFFFF:
                glyph += 1
                in_sequence = False
            elif code == 0xFFFE:
                in_sequence = True
            elif not in_sequence:
                self.glyph_of.setdefault(code, glyph)

    def _read_psf2(self, data):
        start, flags, count, size, self.height, self.width = struct.unpack_from("<6I", data, 8)
        table = self._cut_glyphs(data, start, size, count)
        self.glyph_of = {}
        if not flags & PSF2_TABLE:
            return
        for glyph, entry in enumerate(table.split(b"\xff")[:count]):
            for character in entry.split(b"\xfe")[0].decode():
                self.glyph_of.setdefault(ord(character), glyph)

    def glyph_bits(self):
        """What the module learns from GIO_UNIMAP."""
        bits = GLYPH_UTF8
        if ord("▀") in self.glyph_of and ord("▄") in self.glyph_of:
            bits |= GLYPH_HALF
        if ord("█") in self.glyph_of:
            bits |= GLYPH_FULL
        return bits

    def glyph(self, character):
        for code in (ord(character), 0xFFFD, ord("?")):
            if code in self.glyph_of:
                return self.glyphs[self.glyph_of[code]]
        return self.glyphs[0]

    def lines(self, character):
        """The glyph's rows as lists of booleans."""
        glyph = self.glyph(character)
        stride = (self.width + 7) // 8
        return [[glyph[y * stride + x // 8] >> (7 - x % 8) & 1 for x in range(self.width)]
                for y in range(self.height)]


def _shades(cell):
    """Ink and paper. Bright belongs to the ink, also in reverse: a console's paper is dim."""
    ink, paper = SHADES[cell.fg], DARK if cell.bg == "default" else SHADES[cell.bg]
    return (paper, min(ink, HALF_BRIGHT)) if cell.reverse else (ink, paper)


def write_picture(text, font, path, rows=25, columns=80):
    """A screen of that size after this text, as a PGM file."""
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    picture = bytearray()
    for y in range(rows):
        cells = [(font.lines(screen.buffer[y][x].data), *_shades(screen.buffer[y][x]))
                 for x in range(columns)]
        for line in range(font.height):
            for glyph, ink, paper in cells:
                picture += bytes(ink if bit else paper for bit in glyph[line])
    with open(path, "wb") as file:
        file.write(b"P5 %d %d 255\n" % (columns * font.width, rows * font.height))
        file.write(picture)
