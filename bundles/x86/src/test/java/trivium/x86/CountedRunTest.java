package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RSI;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.cpu.CpuModel;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuState;

/** Runs that end after a number of instructions, and what counts as one. */
class CountedRunTest {
    private static final int HANDLER = 0x3000, DE = 0, TIMER = 8;
    private final TestMachine m = new TestMachine(CpuModel.PENTIUM3);

    @AfterEach
    void close() {
        m.close();
    }

    /** Real-mode handlers that count in SI. */
    private void handlers() {
        m.code(HANDLER, "46 cf"); // inc si; iret
        m.write(DE * 4, 4, HANDLER).write(TIMER * 4, 4, HANDLER);
    }

    @Test
    void endsAfterExactlyThatManyInstructions() {
        m.code("40 40 40 40 40 eb f9"); // five times inc ax; jmp back

        for (int n = 1; n < 20; n++) {
            long before = m.instructions();
            assertThat(m.run(n)).isNull();
            assertThat(m.instructions() - before).isEqualTo(n);
        }

        // 190 instructions are 31 rounds of six and four more
        assertThat(m.s.gpr[RAX]).isEqualTo(159);
        assertThat(m.s.rip).isEqualTo(TestMachine.CODE + 4);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 7, 64, 1000, 5000})
    void chunksOfAnySizeComeToTheSameState(int chunk) {
        List<String> single = trace(1);
        List<String> chunked = trace(chunk);
        for (int i = 0; i < chunked.size(); i++) {
            assertThat(chunked.get(i)).isEqualTo(single.get((i + 1) * chunk - 1));
        }
    }

    /** The states of a program of string instructions, faults, time and interrupts. */
    private static List<String> trace(int chunk) {
        List<String> states = new ArrayList<>();
        try (TestMachine m = new TestMachine(CpuModel.PENTIUM3)) {
            m.code(HANDLER, "46 83 c3 01 cf"); // inc si; add bx, 1; iret
            m.code(0x3100, "55 89 e5 83 46 02 02 46 5d cf"); // goes on behind the DIV
            m.write(DE * 4, 4, 0x3100).write(TIMER * 4, 4, HANDLER);
            m.tsc =
                    () -> {
                        if (m.instructions() % 3 == 0) {
                            m.interrupt(TIMER);
                        }
                        return m.instructions();
                    };
            // sti; again: mov cx, 9; mov di, 0x6000; rep stosb; inc ax; mov dx, ax; rdtsc;
            // mov bx, ax; cmp bx, dx; jz +0; xor dx, dx; xor cx, cx; div cx; pushf; popf; jmp again
            m.code("fb b9 09 00 bf 00 60 f3 aa 40 89 c2 0f 31 89 c3 39 d3 74 00 31 d2 31 c9");
            m.code(TestMachine.CODE + 24, "f7 f1 9c 9d eb e3");
            for (int i = 0; i < 5000 / chunk; i++) {
                assertThat(m.run(chunk)).isNull();
                VcpuState s = m.s;
                states.add(
                        "%d %x %x %x %x %x %x %x"
                                .formatted(
                                        m.instructions(),
                                        s.rip,
                                        s.gpr[RAX],
                                        s.gpr[RBX],
                                        s.gpr[RCX],
                                        s.gpr[RSI],
                                        s.gpr[VcpuState.RSP],
                                        s.rflags));
            }
        }
        return states;
    }

    @Test
    void aRepeatedStringInstructionCountsOnceWithItsLastIteration() {
        m.code("b9 ff ff bf 00 00 f3 aa 90"); // mov cx, ffff; mov di, 0; rep stosb; nop
        m.s.segments[VcpuState.ES].set(0x2000, 0x20000, 0xffff, 0x93);

        m.run(3);

        assertThat(m.s.gpr[RCX]).isZero();
        assertThat(m.s.rip).isEqualTo(TestMachine.CODE + 8);
    }

    @Test
    void aKickInARepeatedStringInstructionLeavesItUncounted() {
        m.code("b9 ff ff f3 6e"); // mov cx, ffff; rep outsb
        m.write(0, 4, 0);
        m.run(1);
        m.raise(Vcpu.KICK);

        assertThat(m.run(1)).isEqualTo(VcpuExit.KICKED);
        assertThat(m.instructions()).isEqualTo(1);
        assertThat(m.run(1)).isNull();
        assertThat(m.instructions()).isEqualTo(2);
        assertThat(m.output).hasSize(0xffff);
    }

    @Test
    void aFaultingInstructionDoesNotCount() {
        handlers();
        m.code("31 c9 f7 f1"); // xor cx, cx; div cx

        m.run(2);

        assertThat(m.s.gpr[RSI]).isEqualTo(1);
        assertThat(m.s.rip).isEqualTo(HANDLER + 1);
    }

    @Test
    void theTimeIsKnownInTheMiddleOfABlock() {
        m.tsc = m::instructions;
        m.code("39 c8 41 0f 31 89 c3 0f 31 f4"); // cmp ax, cx; inc cx; rdtsc; mov bx, ax; rdtsc

        m.run(100);

        assertThat(m.s.gpr[RBX]).isEqualTo(2);
        assertThat(m.s.gpr[RAX]).isEqualTo(4);
    }

    @Test
    void anInterruptIsTakenRightAfterTheInstructionThatRaisedIt() {
        handlers();
        m.code("fb 90 0f 31 40 40 40 40"); // sti; nop; rdtsc; inc ax…
        m.tsc =
                () -> {
                    m.interrupt(TIMER);
                    return 0;
                };

        m.run(4);

        assertThat(m.s.gpr[RSI]).isEqualTo(1);
        assertThat(m.s.gpr[RAX]).isZero();
    }

    @Test
    void whatWaitsAtTheEndIsLeftToTheNextRun() {
        handlers();
        m.code("fb 90 90 90");
        m.interrupt(TIMER);

        m.run(2); // not yet: the first one after STI
        assertThat(m.s.rip).isEqualTo(TestMachine.CODE + 2);
        m.run(1);
        assertThat(m.s.rip).isEqualTo(HANDLER + 1);
    }

    @Test
    void aHaltEndsTheRun() {
        m.code("90 f4");

        assertThat(m.run(100)).isEqualTo(VcpuExit.HALTED);
        assertThat(m.instructions()).isEqualTo(2);
    }
}
