package trivium.mmu.softtlb.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.x86.conformance.MmuConformance;

/** Conforms; and what only this strategy promises: what it caches, and that flushes leave it. */
class SoftTlbTest {
    private static final long P = 1, RW = 2, US = 4, D = 0x40, G = 0x100;
    private static final long PML4 = 0x1000, PDPT = 0x2000, PD = 0x3000, PT = 0x4000;

    private final TestVcpu vcpu = new TestVcpu();
    private final VcpuState s = vcpu.state();
    private final SoftTlb tlb = new SoftTlb(vcpu);

    @BeforeEach
    void mapOnePage() {
        s.cr0 = 0x8001_0001L;
        s.cr3 = PML4;
        s.cr4 = 1 << 5 | 1 << 7;
        s.efer = 0xd00;
        vcpu.memory.write(PML4, 8, PDPT | P | RW | US);
        vcpu.memory.write(PDPT, 8, PD | P | RW | US);
        vcpu.memory.write(PD, 8, PT | P | RW | US);
        pte(0, 0x10000 | P | RW | US);
    }

    private void pte(int page, long value) {
        vcpu.memory.write(PT + 8L * page, 8, value);
    }

    @TestFactory
    Stream<DynamicTest> conforms() {
        return MmuConformance.cases().stream()
                .map(c ->
                        dynamicTest(
                                c.name(),
                                () -> assertThat(c.failure(new SoftTlbStrategy())).isEmpty()));
    }

    private long read(long linear) {
        return tlb.translate(linear, Mmu.READ | Mmu.USER);
    }

    @Test
    void remembersUntilFlushed() {
        read(0);
        pte(0, 0x20000 | P | RW | US);
        assertThat(read(0) & -4096).isEqualTo(0x10000);
        tlb.flushPage(0x800);
        assertThat(read(0) & -4096).isEqualTo(0x20000);
        pte(0, 0x30000 | P | RW | US);
        tlb.flushNonGlobal();
        assertThat(read(0) & -4096).isEqualTo(0x30000);
    }

    @Test
    void globalPagesSurviveCr3WritesAlone() {
        pte(0, 0x10000 | P | G);
        long first = tlb.translate(0, Mmu.READ);
        assertThat(first & Mmu.GLOBAL).isEqualTo(Mmu.GLOBAL);
        pte(0, 0x20000 | P | G);
        tlb.flushNonGlobal();
        assertThat(tlb.translate(0, Mmu.READ) & -4096).isEqualTo(0x10000);
        tlb.flushAll();
        assertThat(tlb.translate(0, Mmu.READ) & -4096).isEqualTo(0x20000);
    }

    @Test
    void firstWriteSetsDirtyAndThenNeedsNoWalk() {
        assertThat(read(0) & Mmu.MAY_WRITE).isZero();
        assertThat(tlb.translate(0, Mmu.WRITE | Mmu.USER) & Mmu.MAY_WRITE).isNotZero();
        assertThat(vcpu.memory.read(PT, 8) & D).isEqualTo(D);
        assertThat(read(0) & Mmu.MAY_WRITE).isNotZero();
    }
}
