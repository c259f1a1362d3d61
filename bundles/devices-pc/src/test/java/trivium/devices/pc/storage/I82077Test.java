package trivium.devices.pc.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.bus.DmaChannel;
import trivium.device.BlockBackend.Media;
import trivium.device.DeviceOptions;
import trivium.devices.pc.FakePlatform;
import trivium.vm.VmException;

class I82077Test {
    private final FakePlatform pc = new FakePlatform();
    private final RamImage image = new RamImage(Media.FLOPPY, 1_474_560);
    private final Dma dma = new Dma();
    private I82077 floppy;

    /** A DMA channel over an array of its own. */
    private static final class Dma implements DmaChannel {
        byte[] memory = new byte[0];
        int at;

        @Override
        public int remaining() {
            return memory.length - at;
        }

        @Override
        public int toMemory(byte[] from, int offset, int length) {
            int count = Math.min(length, remaining());
            System.arraycopy(from, offset, memory, at, count);
            at += count;
            return count;
        }

        @Override
        public int fromMemory(byte[] into, int offset, int length) {
            int count = Math.min(length, remaining());
            System.arraycopy(memory, at, into, offset, count);
            at += count;
            return count;
        }

        void program(byte[] with) {
            memory = with;
            at = 0;
        }
    }

    @BeforeEach
    void make() throws VmException {
        pc.drives.put("floppy0", image);
        pc.dma[2] = dma;
        floppy = new I82077.Factory().create(pc, new DeviceOptions("floppy", Map.of()));
        floppy.reset();
        pc.out(0x3f2, 0x1c);
        pc.advance(1_000_000);
        assertThat(pc.irq[6]).isTrue();
        for (int i = 0; i < 4; i++) {
            assertThat(command(8)).isEqualTo(new int[] {0xc0 | i, 0});
        }
        assertThat(pc.irq[6]).isFalse();
        pc.out(0x3f7, 0); // 500 kbit/s
        command(3, 0xaf, 2);
    }

    /** Sends a command, waits for its interrupt if it has one, and gives its result. */
    private int[] command(int... bytes) {
        for (int b : bytes) {
            assertThat(pc.in(0x3f4) & 0xc0).isEqualTo(0x80);
            pc.out(0x3f5, b);
        }
        pc.advance(10_000_000);
        return result();
    }

    private int[] result() {
        int[] result = new int[16];
        int count = 0;
        while ((pc.in(0x3f4) & 0xf0) == 0xd0 && count < 16) {
            result[count++] = pc.in(0x3f5);
        }
        return Arrays.copyOf(result, count);
    }

    private void seek(int drive, int cylinder) {
        command(0x0f, drive, cylinder);
        assertThat(pc.irq[6]).isTrue();
        assertThat(command(8)).isEqualTo(new int[] {0x20 | drive, cylinder});
    }

    private byte[] sectors(int cylinder, int head, int sector, int count) {
        int lba = (cylinder * 2 + head) * 18 + sector - 1;
        return Arrays.copyOfRange(image.bytes, lba * 512, (lba + count) * 512);
    }

    @Test
    void readsByDmaAcrossBothSides() {
        seek(0, 5);
        dma.program(new byte[20 * 512]);
        int[] result = command(0xe6, 0, 5, 0, 10, 2, 18, 0x1b, 0xff);
        assertThat(result).containsExactly(0x04, 0, 0, 5, 1, 12, 2);
        assertThat(dma.memory).isEqualTo(sectors(5, 0, 10, 20));
        assertThat(pc.irq[6]).isFalse();
    }

    @Test
    void endsAtTheEndOfTheCylinder() {
        seek(0, 0);
        dma.program(new byte[3 * 512]);
        int[] result = command(0x46, 0, 0, 0, 17, 2, 18, 0x1b, 0xff);
        assertThat(result).containsExactly(0x40, 0x80, 0, 1, 0, 1, 2);
        assertThat(Arrays.copyOf(dma.memory, 1024)).isEqualTo(sectors(0, 0, 17, 2));
    }

    @Test
    void writesByDma() {
        seek(0, 79);
        byte[] data = new byte[1024];
        Arrays.fill(data, (byte) 0x77);
        dma.program(data);
        assertThat(command(0xc5, 4, 79, 1, 17, 2, 18, 0x1b, 0xff))
                .containsExactly(0x04, 0, 0, 80, 0, 1, 2);
        assertThat(sectors(79, 1, 17, 2)).isEqualTo(data);
        image.readOnly = true;
        dma.program(data);
        assertThat(command(0xc5, 4, 79, 1, 1, 2, 18, 0x1b, 0xff)).startsWith(0x44, 2);
        assertThat(command(4, 0)).containsExactly(0x68);
    }

    @Test
    void waitsForTheDmaChannel() {
        seek(0, 0);
        dma.program(new byte[0]);
        for (int b : new int[] {0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff}) {
            pc.out(0x3f5, b);
        }
        pc.advance(5_000_000);
        assertThat(pc.irq[6]).isFalse();
        assertThat(pc.in(0x3f4)).isEqualTo(0x10);
        dma.program(new byte[512]);
        pc.advance(5_000_000);
        assertThat(pc.irq[6]).isTrue();
        assertThat(result()).startsWith(0, 0, 0);
        assertThat(dma.memory).isEqualTo(sectors(0, 0, 1, 1));
        dma.program(new byte[0]);
        pc.out(0x3f5, 0x46);
        for (int b : new int[] {0, 0, 0, 1, 2, 18, 0x1b, 0xff}) {
            pc.out(0x3f5, b);
        }
        pc.advance(1_000_000_000);
        assertThat(result()).startsWith(0x40, 0x10);
    }

    @Test
    void movesDataByPio() {
        command(3, 0xaf, 3); // no DMA
        seek(0, 1);
        command(0x46, 0, 1, 0, 17, 2, 18, 0x1b, 0xff);
        byte[] got = new byte[1024];
        for (int i = 0; i < got.length; i++) {
            assertThat(pc.in(0x3f4)).isEqualTo(0xf0);
            got[i] = (byte) pc.in(0x3f5);
        }
        assertThat(got).isEqualTo(sectors(1, 0, 17, 2));
        assertThat(result()).startsWith(0x40, 0x80);
        command(0x45, 0, 1, 0, 18, 2, 18, 0x1b, 0xff);
        for (int i = 0; i < 512; i++) {
            assertThat(pc.in(0x3f4)).isEqualTo(0xb0);
            pc.out(0x3f5, i);
        }
        assertThat(result()).startsWith(0x40, 0x80);
        assertThat(sectors(1, 0, 18, 1)[255]).isEqualTo((byte) 255);
    }

    @Test
    void formatsATrack() {
        seek(0, 40);
        byte[] ids = new byte[18 * 4];
        for (int i = 0; i < 18; i++) {
            ids[4 * i] = 40;
            ids[4 * i + 2] = (byte) (i + 1);
            ids[4 * i + 3] = 2;
        }
        dma.program(ids);
        assertThat(command(0x4d, 0, 2, 18, 0x54, 0xf6)).startsWith(0, 0, 0);
        assertThat(sectors(40, 0, 1, 18)).containsOnly(0xf6);
        assertThat(sectors(40, 1, 1, 1)).isNotEqualTo(new byte[512]);
    }

    @Test
    void findsOnlyWhatIsThere() {
        seek(0, 3);
        dma.program(new byte[512]);
        assertThat(command(0x46, 0, 3, 0, 19, 2, 19, 0x1b, 0xff)).startsWith(0x40, 4, 0);
        assertThat(command(0x46, 0, 4, 0, 1, 2, 18, 0x1b, 0xff)).startsWith(0x40, 4, 0x10);
        pc.out(0x3f7, 2);
        assertThat(command(0x4a, 0)).startsWith(0x40, 1);
        pc.out(0x3f7, 0);
        assertThat(command(0x4a, 4)).containsExactly(4, 0, 0, 3, 1, 1, 2);
        assertThat(command(0x4a, 1)).startsWith(0x41, 1);
        image.broken = true;
        assertThat(command(0x46, 0, 3, 0, 1, 2, 18, 0x1b, 0xff)).startsWith(0x40, 0x20, 0x20);
    }

    @Test
    void seeksWhenAskedTo() {
        command(0x13, 0, 0x57, 0); // implied seeks
        dma.program(new byte[512]);
        assertThat(command(0x46, 0, 7, 0, 1, 2, 18, 0x1b, 0xff)).startsWith(0, 0, 0);
        assertThat(dma.memory).isEqualTo(sectors(7, 0, 1, 1));
        command(0x8f, 0, 3); // relative, outward
        assertThat(command(8)).containsExactly(0x20, 4);
        command(7, 1); // no drive there
        assertThat(command(8)).containsExactly(0x71, 0);
        assertThat(command(8)).containsExactly(0x80);
    }

    @Test
    void tellsOfChangedDisks() {
        pc.out(0x3f2, 0x1c);
        assertThat(pc.in(0x3f7)).isEqualTo(0x80);
        seek(0, 1);
        assertThat(pc.in(0x3f7)).isZero();
        image.generation++;
        assertThat(pc.in(0x3f7)).isEqualTo(0x80);
        image.bytes = new byte[0];
        seek(0, 2);
        assertThat(pc.in(0x3f7)).isEqualTo(0x80);
    }

    @Test
    void answersConfigurationCommands() {
        assertThat(command(0x10)).containsExactly(0x90);
        assertThat(command(0x94)).containsExactly(0x10);
        command(0x13, 0, 0x55, 7);
        pc.out(0x3f4, 0x80);
        assertThat(command(0x0e)).hasSize(10).contains(0x55, 7);
        assertThat(command(0x14)).containsExactly(0);
        assertThat(command(0x1f)).containsExactly(0x80);
    }

    @Test
    void knowsTheUsualFormats() {
        for (int kib : new int[] {160, 180, 320, 360, 720, 1200, 1440, 1680, 2880}) {
            assertThat(FloppyDrive.formatOf(kib * 1024L).orElseThrow().bytes())
                    .isEqualTo(kib * 1024);
        }
        assertThat(FloppyDrive.formatOf(100_000).orElseThrow().sectors()).isEqualTo(9);
        assertThat(FloppyDrive.formatOf(3_000_000)).isEmpty();
        pc.drives.put("floppy1", new RamImage(Media.FLOPPY, 3_000_000));
        assertThatThrownBy(() -> new I82077(pc)).isInstanceOf(VmException.class);
    }

    @Test
    void goesOnAfterRestore() {
        seek(0, 9);
        dma.program(new byte[512]);
        for (int b : new int[] {0x46, 0, 9, 0, 1, 2, 18, 0x1b, 0xff}) {
            pc.out(0x3f5, b);
        }
        I82077.State state = floppy.save();
        floppy.reset();
        floppy.restore(state);
        pc.advance(10_000_000);
        assertThat(result()).startsWith(0, 0, 0);
        assertThat(dma.memory).isEqualTo(sectors(9, 0, 1, 1));
    }

    @Test
    void survivesRandomAccesses() {
        var random = new Random(99);
        int[] codes = {3, 4, 7, 8, 0x0f, 0x46, 0xe6, 0x45, 0xc5, 0x4a, 0x4d, 0x42, 0x16, 0x13, 0xe};
        for (int i = 0; i < 60_000; i++) {
            switch (random.nextInt(6)) {
                case 0 -> pc.out(0x3f5, codes[random.nextInt(codes.length)]);
                case 1 -> pc.out(0x3f5, random.nextInt(random.nextBoolean() ? 4 : 256));
                case 2 -> pc.in(0x3f0 + random.nextInt(8));
                case 3 -> pc.advance(random.nextInt(500_000));
                case 4 -> {
                    if (random.nextInt(10) == 0) {
                        pc.out(0x3f0 + random.nextInt(8), 1 << random.nextInt(3), random.nextInt());
                    }
                }
                default -> {
                    pc.in(0x3f5);
                    dma.program(
                            random.nextInt(20) == 0 ? new byte[random.nextInt(2000)] : dma.memory);
                }
            }
            if (i % 3000 == 0) {
                floppy.restore(floppy.save());
            }
        }
        floppy.reset();
        assertThat(pc.in(0x3f2)).isZero();
    }
}
