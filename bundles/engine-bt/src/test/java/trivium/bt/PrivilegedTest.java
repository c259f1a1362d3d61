package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.RCX;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuState;

/** Instructions on system flags and segment registers end as in the interpreter. */
class PrivilegedTest extends ProgramTest {
    /**
     * Code, RFLAGS in hex, and how many instructions are the interpreter's, HLT included. OUT
     * raises an interrupt; handlers halt.
     */
    // spotless:off
    @ParameterizedTest
    @CsvSource({
        // cli, sti, pushf
        "LONG, fa9c,                     2d7, 1",
        "LONG, 29c0fa9cf5,               202, 1",
        "LONG, fb909c,                   2, 1",
        "LONG, 39c9fb90fb9c,             2, 1",
        "LONG, 669c,                     ad5, 1",
        "LONG, 00c89c,                   202, 1",
        "LONG, fec19c,                   203, 1",
        "PROTECTED32, fb90fa9c,          8d7, 1",
        "PROTECTED32, 669c,              203, 1",
        "PROTECTED16, fb90fa9c,          8d7, 1",
        "REAL, fb90fa9c,                 8d7, 1",
        "REAL, 669c,                     40203, 1",
        // popf: status flags, IF and DF alone; others
        "LONG, 68d70e00009d,             2, 1",
        "LONG, 68020200009d4883c0019c,   2, 1",
        "LONG, 68020000009dac,           602, 1",
        "LONG, 68020400009dac,           202, 2",
        "LONG, 68021000009d,             202, 2",
        "LONG, 68025000009d9c,           202, 2",
        "LONG, 68020024009d9c,           202, 2",
        "LONG, 6802000000669d9c,         202, 1",
        "LONG, 68020300009d9090,         202, 3",
        "PROTECTED32, 68d70a00009d,      2, 1",
        "PROTECTED16, 68d70a9d,          2, 1",
        "REAL, 68d70a9d,                 2, 1",
        "REAL, 666802020000669d,         2, 1",
        "REAL, 6802709d9c,               2, 2",
        // an interrupt waits for STI and the instruction behind, for POPF, and not behind CLI
        "LONG, b001e610fbffc1ffc1,       2, 3",
        "LONG, b001e61068020200009dffc1, 2, 1",
        "LONG, b001e610ffc19cfa,         2, 1",
        "REAL, b001e610fb4141,           2, 3",
        // loops of it
        "LONG, b950000000fbffc0faffc975f8,     2, 1",
        "LONG, b9500000009cfaffc09dffc975f7,   202, 1",
        "PROTECTED32, b9500000009cfaffc09dffc975f7, 202, 1",
        "REAL, b950009cfa409de2fa,       202, 1",
        // segment registers
        "LONG, 8cd98ce28cdb,             2, 1",
        "LONG, 498cd94d8cc2668ce1,       2, 1",
        "LONG, 8c1c2500000200,           2, 1",
        "LONG, 8c1c2500800200,           2, 1",
        "LONG, 0fa00fa8,                 2, 1",
        "LONG, 660fa0,                   2, 1",
        "LONG, 8cf1,                     2, 1",
        "PROTECTED32, 061e0e16660e8cd9668ccb, 2, 1",
        "PROTECTED16, 061e0e16668cd98ccb, 2, 1",
        "REAL, 061e0e166606668cd98ccb8c1e0010, 2, 1",
    })
    // spotless:on
    void endAsInTheInterpreter(Mode mode, String code, String flags, int interpreted) {
        try (TestBoard board = sameEnd(e -> board(mode, e, code, flags))) {
            assertThat(board.interpreted()).as("interpreted").isEqualTo(interpreted);
        }
    }

    private static TestBoard board(Mode mode, ExecutionEngine engine, String code, String flags) {
        TestBoard board =
                new TestBoard(mode, engine)
                        .code(code)
                        .registers(i -> 0x1111_2222_3333_4440L * (i + 1));
        VcpuState s = board.state();
        s.gpr[VcpuState.RSI] = TestBoard.DATA;
        s.gpr[RCX] &= 0xffff;
        s.rflags = Long.parseLong(flags, 16);
        return board;
    }
}
