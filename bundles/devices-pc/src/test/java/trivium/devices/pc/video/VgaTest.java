package trivium.devices.pc.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import trivium.device.DeviceOptions;
import trivium.devices.pc.FakePlatform;
import trivium.display.Frame;
import trivium.vm.VmException;

class VgaTest {
    private final VgaModes v = new VgaModes();

    @Test
    void identifiesAsBochsDisplay() {
        assertThat(v.pc.readConfig(2, 0, 0, 4)).isEqualTo(0x11111234);
        assertThat(v.pc.readConfig(2, 0, 8, 4) >>> 8).isEqualTo(0x030000);
        v.pc.writeConfig(2, 0, 4, 2, 7);
        assertThat(v.pc.readConfig(2, 0, 4, 2)).isEqualTo(7);
        assertThat(v.vbe(0)).isEqualTo(0xb0c5);
        assertThat(v.vbe(10)).isEqualTo(256);
    }

    @Test
    void showsTheVgaBiosInItsRom() {
        var pc = new FakePlatform();
        byte[] rom = new byte[39_936];
        rom[0] = 0x55;
        rom[1] = (byte) 0xaa;
        pc.firmware.put("vgabios", rom);
        new VgaModes(pc, Map.of());
        pc.writeConfig(2, 0, 0x30, 4, -1);
        assertThat(pc.readConfig(2, 0, 0x30, 4)).isEqualTo(0xffff0001);
        pc.writeConfig(2, 0, 0x30, 4, 0xfeb00001);
        pc.writeConfig(2, 0, 4, 2, 2);
        assertThat(pc.memory().read(0xfeb00000L, 2)).isEqualTo(0xaa55);
        pc.memory().write(0xfeb00000L, 2, 0);
        assertThat(pc.memory().read(0xfeb00000L, 2)).isEqualTo(0xaa55);
    }

    @Test
    void makesAbsurdModesFit() {
        v.vbeMode(0xffff, 0xffff, 77);
        assertThat(v.vbe(1)).isEqualTo(4096);
        assertThat(v.vbe(2)).isEqualTo(4096);
        assertThat(v.vbe(3)).isEqualTo(8);
        v.vbeMode(4096, 4096, 32);
        assertThat(v.vbe(2)).isEqualTo(1024);
        v.vbe(9, 0xffff);
        assertThat(v.vbe(9)).isZero();
        v.vbeMode(0, 0, 32);
        assertThat(v.vbe(1)).isEqualTo(8);
        assertThat(v.vbe(2)).isEqualTo(1);
    }

    @Test
    void tellsCapabilities() {
        v.vbe(4, 2);
        assertThat(v.vbe(1)).isEqualTo(4096);
        assertThat(v.vbe(3)).isEqualTo(32);
        v.vbe(4, 0);
        assertThat(v.vbe(1)).isZero();
    }

    @Test
    void keepsMemoryIfAskedTo() {
        v.vbeMode(320, 200, 8);
        v.poke(0xa0000, 0x55);
        v.vbe(4, 0);
        v.vbe(4, 0xc1);
        assertThat(v.peek(0xa0000)).isEqualTo(0x55);
        v.vbe(4, 0);
        v.vbe(4, 0x41);
        assertThat(v.peek(0xa0000)).isZero();
    }

    @Test
    void reachesRegistersThroughMmio() {
        v.pc.writeConfig(2, 0, 0x18, 4, 0xfeb00000);
        v.pc.writeConfig(2, 0, 4, 2, 2);
        long mmio = 0xfeb00000L;
        assertThat(v.pc.memory().read(mmio + 0x500, 2)).isEqualTo(0xb0c5);
        v.pc.memory().write(mmio + 0x404, 2, 0x0f02);
        v.pc.out(0x3c4, 2);
        assertThat(v.pc.in(0x3c5)).isEqualTo(0x0f);
        v.pc.memory().write(mmio + 0x502, 2, 640);
        assertThat(v.vbe(1)).isEqualTo(640);
    }

    @Test
    void protectsCrtcTiming() {
        v.set(VgaModes.TEXT_80); // ends with CR11 bit 7 set
        v.indexed(0x3d4, 0, 0x11);
        v.pc.out(0x3d4, 0);
        assertThat(v.pc.in(0x3d5)).isEqualTo(0x5f);
        assertThat(v.pc.in(0x3b4)).isEqualTo(0xff);
    }

    @Test
    void readsPaletteBack() {
        v.pc.out(0x3c8, 10);
        for (int i = 0; i < 6; i++) {
            v.pc.out(0x3c9, i);
        }
        v.pc.out(0x3c7, 11);
        assertThat(v.pc.in(0x3c9)).isEqualTo(3);
        assertThat(v.pc.in(0x3c9)).isEqualTo(4);
        assertThat(v.pc.in(0x3c7)).isEqualTo(3);
    }

    @Test
    void retraceFollowsTheVirtualClock() {
        v.set(VgaModes.TEXT_80);
        int retraces = 0;
        int displayed = 0;
        boolean before = false;
        for (int i = 0; i < 10_000; i++) {
            int status = v.pc.in(0x3da);
            boolean now = (status & 8) != 0;
            retraces += now && !before ? 1 : 0;
            displayed += (status & 1) == 0 ? 1 : 0;
            before = now;
            v.pc.advance(10_000); // 100 ms in all
        }
        assertThat(retraces).isBetween(7, 8); // 70 Hz
        assertThat(displayed).isBetween(6_900, 7_400); // 400 of 449 lines, 80 of 100 characters
    }

    @Test
    void comparesColorsInReadMode1() {
        v.set(VgaModes.PLANAR_12);
        v.indexed(0x3c4, 2, 0b0101);
        v.poke(0xa0000, 0x3c);
        v.indexed(0x3ce, 5, 8);
        v.indexed(0x3ce, 2, 0b0101);
        assertThat(v.peek(0xa0000)).isEqualTo(0x3c);
        v.indexed(0x3ce, 7, 0b0010);
        assertThat(v.peek(0xa0000)).isEqualTo(0xff);
    }

    @Test
    void writeModesDoWhatTheManualSays() {
        v.set(VgaModes.PLANAR_12);
        v.poke(0xa0000, 0x0f);
        v.peek(0xa0000);
        v.indexed(0x3ce, 5, 1);
        v.poke(0xa0001, 0); // mode 1: latches
        assertThat(plane(0, 1)).isEqualTo(0x0f);
        v.indexed(0x3ce, 5, 2);
        v.indexed(0x3ce, 8, 0xf0);
        v.poke(0xa0002, 0b0010); // mode 2: a colour under the bit mask, latches below it
        assertThat(plane(1, 2)).isEqualTo(0xff);
        assertThat(plane(0, 2)).isEqualTo(0x0f);
        v.indexed(0x3ce, 8, 0xff);
        v.indexed(0x3ce, 5, 3);
        v.indexed(0x3ce, 0, 0b1000);
        v.indexed(0x3ce, 3, 4);
        v.poke(0xa0003, 0x3f); // mode 3: rotated data is the mask, set/reset the colour
        assertThat(plane(3, 3)).isEqualTo(0xff);
        assertThat(plane(0, 3)).isEqualTo(0x0c);
        v.indexed(0x3ce, 5, 0);
        v.indexed(0x3ce, 3, 0x18);
        v.indexed(0x3ce, 1, 0);
        v.poke(0xa0004, 0xff); // XOR with the latches
        assertThat(plane(2, 4)).isEqualTo(0xf0);
    }

    /** Reads without touching the latches, through the linear frame buffer. */
    private int plane(int plane, int address) {
        v.pc.writeConfig(2, 0, 0x10, 4, 0xe0000000);
        v.pc.writeConfig(2, 0, 4, 2, 2);
        return (int) v.pc.memory().read(0xe0000000L + address * 4L + plane, 1);
    }

    @Test
    void mode13IsPlainMemory() {
        v.set(VgaModes.MODE_13);
        assertThat(v.pc.memory().mapped.getLast().segment.byteSize()).isEqualTo(0x10000);
        v.pc.memory().write(0xa0000 + 320, 4, 0x01020304);
        v.indexed(0x3c4, 2, 1);
        assertThat(v.pc.memory().mapped.getLast().open).isFalse();
        v.poke(0xa0000 + 321, 9); // masked: a byte of plane 1
        assertThat(v.pc.memory().read(0xa0000 + 320, 4)).isEqualTo(0x01020304);
    }

    @Test
    void restoresPictureAndRegisters() {
        v.set(VgaModes.MODE_13);
        v.loadPalette();
        for (int i = 0; i < 1000; i++) {
            v.poke(0xa0000 + i, i);
        }
        var before = new Frame();
        v.vga.refresh(before);
        Vga.State state = v.vga.save();
        var other = new VgaModes();
        other.vga.restore(state);
        var after = new Frame();
        other.vga.refresh(after);
        assertThat(after.pixels).isEqualTo(before.pixels);
        assertThat(other.vga.save().vram()).isEqualTo(state.vram());
        record Alien() {}
        assertThatThrownBy(() -> other.vga.restore(new Alien()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesUnknownCursors() {
        var options = new DeviceOptions("vga", Map.of("cursor", "purple"));
        assertThatThrownBy(() -> new Vga.Factory().create(new FakePlatform(), options))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("purple");
    }

    @Test
    void releasesWhatItMapped() {
        v.vga.close();
        assertThat(v.pc.memory().mapped).noneMatch(region -> region.open);
    }

    @Test
    void survivesRandomAccesses() {
        var random = new Random(1234);
        var ports = v.pc.claimedPorts();
        var frame = new Frame();
        v.pc.writeConfig(2, 0, 0x18, 4, 0xfeb00000);
        v.pc.writeConfig(2, 0, 4, 2, 2);
        for (int i = 0; i < 100_000; i++) {
            int size = 1 << random.nextInt(4);
            long value = random.nextLong() >>> random.nextInt(64);
            switch (random.nextInt(40)) {
                case 0 -> {
                    int width = Math.min(size, 4);
                    int register = random.nextInt(64) & -width;
                    v.pc.writeConfig(2, 0, register, width, (int) value);
                    v.pc.readConfig(2, 0, register, width);
                }
                case 1 -> {
                    v.pc.writeConfig(2, 0, 0x18, 4, 0xfeb00000);
                    v.pc.writeConfig(2, 0, 4, 2, 2);
                }
                case 2, 3, 4, 5, 6, 7, 8, 9, 10 -> {
                    long at = 0xa0000 + (random.nextInt(0x20000) & -size);
                    v.pc.memory().write(at, size, value);
                    v.pc.memory().read(at, size);
                }
                case 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 -> {
                    long at = 0xfeb00000L + (random.nextInt(0x700) & -size);
                    v.pc.memory().write(at, size, value);
                    v.pc.memory().read(at, size);
                }
                case 21, 22, 23, 24, 25, 26, 27, 28, 29 -> v.vbe(random.nextInt(12), (int) value);
                default -> {
                    int port = ports.get(random.nextInt(ports.size()));
                    v.pc.out(port, Math.min(size, 4), (int) value);
                    v.pc.in(port, Math.min(size, 4));
                }
            }
            if (i % 500 == 0) {
                v.pc.advance(random.nextInt(10_000_000));
                v.vga.refresh(frame);
                v.vga.text();
                assertThat(frame.width).isBetween(1, 4096);
                assertThat(frame.height).isBetween(1, 4096);
            }
        }
        v.vga.restore(v.vga.save());
    }
}
