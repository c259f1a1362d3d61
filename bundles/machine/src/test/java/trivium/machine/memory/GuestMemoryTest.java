package trivium.machine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.bus.BusDevice;
import trivium.hostos.HostMemory;
import trivium.machine.board.BusThread;
import trivium.memory.MemoryListener;
import trivium.memory.MemoryRegions.Mapping;

class GuestMemoryTest {
    private static final long MIB = 1 << 20;

    private GuestMemory memory;

    @BeforeEach
    void powerOn() throws IOException {
        memory = new GuestMemory("test", 16 * MIB);
    }

    @AfterEach
    void powerOff() {
        memory.close();
    }

    /** Eight registers that remember the last access. */
    private static final class Registers implements BusDevice {
        final List<String> log = new ArrayList<>();

        @Override
        public long read(long offset, int size) {
            log.add("r%d.%d".formatted(offset, size));
            return 0x1122_3344_5566_7788L >>> 8 * offset;
        }

        @Override
        public void write(long offset, int size, long value) {
            log.add("w%d.%d=%x".formatted(offset, size, value));
        }
    }

    private static final class Listener implements MemoryListener {
        final List<String> log = new ArrayList<>();

        @Override
        public void mappingChanged() {
            log.add("changed");
        }

        @Override
        public void codeTracked(long gpa) {
            log.add("tracked %x".formatted(gpa));
        }

        @Override
        public void codeWritten(long gpa, int length) {
            log.add("written %x+%d".formatted(gpa, length));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0,true",
        "9f000,true",
        "a0000,false",
        "c0000,false",
        "ff000,false",
        "100000,true",
        "fff000,true",
        "1000000,false",
        "c0000000,false",
        "100000000,false",
        "20000000000,false"
    })
    void ramLiesWhereAPcHasIt(String gpa, boolean ram) {
        long at = Long.parseLong(gpa, 16);
        memory.write(at, 4, 0x1234_5678);

        assertThat(memory.read(at, 4)).isEqualTo(ram ? 0x1234_5678L : 0xffff_ffffL);
        assertThat(memory.readableHost(at) != 0).isEqualTo(ram);
        assertThat(memory.writableHost(at) != 0).isEqualTo(ram);
    }

    @Test
    void ramAboveThreeGibGoesOnAtFourGib() throws IOException {
        try (GuestMemory large = new GuestMemory("large", 3 * 1024 * MIB + 4 * MIB)) {
            large.write(0x1_0000_0000L, 8, 42);
            large.write(0xbfff_fff8L, 8, 43);

            assertThat(large.read(0x1_0000_0000L, 8)).isEqualTo(42);
            assertThat(large.read(0xbfff_fff8L, 8)).isEqualTo(43);
            assertThat(large.lowRamEnd()).isEqualTo(0xc000_0000L);
            assertThat(large.highRamEnd()).isEqualTo(0x1_0040_0000L);
            assertThat(large.readableHost(0xc000_0000L)).isZero();
            assertThat(large.readableHost(0x1_0040_0000L)).isZero();
        }
    }

    @Test
    void registersSeeOffsetsSizesAndMaskedValues() {
        Registers registers = new Registers();
        memory.mapMmio("regs", 0xfed0_0010L, 8, registers);

        assertThat(memory.read(0xfed0_0012L, 2)).isEqualTo(0x5566);
        memory.write(0xfed0_0014L, 1, 0x1ff);
        memory.write(0xfed0_0010L, 8, -1);

        assertThat(registers.log).containsExactly("r2.2", "w4.1=ff", "w0.8=ffffffffffffffff");
    }

    @Test
    void accessAcrossAWindowsEdgeReachesItsBytesOnly() {
        Registers registers = new Registers();
        memory.mapMmio("regs", 0x20_0004L, 8, registers);
        memory.write(0x20_0002L, 2, 0xabcd); // RAM on the same page

        assertThat(memory.read(0x20_0002L, 4)).isEqualTo(0x7788_abcdL);
        assertThat(registers.log).containsExactly("r0.1", "r1.1");
    }

    @Test
    void romIgnoresWritesAndVideoMemoryTakesThem() {
        MemorySegment rom = memory.allocate("rom", 8192), video = memory.allocate("video", 4096);
        rom.set(ValueLayout.JAVA_BYTE, 5, (byte) 0x77);
        memory.mapMemory("rom", 0xfffe_0000L, rom, false);
        memory.mapMemory("video", 0xe000_0000L, video, true);

        memory.write(0xfffe_0005L, 1, 0x11);
        memory.write(0xe000_0008L, 1, 0x22);

        assertThat(memory.read(0xfffe_0005L, 1)).isEqualTo(0x77);
        assertThat(memory.readableHost(0xfffe_0000L)).isNotZero();
        assertThat(memory.writableHost(0xfffe_0000L)).isZero();
        assertThat(video.get(ValueLayout.JAVA_BYTE, 8)).isEqualTo((byte) 0x22);
        assertThat(memory.writableHost(0xe000_0000L)).isNotZero();
    }

    @Test
    void laterRegionsCoverEarlierOnesAndUncoverThemWhenTheyGo() {
        Listener listener = new Listener();
        memory.addListener(listener);
        memory.write(0x30_0000L, 4, 7);
        Mapping covering = memory.mapMmio("regs", 0x30_0000L, 8, new Registers());
        assertThat(memory.read(0x30_0000L, 4)).isEqualTo(0x5566_7788L);

        covering.moveTo(0xf000_0000L);
        assertThat(memory.read(0x30_0000L, 4)).isEqualTo(7);
        assertThat(memory.read(0xf000_0000L, 4)).isEqualTo(0x5566_7788L);

        covering.close();
        assertThat(memory.read(0xf000_0000L, 4)).isEqualTo(0xffff_ffffL);
        assertThat(listener.log).containsExactly("changed", "changed", "changed");
    }

    @Test
    void regionsMayMoveAnywhere() {
        MemorySegment video = memory.allocate("video", 8192);
        Mapping mapping = memory.mapMemory("video", 0xe000_0000L, video, true);
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            long to = (random.nextLong() >>> random.nextInt(64)) & -4096;
            mapping.moveTo(to);
            memory.write(to + 8, 8, i);
            assertThat(memory.read(to + 8, 8)).isEqualTo(i);
        }
    }

    @Test
    void shadowRamTakesWritesAndReadsByItsBits() {
        MemorySegment rom = memory.allocate("rom", 0x10000);
        rom.fill((byte) 0x55);
        memory.mapMemory("bios-low", 0xf_0000L, rom, false);

        memory.setShadow(0xf_0000L, 0x10000, false, true); // read ROM, write RAM: how it is copied
        memory.write(0xf_1000L, 1, 0x66);
        assertThat(memory.read(0xf_1000L, 1)).isEqualTo(0x55);

        memory.setShadow(0xf_0000L, 0x10000, true, false);
        memory.write(0xf_1000L, 1, 0x77);
        assertThat(memory.read(0xf_1000L, 1)).isEqualTo(0x66);
        assertThat(memory.read(0xf_2000L, 1)).isZero();

        memory.setShadow(0xf_0000L, 0x10000, false, false);
        assertThat(memory.read(0xf_1000L, 1)).isEqualTo(0x55);
    }

    @Test
    void closedA20GateWrapsOddMegabytes() {
        Listener listener = new Listener();
        memory.write(0x10_0010L, 1, 1);
        memory.write(0x10, 1, 2);
        memory.addListener(listener);

        memory.setA20(false);
        memory.setA20(false);

        assertThat(memory.read(0x10_0010L, 1)).isEqualTo(2);
        assertThat(memory.readableHost(0x10_0000L)).isEqualTo(memory.readableHost(0));
        byte[] bytes = new byte[1];
        memory.read(0x30_0010L, bytes, 0, 1);
        assertThat(memory.read(0x20_0010L, 1)).isEqualTo(bytes[0]);
        memory.setA20(true);
        assertThat(memory.read(0x10_0010L, 1)).isEqualTo(1);
        assertThat(listener.log).containsExactly("changed", "changed");
    }

    @Test
    void watchedPagesTellOfEachStoreAndHideFromDirectOnes() {
        Listener listener = new Listener();
        memory.addListener(listener);
        assertThat(memory.watchedHost(0x5123)).isZero();
        memory.trackCode(0x5123);
        assertThat(memory.watchedHost(0x5123)).isEqualTo(memory.readableHost(0x5123)).isNotZero();
        memory.trackCode(0x5456); // a second vCPU
        assertThat(memory.watchedHost(0x5123)).isZero();
        memory.trackCode(0x5000);
        memory.untrackCode(0x5000);

        memory.write(0x5ffe, 2, 0xbeef);
        memory.write(0x4ff0, new byte[0x1020], 0, 0x1020);
        memory.untrackCode(0x5000);
        assertThat(memory.watchedHost(0x5000)).isNotZero();
        assertThat(memory.writableHost(0x5000)).isZero();
        assertThat(memory.readableHost(0x5000)).isNotZero();

        memory.untrackCode(0x5000);
        memory.untrackCode(0x5000);
        memory.write(0x5000, 1, 1);
        assertThat(memory.writableHost(0x5000)).isNotZero();
        assertThat(listener.log)
                .containsExactly(
                        "tracked 5000", "tracked 5000", "written 5ffe+2", "written 5000+4096");
    }

    @Test
    void bulkCopiesCrossPagesHolesAndRom() {
        MemorySegment rom = memory.allocate("rom", 4096);
        rom.fill((byte) 9);
        memory.mapMemory("rom", 16 * MIB, rom, false);
        byte[] out = new byte[16];
        java.util.Arrays.fill(out, (byte) 3);
        memory.write(16 * MIB - 8, out, 0, 16);

        memory.read(16 * MIB - 8, out, 0, 16);

        assertThat(out).containsExactly(3, 3, 3, 3, 3, 3, 3, 3, 9, 9, 9, 9, 9, 9, 9, 9);
    }

    @Test
    void aBusMasterInsideADeviceFindsNoRegisters() throws InterruptedException {
        Registers victim = new Registers();
        long[] found = new long[1];
        memory.mapMmio("victim", 0xf100_0000L, 8, victim);
        memory.mapMmio(
                "master",
                0xf000_0000L,
                8,
                new BusDevice() {
                    @Override
                    public long read(long offset, int size) {
                        found[0] = memory.read(0xf100_0000L, 4);
                        memory.write(0xf100_0000L, 4, 1);
                        return 5;
                    }

                    @Override
                    public void write(long offset, int size, long value) {}
                });
        Thread thread =
                new BusThread(() -> assertThat(memory.read(0xf000_0000L, 4)).isEqualTo(5), "test");
        thread.start();
        thread.join();

        assertThat(found[0]).isEqualTo(0xffff_ffffL);
        assertThat(victim.log).isEmpty();
    }

    @Test
    void directAndSlowAccessAgreeOnRandomMaps() {
        Random random = new Random(42);
        List<Mapping> mappings = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            if (mappings.size() > 6) {
                mappings.remove(random.nextInt(mappings.size())).close();
            }
            long page = (long) random.nextInt(64) << 12;
            MemorySegment m = memory.allocate("m", 4096L * (1 + random.nextInt(3)));
            m.fill((byte) i);
            mappings.add(memory.mapMemory("m" + i, page + 0xc_0000L, m, random.nextBoolean()));
            memory.setShadow(
                    0xc_0000L + 0x4000L * random.nextInt(16),
                    0x4000,
                    random.nextBoolean(),
                    random.nextBoolean());
            for (int j = 0; j < 20; j++) {
                checkByte(0xb_8000L + random.nextInt(0x50000));
            }
        }
    }

    private void checkByte(long gpa) {
        long host = memory.readableHost(gpa), store = memory.writableHost(gpa);
        long before = memory.read(gpa, 1);
        assertThat(host == 0 ? 0xff : HostMemory.getByte(host + (gpa & 4095)) & 0xff)
                .isEqualTo((int) before);
        memory.write(gpa, 1, before ^ 0x5a);
        boolean sameMemory = host != 0 && host == store;
        assertThat(memory.read(gpa, 1)).isEqualTo(sameMemory ? before ^ 0x5a : before);
    }

    @Test
    void directRangesAreWhatPagesTell() {
        MemorySegment rom = memory.allocate("rom", 0x1_0000);
        memory.mapMemory("rom", 0xf_0000, rom, false);
        memory.mapMemory("lfb", 0xe000_0000L, memory.allocate("vram", 2 * MIB), true);
        memory.mapMmio("registers", 0x80_0000, 0x1000, new Registers());
        memory.setShadow(0xc_0000, 0x4000, true, true);
        memory.setShadow(0xc_8000, 0x4000, true, false);

        long pages = 0;
        for (var range : memory.directRanges()) {
            for (long at = 0; at < range.sizeBytes(); at += 4096) {
                long gpa = range.gpa() + at;
                assertThat(memory.readableHost(gpa)).isEqualTo(range.hva() + at);
                assertThat(memory.writableHost(gpa) != 0).isEqualTo(range.writable());
                pages++;
            }
        }
        // 16 MiB less the hole from A0000 on and the registers; ROM, two shadows, video memory
        assertThat(pages).isEqualTo(4096 - 0x60 - 1 + 16 + 8 + 512);
        assertThat(memory.directRanges()).hasSize(7);
    }

    @Test
    void watchersHearOfWritesPastTheMemory() {
        Listener listener = new Listener();
        memory.addListener(listener);
        memory.trackCode(0x5000);

        memory.codeChanged(0x5000, 4096);
        memory.codeChanged(0x6000, 4096);

        assertThat(listener.log).containsExactly("tracked 5000", "written 5000+4096");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void discardedPagesAreGivenBackAndTold(boolean isPrivate) throws IOException {
        if (isPrivate) {
            memory.makePrivate();
        }
        Listener listener = new Listener();
        memory.addListener(listener);
        MemorySegment rom = memory.allocate("rom", 4096);
        rom.fill((byte) 9);
        memory.mapMemory("rom", 16 * MIB, rom, true);
        long before = memory.ram().usage().ownBytes();
        memory.write(0x5000, 4, 5);
        memory.write(0x6000, 4, 6);
        memory.trackCode(0x5000);

        memory.discard(0x5123);
        memory.discard(16 * MIB);
        memory.discard(1L << 45);
        memory.discard(-4096);

        assertThat(memory.read(0x5000, 4)).isZero();
        assertThat(memory.read(0x6000, 4)).isEqualTo(6);
        assertThat(memory.read(16 * MIB, 1)).isEqualTo(9);
        assertThat(listener.log).contains("written 5000+4096");
        assertThat(memory.ram().usage().ownBytes()).isBetween(before + 4096, before + 8192);
    }

    @Test
    void tablesKnowAllOfALargeMemory() throws IOException {
        try (GuestMemory large = new GuestMemory("large", 3500 * MIB)) {
            for (long gpa : List.of(0L, 16 * MIB, 0xbfff_f000L, 1L << 32)) {
                large.write(gpa, 8, gpa + 1);
            }
            long last = (1L << 32) + 428 * MIB - 4096;
            large.write(last, 8, 7);

            assertThat(large.read(0xbfff_f000L, 8)).isEqualTo(0xbfff_f001L);
            assertThat(large.read(16 * MIB, 8)).isEqualTo(16 * MIB + 1);
            assertThat(large.read(last, 8)).isEqualTo(7);
            assertThat(large.readableHost(0xc000_0000L)).isZero();
            assertThat(large.readableHost(last + 4096)).isZero();
            large.trackCode(32 * MIB);
            assertThat(large.writableHost(32 * MIB)).isZero();
            assertThat(large.writableHost(32 * MIB + 4096)).isNotZero();
            assertThat(large.readableHost(32 * MIB)).isNotZero();
        }
    }
}
