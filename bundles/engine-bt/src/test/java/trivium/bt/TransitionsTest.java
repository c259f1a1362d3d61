package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.RSI;
import static trivium.cpu.VcpuState.RSP;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuState;
import trivium.x86.InterpreterEngine;

/**
 * Loops of interrupts, faults, system calls and returns end as in the interpreter, also when what
 * host code took for granted of tables, stacks and flags is changed under way.
 */
class TransitionsTest extends ProgramTest {
    private static final int INSTRUCTIONS = 1_500;

    @ParameterizedTest
    @CsvFileSource(resources = "transitions.csv", delimiter = ';')
    void endAsInTheInterpreter(
            String name,
            Mode mode,
            int ring,
            String code,
            String handlers,
            String flags,
            int interpreted) {
        try (TestBoard board = sameEnd(e -> board(mode, e, ring, code, handlers, flags))) {
            assertThat(board.interpreted()).as("interpreted").isLessThanOrEqualTo(interpreted);
        }
    }

    /** As many instructions as are asked for, to the very one, and with the same state then. */
    @ParameterizedTest
    @CsvFileSource(resources = "transitions.csv", delimiter = ';')
    void stopWhereTheInterpreterDoes(
            String name,
            Mode mode,
            int ring,
            String code,
            String handlers,
            String flags,
            int interpreted) {
        // Counted runs have translations and transitions of their own.
        try (TestBoard one = board(mode, new InterpreterEngine(), ring, code, handlers, flags);
                TestBoard other = board(mode, engine, ring, code, handlers, flags)) {
            for (int i = 0, n = 1; i < INSTRUCTIONS; i += n, n = n % 7 + 1) {
                assertThat(other.run(n)).as("after %d", i).isEqualTo(one.run(n));
            }
        }
    }

    private static TestBoard board(
            Mode mode,
            ExecutionEngine engine,
            int ring,
            String code,
            String handlers,
            String flags) {
        TestBoard board = new TestBoard(mode, engine).rings(ring).code(code);
        for (String handler : handlers == null ? new String[0] : handlers.split(" ")) {
            String[] parts = handler.split(":");
            board.handler(
                    Integer.parseInt(parts[0], 16),
                    Integer.parseInt(parts[1], 16),
                    Integer.parseInt(parts[2]),
                    parts[3]);
        }
        VcpuState s = board.state();
        for (int i = 0; i < 16; i++) {
            s.gpr[i] = i == RSP ? TestBoard.STACK : i == RSI ? 0 : 0x1357_9bdf_0246_8ac0L * (i + 1);
            if (mode != Mode.LONG) {
                s.gpr[i] &= 0xffff_ffffL;
            }
        }
        s.rflags = Long.parseLong(flags, 16);
        return board;
    }
}
