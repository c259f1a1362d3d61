package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuState;

/** Random code on random tables: whatever a guest does, nothing but an exit comes back. */
class FuzzTest {
    private static final int ROUNDS = 60, STEPS = 400, PML4 = 0x20000, IDT64 = 0x30000;

    @ParameterizedTest
    @CsvSource({
        "I8086, false, false",
        "I80286, false, false",
        "I80286, true, false",
        "I386, true, false",
        "PENTIUM3, false, false",
        "PENTIUM3, true, false",
        "X86_64, true, false",
        "X86_64, true, true",
    })
    void nothingEscapes(CpuModel model, boolean protectedMode, boolean longMode) {
        Random random = new Random(11 + model.ordinal());
        int instructions = 0;
        for (int round = 0; round < ROUNDS; round++) {
            try (ProtectedMachine p = new ProtectedMachine(model)) {
                prepare(p, random, protectedMode, longMode);
                for (int i = 0; i < STEPS; i++) {
                    VcpuExit exit = p.m.step();
                    assertThat(exit instanceof VcpuExit.Failed).isFalse();
                    if (exit instanceof VcpuExit.TripleFault) {
                        break;
                    }
                    p.s.activity = VcpuState.ACTIVE;
                    instructions++;
                    if (random.nextInt(20) == 0) {
                        p.m.interrupt(random.nextInt(256));
                        p.s.rip = 0x1000 + random.nextInt(0x800);
                    }
                }
            }
        }
        assertThat(instructions).isGreaterThan(ROUNDS);
    }

    private static void prepare(ProtectedMachine p, Random random, boolean prot, boolean wide) {
        VcpuState s = p.s;
        for (int i = 0; i < 0x800; i += 4) {
            p.m.write(0x1000 + i, 4, random.nextInt() & 0xffff_ffffL);
        }
        // Some of the tables' bits turn.
        for (int i = 0; i < 40; i++) {
            long at = ProtectedMachine.GDT + random.nextInt(0x1300);
            p.m.write(at, 1, p.m.read(at, 1) ^ 1 << random.nextInt(8));
        }
        for (int i = 0; i < 16; i++) {
            s.gpr[i] = random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(0x10000);
        }
        if (!prot) {
            s.cr0 &= ~1L;
            for (Segment segment : s.segments) {
                segment.set(0, 0, 0xffff, 0x93);
            }
        } else if (wide) {
            p.m.write(PML4, 8, PML4 + 0x1007).write(PML4 + 0x1000, 8, PML4 + 0x2007);
            p.m.write(PML4 + 0x2000, 8, 0xe7);
            s.cr4 = 1 << 5 | 1 << 9;
            s.cr3 = PML4;
            s.efer = 0xd01;
            s.cr0 = 0x8000_0011L;
            s.segments[VcpuState.CS].set(0x70, 0, 0xffff_ffffL, 0xa09b);
            p.descriptor(0x70, 0, 0xfffff, 0xa09b);
            s.idtrBase = IDT64;
            s.idtrLimit = 0xfff;
            for (int v = 0; v < 256; v++) {
                int handler = 0x1000 + random.nextInt(0x800);
                p.m.write(IDT64 + 16 * v, 8, ProtectedMachine.gateBits(0x70, handler, 0xee, 0));
            }
        }
        s.rflags |= random.nextInt(0x8000) & 0x7dd5;
        if (random.nextInt(3) == 0) {
            s.dr[0] = 0x1000 + random.nextInt(0x800);
            s.dr[7] |= random.nextInt() & 0xf0003L;
        }
    }
}
