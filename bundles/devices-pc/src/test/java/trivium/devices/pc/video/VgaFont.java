package trivium.devices.pc.video;

/** A 8 by 16 font for tests, drawn from strokes: enough glyphs to read what a test prints. */
final class VgaFont {
    private VgaFont() {}

    private static final String[] GLYPHS = {
        "A 183c66c3c3ffc3c3c300", "B fcc6c6fcc6c3c3c6fc00", "G 3c66c0c0cfc3c3663c00",
        "V c3c3c3c366663c181800", "0 3c66c3cfdbf3c3663c00", "1 1838781818181818ff00",
        "2 3c66c3060c183060ff00", "3 3c66c3031e03c3663c00", "4 060e1e3666ff06060600",
        "5 ffc0c0fc060303c67c00", "- 00000000ff0000000000", "\u00c4 00000000ff0000000000",
        "\u00db ffffffffffffffffffff", "* 00db7e3cff3c7edb0000",
    };

    static byte[] bytes() {
        byte[] font = new byte[256 * 16];
        for (String glyph : GLYPHS) {
            byte[] rows = java.util.HexFormat.of().parseHex(glyph.substring(2));
            System.arraycopy(rows, 0, font, glyph.charAt(0) * 16 + 3, rows.length);
        }
        java.util.Arrays.fill(font, 0xdb * 16, 0xdb * 16 + 16, (byte) 0xff);
        return font;
    }
}
