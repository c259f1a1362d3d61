package trivium.mmu.softtlb.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.x86.PageWalker;

/** Four-level tables: what is cached, what a flush drops, and equality with the walker. */
class SoftTlbTest {
    private static final long P = 1, RW = 2, US = 4, D = 0x40, PS = 0x80, G = 0x100;
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

    private long read(long linear) {
        return tlb.translate(linear, Mmu.READ | Mmu.USER);
    }

    @Test
    void translatesThePageAndLeavesTheOffset() {
        assertThat(read(0x123)).isEqualTo(0x10000);
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

    @Test
    void flushOfOneAddressDropsAllOfALargePage() {
        vcpu.memory.write(PD, 8, 0x20_0000 | P | RW | US | PS);
        assertThat(read(0x5000)).isEqualTo(0x20_5000 | Mmu.LARGE);
        vcpu.memory.write(PD, 8, 0x40_0000 | P | RW | US | PS);
        tlb.flushPage(0x1f_f000);
        assertThat(read(0x5000) & -4096).isEqualTo(0x40_5000);
    }

    @Test
    void rightsAreAskedAtEachUse() {
        pte(0, 0x10000 | P | RW);
        assertThat(tlb.translate(0, Mmu.READ)).isNotEqualTo(Mmu.FAULT);
        assertThat(read(0)).isEqualTo(Mmu.FAULT);
        assertThat(tlb.faultErrorCode()).isEqualTo(5);
    }

    @Test
    void smapFollowsAc() {
        s.cr4 |= 1 << 21;
        assertThat(tlb.translate(0, Mmu.READ)).isEqualTo(Mmu.FAULT);
        s.rflags |= 1 << 18;
        assertThat(tlb.translate(0, Mmu.READ)).isEqualTo(0x10000);
        assertThat(tlb.translate(0, Mmu.READ | Mmu.IMPLICIT)).isEqualTo(Mmu.FAULT);
    }

    @Test
    void agreesWithTheWalkerOnRandomTables() {
        Random random = new Random(7);
        PageWalker walker = new PageWalker(s, vcpu.memory, vcpu.model());
        for (int round = 0; round < 200; round++) {
            for (int page = 0; page < 512; page++) {
                long frame = (long) random.nextInt(256) << 12;
                pte(page, frame | random.nextInt(0x200) & ~PS);
            }
            s.cr0 = 0x8000_0001L | random.nextInt(2) << 16;
            tlb.flushAll();
            for (int i = 0; i < 200; i++) {
                long linear = (long) random.nextInt(512) << 12;
                int access = random.nextInt(3) | random.nextInt(2) << 2;
                long walked = walker.walk(linear, access);
                long cached = tlb.translate(linear, access);
                assertThat(cached == Mmu.FAULT).isEqualTo(walked == Mmu.FAULT);
                if (cached == Mmu.FAULT) {
                    assertThat(tlb.faultErrorCode()).isEqualTo(walker.errorCode());
                } else {
                    assertThat(cached & -4096).isEqualTo(walked & -4096);
                }
            }
        }
    }

    @Test
    void survivesMoreFlushesThanThereAreGenerations() {
        for (int i = 0; i < 5000; i++) {
            pte(0, (long) (i & 0xff) << 12 | P | US | (i & 1) * G);
            if (i % 3 == 0) {
                tlb.flushNonGlobal();
            }
            tlb.flushAll();
            assertThat(read(0) & -4096).isEqualTo((long) (i & 0xff) << 12);
        }
    }

    @Test
    void withoutPagingLinearIsPhysical() {
        s.cr0 = 1;
        assertThat(tlb.translate(0x1234_5678L, Mmu.WRITE)).isEqualTo(0x1234_5000L | Mmu.MAY_WRITE);
    }
}
