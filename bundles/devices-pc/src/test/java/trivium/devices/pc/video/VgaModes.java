package trivium.devices.pc.video;

import java.util.HexFormat;
import java.util.Map;
import trivium.device.DeviceOptions;
import trivium.devices.pc.FakePlatform;
import trivium.vm.VmException;

/** A VGA on a fake board, and the register tables by which a VGA BIOS sets the standard modes. */
final class VgaModes {
    // Misc; SR0-4; CR0-18; GR0-8; AR0-14. IBM VGA Technical Reference, "Programming
    // considerations".
    // spotless:off
    static final String TEXT_40 = "67 0308030002"
            + "2d2728902ba0bf1f004f0d0e000000009c8e8f141f96b9a3ff"
            + "0000000000100e00ff" + "000102030405140738393a3b3c3d3e3f0c000f0800";
    static final String TEXT_80 = "67 0300030002"
            + "5f4f50825581bf1f004f0d0e000000009c8e8f281f96b9a3ff"
            + "0000000000100e00ff" + "000102030405140738393a3b3c3d3e3f0c000f0800";
    static final String TEXT_MONO = "66 0300030002"
            + "5f4f50825581bf1f004f0d0e000000009c8e8f280d96b9a3ff"
            + "0000000000100a00ff" + "000808080808080810181818181818180e000f0800";
    static final String CGA_4 = "63 0309030002"
            + "2d2728902b80bf1f00c10000000000009c8e8f140096b9a2ff"
            + "0000000000300f00ff" + "001315170204060710111213141516170100030000";
    static final String CGA_2 = "63 0301010006"
            + "5f4f50825480bf1f00c10000000000009c8e8f280096b9c2ff"
            + "0000000000000d00ff" + "001717171717171717171717171717170100010000";
    static final String PLANAR_0D = "63 03090f0006"
            + "2d2728902b80bf1f00c00000000000009c8e8f140096b9e3ff"
            + "00000000000005" + "0fff" + "0001020304050607101112131415161701000f0000";
    static final String PLANAR_12 = "e3 03010f0006"
            + "5f4f508254800b3e0040000000000000ea8cdf2800e704e3ff"
            + "00000000000005" + "0fff" + "000102030405140738393a3b3c3d3e3f01000f0000";
    static final String MODE_13 = "63 03010f000e"
            + "5f4f50825480bf1f00410000000000009c8e8f284096b9a3ff"
            + "00000000004005" + "0fff" + "000102030405060708090a0b0c0d0e0f41000f0000";
    static final String MODE_X = "e3 03010f0006"
            + "5f4f508254800d3e0041000000000000eaacdf2800e706e3ff"
            + "00000000004005" + "0fff" + "000102030405060708090a0b0c0d0e0f41000f0000";
    // spotless:on

    final FakePlatform pc;
    final Vga vga;

    VgaModes() {
        this(new FakePlatform(), Map.of("cursor", "steady"));
    }

    VgaModes(FakePlatform pc, Map<String, String> options) {
        this.pc = pc;
        try {
            vga = new Vga.Factory().create(pc, new DeviceOptions("vga", options));
        } catch (VmException e) {
            throw new AssertionError(e);
        }
        vga.reset();
    }

    void set(String table) {
        byte[] bytes = HexFormat.of().parseHex(table.replace(" ", ""));
        if (bytes.length != 61) {
            throw new AssertionError("table of " + bytes.length + " bytes");
        }
        int at = 0;
        pc.out(0x3c2, bytes[at] & 0xff);
        int crtc = (bytes[at++] & 1) != 0 ? 0x3d4 : 0x3b4;
        for (int i = 0; i < 5; i++) {
            indexed(0x3c4, i, bytes[at++]);
        }
        indexed(crtc, 0x11, 0);
        for (int i = 0; i < 25; i++) {
            indexed(crtc, i, bytes[at++]);
        }
        for (int i = 0; i < 9; i++) {
            indexed(0x3ce, i, bytes[at++]);
        }
        pc.in(crtc + 6);
        for (int i = 0; i < 21; i++) {
            attribute(i, bytes[at++]);
        }
        pc.out(0x3c0, 0x20);
    }

    void indexed(int port, int index, int value) {
        pc.out(port, index);
        pc.out(port + 1, value & 0xff);
    }

    private void attribute(int index, int value) {
        pc.out(0x3c0, index);
        pc.out(0x3c0, value & 0xff);
    }

    /** Writes one attribute register, leaving the screen on. */
    void setAttribute(int index, int value) {
        pc.in(0x3da);
        attribute(index, value);
        pc.out(0x3c0, 0x20);
    }

    void vbe(int index, int value) {
        pc.out(0x1ce, 2, index);
        pc.out(0x1cf, 2, value);
    }

    int vbe(int index) {
        pc.out(0x1ce, 2, index);
        return pc.in(0x1cf, 2);
    }

    void vbeMode(int width, int height, int bits) {
        pc.out(0x3c2, 0x67);
        vbe(4, 0);
        vbe(1, width);
        vbe(2, height);
        vbe(3, bits);
        vbe(4, 0x41);
        pc.in(0x3da);
        pc.out(0x3c0, 0x20);
    }

    void poke(int gpa, int value) {
        pc.memory().write(gpa, 1, value & 0xff);
    }

    int peek(int gpa) {
        return (int) pc.memory().read(gpa, 1);
    }

    /** The 64 EGA colours first, then a ramp. */
    void loadPalette() {
        pc.out(0x3c8, 0);
        for (int i = 0; i < 256; i++) {
            boolean ega = i < 64;
            pc.out(0x3c9, ega ? (i >> 2 & 1) * 42 + (i >> 5 & 1) * 21 : i & 0x3f);
            pc.out(0x3c9, ega ? (i >> 1 & 1) * 42 + (i >> 4 & 1) * 21 : i >> 2 & 0x3f);
            pc.out(0x3c9, ega ? (i & 1) * 42 + (i >> 3 & 1) * 21 : 63 - (i & 0x3f));
        }
    }

    /** Loads a 16-line font at an 8-KiB slot of plane 2, as a BIOS does. */
    void loadFont(int slot, byte[] font) {
        indexed(0x3c4, 2, 4);
        indexed(0x3c4, 4, 7);
        indexed(0x3ce, 4, 2);
        indexed(0x3ce, 5, 0);
        indexed(0x3ce, 6, 4);
        for (int i = 0; i < font.length; i++) {
            poke(0xa0000 + slot * 8192 + i / 16 * 32 + i % 16, font[i]);
        }
        indexed(0x3c4, 2, 3);
        indexed(0x3c4, 4, 2);
        indexed(0x3ce, 4, 0);
        indexed(0x3ce, 5, 0x10);
        indexed(0x3ce, 6, 0x0e);
    }

    void print(int base, int at, String text, int attribute) {
        for (int i = 0; i < text.length(); i++) {
            poke(base + (at + i) * 2, text.charAt(i));
            poke(base + (at + i) * 2 + 1, attribute);
        }
    }
}
