package trivium.mmu.nested.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.lang.foreign.Arena;
import java.util.BitSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.memory.DirtyLog;
import trivium.mmu.Mmu;
import trivium.x86.conformance.MmuConformance;
import trivium.x86.plain.PlainMemory;
import trivium.x86.plain.PlainVcpu;

/** Conforms, and knows which pages are written. */
class NestedTest {
    private static final int SIZE = 8 << 20;
    private static final long ALL = 7, TOP = 0x1000, TABLE = 0x2000;

    /** Read only at 0x9000, a device at 0xa000. */
    private final PlainMemory memory =
            new PlainMemory(Arena.ofAuto(), SIZE) {
                @Override
                protected boolean readable(long gpa) {
                    return super.readable(gpa) && gpa >>> 12 != 0xa;
                }

                @Override
                protected boolean writable(long gpa) {
                    return readable(gpa) && gpa >>> 12 != 9;
                }
            };

    private final PlainVcpu vcpu =
            new PlainVcpu(CpuModel.X86_64) {
                @Override
                public PlainMemory memory() {
                    return memory;
                }
            };

    private final NestedStrategy strategy = new NestedStrategy();

    @TestFactory
    Stream<DynamicTest> conforms() {
        return MmuConformance.cases().stream()
                .map(c ->
                        dynamicTest(
                                c.name(),
                                () -> assertThat(c.failure(new NestedStrategy())).isEmpty()));
    }

    /** 32-bit tables under which the first 4 MiB are what they are. */
    private Mmu paged() {
        VcpuState s = vcpu.state();
        s.cr0 = 0x8001_0001L;
        s.cr3 = TOP;
        memory.write(TOP, 4, TABLE | ALL);
        for (int i = 0; i < 1024; i++) {
            memory.write(TABLE + 4L * i, 4, (long) i << 12 | ALL);
        }
        return strategy.attach(vcpu);
    }

    private static BitSet pages(int... numbers) {
        BitSet set = new BitSet();
        for (int number : numbers) {
            set.set(number);
        }
        return set;
    }

    @Test
    void logsStoresOfTheCpuAndOfItsWalks() {
        Mmu mmu = paged();
        mmu.translate(0x5000, Mmu.WRITE);
        DirtyLog log = strategy.logDirty(memory).orElseThrow();
        assertThat(log.collect()).isEqualTo(pages());
        mmu.translate(0x5000, Mmu.READ);
        assertThat(log.collect()).isEqualTo(pages());
        mmu.translate(0x5000, Mmu.WRITE);
        assertThat(log.collect()).isEqualTo(pages(5));
        // The walk sets accessed bits in the table of the second entry.
        mmu.translate(0x7000, Mmu.READ);
        assertThat(log.collect()).isEqualTo(pages(2));
        mmu.translate(0x5000, Mmu.WRITE);
        mmu.translate(0x5000, Mmu.WRITE);
        mmu.translate(0x7000, Mmu.WRITE);
        assertThat(log.collect()).isEqualTo(pages(2, 5, 7));
        assertThat(log.collect()).isEqualTo(pages());
        log.close();
        mmu.close();
    }

    @Test
    void logsStoresWithoutPagingAndOfDevices() {
        Mmu mmu = strategy.attach(vcpu);
        vcpu.state().cr0 = 1;
        DirtyLog log = strategy.logDirty(memory).orElseThrow();
        mmu.translate(0x3000, Mmu.READ);
        mmu.translate(0x4000, Mmu.WRITE);
        mmu.translate(0x9000, Mmu.WRITE);
        mmu.translate(0xa000, Mmu.WRITE);
        memory.write(0x20_0000, new byte[8192], 0, 8192);
        memory.write(0x6ffe, 2, 1);
        assertThat(log.collect()).isEqualTo(pages(4, 6, 0x200, 0x201));
        log.close();
    }

    @Test
    void aStoreAfterAChangeOfTheMapIsLogged() {
        Mmu mmu = paged();
        DirtyLog log = strategy.logDirty(memory).orElseThrow();
        mmu.translate(0x5000, Mmu.WRITE);
        memory.trackCode(0x5000);
        memory.untrackCode(0x5000);
        assertThat(log.collect().get(5)).isTrue();
        mmu.translate(0x5000, Mmu.WRITE);
        assertThat(log.collect()).isEqualTo(pages(5));
    }

    @Test
    void thereIsOneLogAtATime() {
        DirtyLog log = strategy.logDirty(memory).orElseThrow();
        assertThatThrownBy(() -> strategy.logDirty(memory))
                .isInstanceOf(IllegalStateException.class);
        log.close();
        strategy.logDirty(memory).orElseThrow().close();
    }

    @Test
    void mapsWhatIsMemoryInPagesAsLargeAsTheyCanBe() {
        SecondLevel level = new SecondLevel(memory);
        long host = level.host(0x60_0123, true);
        assertThat(host).isEqualTo(memory.writableHost(0x60_0000));
        long leaf = level.ept().find(0x60_0000);
        boolean aligned = (host & 0x1f_ffff) == 0;
        assertThat((leaf & Ept.LARGE) != 0).isEqualTo(aligned);
        assertThat(leaf & (Ept.R | Ept.W | Ept.X | Ept.A | Ept.D))
                .isEqualTo(Ept.R | Ept.W | Ept.X | Ept.A | Ept.D);
        assertThat(level.host(0x9000, true)).isZero();
        assertThat(level.host(0x9000, false)).isEqualTo(memory.readableHost(0x9000));
        assertThat(level.ept().find(0x9000) & (Ept.R | Ept.W)).isEqualTo(Ept.R);
        assertThat(level.host(0xa000, false)).isZero();
        assertThat(level.host(1L << 50, true)).isZero();
    }

    @Test
    void codeTakesTheRightToWrite() {
        SecondLevel level = new SecondLevel(memory);
        level.host(0x5000, true);
        memory.trackCode(0x5000);
        assertThat(level.host(0x5000, true)).isZero();
        assertThat(level.host(0x5000, false)).isNotZero();
        assertThat(level.ept().find(0x5000) & Ept.W).isZero();
        memory.untrackCode(0x5000);
        assertThat(level.host(0x5000, true)).isEqualTo(memory.writableHost(0x5000));
    }
}
