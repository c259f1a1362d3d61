package trivium.mmu.shadow.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import trivium.cpu.Support;
import trivium.hostos.HostInfo;
import trivium.hostos.HostMemory;
import trivium.hostos.SharedMemory;
import trivium.mmu.softtlb.internal.SoftTlbStrategy;
import trivium.x86.conformance.MmuConformance;

/** Conforms, and its window shows what was opened. */
class ShadowTest {
    private static final long PAGE = 4096;

    private final ShadowStrategy strategy = new ShadowStrategy(new SoftTlbStrategy());

    @BeforeEach
    void hostCan() {
        assumeTrue(strategy.supportOn(HostInfo.host()) instanceof Support.Yes);
    }

    @TestFactory
    Stream<DynamicTest> conforms() {
        return MmuConformance.cases().stream()
                .map(c -> dynamicTest(c.name(), () -> assertThat(c.failure(strategy)).isEmpty()));
    }

    @Test
    void showsPagesUntilTheyAreClosed() throws IOException {
        ShadowWindow window = new ShadowWindow(0);
        SharedMemory memory = SharedMemory.allocate("test", 4 * PAGE);
        long high = 0xffff_e000L;

        assertThat(window.open(0x40_0000, memory.hva(), 2 * PAGE, true)).isTrue();
        assertThat(window.open(high, memory.hva(), 2 * PAGE, true)).isTrue();
        HostMemory.putLong(memory.hva(), 7);
        HostMemory.putLong(window.hva() + high + PAGE, 8);
        assertThat(HostMemory.getLong(window.hva() + 0x40_0000)).isEqualTo(7);
        assertThat(HostMemory.getLong(memory.hva() + PAGE)).isEqualTo(8);
        assertThat(protection(window, 0x40_0000)).isEqualTo("rw");

        window.closeStores(memory.hva());
        assertThat(protection(window, 0x40_0000)).isEqualTo("r-");
        assertThat(protection(window, 0x40_1000)).isEqualTo("rw");
        assertThat(protection(window, high)).isEqualTo("r-");

        window.close(0x40_1fff);
        assertThat(protection(window, 0x40_0000)).isEqualTo("r-");
        assertThat(protection(window, 0x40_1000)).isEqualTo("--");
        window.closeAll();
        assertThat(protection(window, 0x40_0000)).isEqualTo("--");
        assertThat(protection(window, high + PAGE)).isEqualTo("--");
        memory.release();
    }

    /** More pieces than a process may have mappings. */
    @Test
    void closesAllBeforeThereAreTooMany() throws IOException {
        ShadowWindow window = new ShadowWindow(0);
        SharedMemory memory = SharedMemory.allocate("test", 4 * PAGE);
        for (long at = 0; at < 70_000; at++) {
            assertThat(window.open(at * 2 * PAGE, memory.hva(), PAGE, true)).isTrue();
        }
        assertThat(protection(window, 0)).isEqualTo("--");
        assertThat(protection(window, 69_999 * 2 * PAGE)).isEqualTo("rw");
        window.closeAll();
        memory.release();
    }

    /** How the kernel has it mapped. */
    private static String protection(ShadowWindow window, long linear) throws IOException {
        long at = window.hva() + linear;
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> contains(line.split("[- ]"), at))
                    .map(line -> line.split(" ")[1].substring(0, 2))
                    .findFirst()
                    .orElse("nothing");
        }
    }

    private static boolean contains(String[] range, long at) {
        return Long.compareUnsigned(Long.parseUnsignedLong(range[0], 16), at) <= 0
                && Long.compareUnsigned(at, Long.parseUnsignedLong(range[1], 16)) < 0;
    }
}
