package trivium.devices.pc.dma;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import trivium.bus.DmaChannel;
import trivium.device.IsaDma;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class I8237PairTest {
    private final FakePlatform pc = new FakePlatform();
    private final I8237Pair dma = new I8237Pair(pc);
    private final DmaChannel floppy = pc.get(IsaDma.class).channel(2);
    private final byte[] data = new byte[4096];

    I8237PairTest() {
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 7 + 1);
        }
    }

    /** As a floppy driver programs channel 2. */
    private void program(int mode, int page, int address, int bytes) {
        pc.out(0x0a, 6);
        pc.out(0x0c, 0);
        pc.out(0x0b, mode | 2);
        pc.out(0x04, address & 0xff);
        pc.out(0x04, address >> 8);
        pc.out(0x05, bytes - 1 & 0xff);
        pc.out(0x05, bytes - 1 >> 8);
        pc.out(0x81, page);
        pc.out(0x0a, 2);
    }

    @Test
    void movesASectorToMemoryAndStopsAtTerminalCount() {
        program(0x44, 1, 0x2000, 512);
        assertThat(floppy.remaining()).isEqualTo(512);
        assertThat(floppy.toMemory(data, 0, 300)).isEqualTo(300);
        assertThat(pc.in(0x08) & 4).isZero();
        assertThat(floppy.toMemory(data, 300, 300)).isEqualTo(212);
        assertThat(floppy.remaining()).isZero();
        assertThat(pc.in(0x08) & 4).isEqualTo(4);
        assertThat(pc.in(0x08) & 4).isZero();
        assertThat(pc.memory().ram[0x12000]).isEqualTo(data[0]);
        assertThat(pc.memory().ram[0x121ff]).isEqualTo(data[511]);
        assertThat(pc.memory().ram[0x12200]).isZero();
    }

    @Test
    void readsFromMemory() {
        System.arraycopy(data, 0, pc.memory().ram, 0x34000, 100);
        program(0x48, 3, 0x4000, 100);
        byte[] into = new byte[100];
        assertThat(floppy.fromMemory(into, 0, 100)).isEqualTo(100);
        assertThat(into).startsWith(data[0], data[1]).endsWith(data[99]);
    }

    @Test
    void addressWrapsInsideItsPage() {
        program(0x44, 1, 0xfff0, 32);
        floppy.toMemory(data, 0, 32);
        assertThat(pc.memory().ram[0x1fff0]).isEqualTo(data[0]);
        assertThat(pc.memory().ram[0x10000]).isEqualTo(data[16]);
    }

    @Test
    void autoInitializationStartsOver() {
        program(0x54, 1, 0x1000, 16);
        assertThat(floppy.toMemory(data, 0, 16)).isEqualTo(16);
        assertThat(floppy.remaining()).isEqualTo(16);
    }

    @Test
    void verifyCountsOnly() {
        program(0x40, 1, 0x1000, 16);
        assertThat(floppy.toMemory(data, 0, 16)).isEqualTo(16);
        assertThat(pc.memory().ram[0x11000]).isZero();
    }

    @Test
    void wordChannelsCountWords() {
        pc.out(0xd6, 0x45);
        pc.out(0xc4, 0x00);
        pc.out(0xc4, 0x80);
        pc.out(0xc6, 15);
        pc.out(0xc6, 0);
        pc.out(0x8b, 0x02);
        pc.out(0xd4, 1);
        DmaChannel five = dma.channel(5);
        assertThat(five.remaining()).isEqualTo(32);
        assertThat(five.toMemory(data, 0, 32)).isEqualTo(32);
        assertThat(pc.memory().ram[0x30000]).isEqualTo(data[0]);
    }

    @Test
    void addressReadsBackAndMasterClearMasks() {
        program(0x44, 1, 0x1234, 16);
        floppy.toMemory(data, 0, 4);
        pc.out(0x0c, 0);
        assertThat(pc.in(0x04) | pc.in(0x04) << 8).isEqualTo(0x1238);
        pc.out(0x0d, 0);
        assertThat(floppy.remaining()).isZero();
        assertThat(pc.in(0x0f)).isEqualTo(15);
    }

    @Test
    void survivesRandomAccesses() {
        Fuzz.run(8, pc, dma);
        for (int c = 0; c < 8; c++) {
            pc.out(0x0e, 0);
            pc.out(0xdc, 0);
            dma.channel(c).toMemory(data, 0, data.length);
            dma.channel(c).fromMemory(data, 0, data.length);
        }
    }
}
