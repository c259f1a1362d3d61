package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.ProtectedMachine.*;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.cpu.CpuModel;

/** Long mode: entering it, its gates and stacks, SYSCALL, compatibility mode. */
class LongModeTest {
    private static final int PML4 = 0x20000, PDPT = 0x21000, PD = 0x22000;
    private static final int CODE64 = 0x70, IDT64 = 0x10000, R11 = 11;
    private static final long RF = 1 << 16;

    private final ProtectedMachine p = new ProtectedMachine(CpuModel.X86_64);
    private final TestMachine m = p.m;

    @BeforeEach
    void pageTables() {
        m.write(PML4, 8, PDPT | 7).write(PDPT, 8, PD | 7);
        m.write(PD, 8, 0xe7).write(PD + 8, 8, 0x20_00e7);
        p.descriptor(CODE64, 0, 0xfffff, 0xa09b);
        p.descriptor(0x80, 0, 0xfffff, 0xc0fb); // user code 32
        p.descriptor(0x88, 0, 0xfffff, 0xc0f3); // user data
        p.descriptor(0x90, 0, 0xfffff, 0xa0fb); // user code 64
        m.s.idtrBase = IDT64;
        m.s.idtrLimit = 0xfff;
        for (int vector = 0; vector < 256; vector++) {
            gate64(vector, CODE64, handler(vector), 0xee, 0);
        }
        m.write(TSS + 4, 8, STACK0);
    }

    private void gate64(int vector, int selector, long offset, int rights, int ist) {
        m.write(IDT64 + 16 * vector, 8, gateBits(selector, offset, rights, ist));
        m.write(IDT64 + 16 * vector + 8, 8, offset >>> 32);
    }

    /** As if entered long ago. */
    private void long64() {
        m.s.cr4 = 1 << 5;
        m.s.cr3 = PML4;
        m.s.efer = 0xd01;
        m.s.cr0 = 0x8001_0011L;
        m.s.segments[CS].set(CODE64, 0, 0xffff_ffffL, 0xa09b);
    }

    private void user64() {
        m.s.segments[CS].set(0x93, 0, 0xffff_ffffL, 0xa0fb);
        m.s.segments[SS].set(0x8b, 0, 0xffff_ffffL, 0xc0f3);
        m.s.gpr[RSP] = STACK3;
    }

    private long quad(int n) {
        return m.read(m.s.gpr[RSP] + 8L * n, 8);
    }

    @Test
    void entersAsTheManualSays() {
        m.s.cr4 = 1 << 5;
        m.s.cr3 = PML4;
        m.s.efer = 1 << 8;
        m.s.gpr[0] = 0x8000_0011L;
        m.code("0f 22 c0 ea 0a 10 00 00 70 00 48 ff c3 f4"); // MOV CR0; JMP 70:100A; INC RBX
        m.run();
        assertThat(m.s.efer).isEqualTo(0x500);
        assertThat(m.s.gpr[3]).isEqualTo(1);
        assertThat(m.s.rip).isEqualTo(0x100e);
    }

    @Test
    void pagingWithLmeButNoPaeFaults() {
        m.s.efer = 1 << 8;
        m.s.gpr[0] = 0x8000_0011L;
        m.s.idtrBase = IDT;
        m.code("0f 22 c0");
        assertThat(p.fault()).isEqualTo("13(0) 1000");
    }

    @Test
    void exceptionAlwaysPushesTheStackAndAlignsIt() {
        long64();
        m.s.gpr[RSP] = 0x7ff3;
        m.code("0f 0b");
        assertThat(p.vector()).isEqualTo(6);
        assertThat(m.s.gpr[RSP]).isEqualTo(0x7ff0 - 40);
        assertThat(quad(0)).isEqualTo(0x1000);
        assertThat(quad(2) & RF).isEqualTo(RF);
        assertThat(quad(3)).isEqualTo(0x7ff3);
        assertThat(m.s.segments[SS].selector).isEqualTo(DATA0);
    }

    @Test
    void innerLevelGetsANullStackSegment() {
        long64();
        user64();
        m.code("cd 41");
        assertThat(p.vector()).isEqualTo(0x41);
        assertThat(m.s.segments[SS].selector).isZero();
        assertThat(m.s.gpr[RSP]).isEqualTo(STACK0 - 40);
        assertThat(quad(4)).isEqualTo(0x8b);
    }

    @Test
    void interruptStackTableWins() {
        long64();
        gate64(0x41, CODE64, handler(0x41), 0xee, 3);
        m.write(TSS + 36 + 16, 8, 0x6f00);
        m.code("cd 41");
        assertThat(p.vector()).isEqualTo(0x41);
        assertThat(m.s.gpr[RSP]).isEqualTo(0x6f00 - 40);
    }

    @Test
    void gateToCode32IsRefused() {
        long64();
        gate64(0x41, CODE0, handler(0x41), 0xee, 0);
        m.code("cd 41");
        assertThat(p.vector()).isEqualTo(13);
        assertThat(quad(0)).isEqualTo(CODE0);
    }

    @Test
    void iretqGoesToCompatibilityMode() {
        long64();
        m.s.gpr[RSP] = 0x7f00;
        m.write(0x7f00, 8, 0x6000).write(0x7f08, 8, 0x83).write(0x7f10, 8, 0x202);
        m.write(0x7f18, 8, STACK3).write(0x7f20, 8, 0x8b);
        m.code("48 cf");
        m.code(0x6000, "40"); // INC EAX here, a prefix in 64-bit mode
        m.steps(2);
        assertThat(m.s.rip).isEqualTo(0x6001);
        assertThat(m.s.gpr[0]).isEqualTo(1);
    }

    @Test
    void iretqToNonCanonicalFaultsInTheKernel() {
        long64();
        m.s.gpr[RSP] = 0x7f00;
        m.write(0x7f00, 8, 0x8000_0000_0000L).write(0x7f08, 8, 0x93).write(0x7f10, 8, 2);
        m.write(0x7f18, 8, STACK3).write(0x7f20, 8, 0x8b);
        m.code("48 cf");
        assertThat(p.vector()).isEqualTo(13);
        assertThat(quad(1)).isEqualTo(0x1000);
    }

    @Test
    void syscallAndSysret() {
        long64();
        user64();
        m.s.star = 0x0080_0070L << 32;
        m.s.lstar = 0x6000;
        m.s.sfmask = 0x200;
        m.s.rflags = 0x203;
        m.code("0f 05");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(0x6000);
        assertThat(m.s.gpr[RCX]).isEqualTo(0x1002);
        assertThat(m.s.gpr[R11]).isEqualTo(0x203);
        assertThat(m.s.rflags & 0x200).isZero();
        assertThat(m.s.segments[CS].selector).isEqualTo(0x70);
        assertThat(m.s.segments[SS].selector).isEqualTo(0x78);
        m.code(0x6000, "48 0f 07");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(0x1002);
        assertThat(m.s.segments[CS].selector).isEqualTo(0x93);
        assertThat(m.s.segments[SS].selector).isEqualTo(0x8b);
        assertThat(m.s.rflags).isEqualTo(0x203);
    }

    @Test
    void syscallWithoutSceIsUndefined() {
        long64();
        m.s.efer = 0xd00;
        m.code("0f 05");
        assertThat(p.vector()).isEqualTo(6);
    }

    @Test
    void swapgsExchangesTheBases() {
        long64();
        m.s.segments[GS].base = 0x1111;
        m.s.kernelGsBase = 0x2222;
        m.code("0f 01 f8");
        m.steps(1);
        assertThat(m.s.segments[GS].base).isEqualTo(0x2222);
        assertThat(m.s.kernelGsBase).isEqualTo(0x1111);
    }

    @Test
    void nonCanonicalAccessRaisesGpAndSs() {
        long64();
        m.s.gpr[0] = 0x8000_0000_0000L;
        m.code("48 8b 18");
        assertThat(p.vector()).isEqualTo(13);
        long64();
        m.s.rip = 0x1000;
        m.s.activity = 0;
        gate64(12, CODE64, handler(12), 0x8e, 1);
        m.write(TSS + 36, 8, 0x6f00);
        m.s.gpr[RSP] = 0x8000_0000_0008L;
        m.code("50");
        assertThat(p.vector()).isEqualTo(12);
    }

    @Test
    void pageFaultTellsAddressAndCause() {
        long64();
        m.write(PD + 8, 8, 0x20_0081L); // 2 MiB: supervisor, read-only
        user64();
        m.s.gpr[0] = 0x20_1234;
        m.code("c6 00 01");
        gate64(14, CODE64, handler(14), 0x8e, 0);
        assertThat(p.vector()).isEqualTo(14);
        assertThat(m.s.cr2).isEqualTo(0x20_1234);
        assertThat(quad(0)).isEqualTo(7);
    }

    @Test
    void fsBaseIsWrittenByMsrAndNullSelectorClearsIt() {
        long64();
        m.s.gpr[RCX] = 0xc000_0100L;
        m.s.gpr[0] = 0x5678;
        m.s.gpr[2] = 0x1234;
        m.code("0f 30 31 c0 8e e0");
        m.steps(1);
        assertThat(m.s.segments[FS].base).isEqualTo(0x1234_0000_5678L);
        m.steps(2);
        assertThat(m.s.segments[FS].base).isZero();
    }

    @Test
    void invlpgDropsAllOfALargePage() {
        long64();
        m.write(0x20_3000, 4, 0x11).write(0x3000, 4, 0x22);
        // MOV EAX,[203000]; MOV [22008],E7; INVLPG [205000]; MOV EBX,[203000]; HLT
        m.code("8b 04 25 00 30 20 00 c7 04 25 08 20 02 00 e7 00 00 00");
        m.code(0x1012, "0f 01 3c 25 00 50 20 00 8b 1c 25 00 30 20 00 f4");
        m.run();
        assertThat(m.s.gpr[0]).isEqualTo(0x11);
        assertThat(m.s.gpr[3]).isEqualTo(0x22);
    }

    @Test
    void smapStopsTheKernelUnlessAcIsSet() {
        long64();
        m.write(PD, 8, 0xe3); // the kernel's own pages
        m.s.cr4 |= 1 << 21;
        m.s.gpr[0] = 0x20_1000;
        m.code("0f 01 cb 8a 18 0f 01 ca 8a 18"); // STAC; MOV BL,[RAX]; CLAC; MOV BL,[RAX]
        m.steps(3);
        assertThat(m.s.rip).isEqualTo(0x1008);
        assertThat(p.vector()).isEqualTo(14);
        assertThat(quad(0)).isEqualTo(1);
    }

    @Test
    void umipHidesTablesFromUsers() {
        long64();
        user64();
        m.s.cr4 |= 1 << 11;
        m.code("0f 01 e0"); // SMSW EAX
        assertThat(p.vector()).isEqualTo(13);
    }
}
