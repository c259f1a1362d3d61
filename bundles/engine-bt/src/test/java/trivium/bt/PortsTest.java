package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuState;

/** IN and OUT end as in the interpreter, without it. */
class PortsTest extends ProgramTest {
    /** Code, RFLAGS in hex, and how many instructions are the interpreter's, HLT included. */
    // spotless:off
    @ParameterizedTest
    @CsvSource({
        "LONG, e421,                     2, 1",
        "LONG, 66e521e521,               2, 1",
        "LONG, ec66eded,                 2, 1",
        "LONG, 48ed,                     2, 1",
        "LONG, e621,                     2, 1",
        "LONG, 66e721e721,               2, 1",
        "LONG, ee66efef,                 2, 1",
        "PROTECTED32, ec66edede42166e522,2, 1",
        "PROTECTED16, ec66edede621,      2, 1",
        "REAL, ec66edede42166e522e733,   2, 1",
        // flags, also of a comparison with what is read
        "LONG, 39c9ec9c,                 2, 1",
        "LONG, 39c8ec9c0f94c3,           2, 1",
        "LONG, 29c8e69f9c,               2, 1",
        "LONG, fec8e42111d8,             ad7, 1",
        "REAL, 39c8ed9c,                 2, 1",
        // other state of a block
        "LONG, 8b068b5e04e42189460401c3, 2, 1",
        "LONG, d9e8ecd8c0e621dd1e,       2, 1",
        "LONG, 4d01d9ed4d01da,           2, 1",
        "PROTECTED32, b9020000008b068b5e04ed49 75f7, 2, 1",
        // loops
        "LONG, b950000000e42101c3ffc975f8,        2, 1",
        "LONG, b9500000008906ed33068946048806ffc975f2, 2, 1",
        "PROTECTED32, b950000000e42100c34975f9,   2, 1",
        "REAL, b95000e72101c3e421e2f8,            2, 1",
        // an interrupt comes at once, or stays away
        "LONG, b001e610ffc1ffc1,         202, 1",
        "LONG, b001e610ffc1ffc1,         2, 1",
        "REAL, b001e6104141,             202, 1",
        "LONG, b001fbe610ffc1ffc1,       2, 1",
    })
    // spotless:on
    void endAsInTheInterpreter(Mode mode, String code, String flags, int interpreted) {
        try (TestBoard board = sameEnd(e -> board(mode, e, code, flags))) {
            assertThat(board.interpreted()).as("interpreted").isEqualTo(interpreted);
        }
    }

    /** Code, and how often it calls the device: shared registers are reached in host code. */
    // spotless:off
    @ParameterizedTest
    @CsvSource({
        "LONG, e440,                     0",
        "LONG, b05ae640b000e440,         1",
        "LONG, b050e640b000e4409c,       0",
        "LONG, b0f0e640b00fe640e440,     1",
        "LONG, 66e74266b8000066e542,     0",
        "LONG, e74431c0e544,             0",
        "LONG, 48c7c0f0ffffffe744e544,   0",
        "LONG, e642e742e440e642,         3",
        "LONG, b00ce64831c0e449b07fe649b012e449, 0",
        "LONG, b0fce648b07fe649b03ce648b000e449, 0",
        "LONG, b003e648b07fe649b000e449, 1",
        "LONG, e448,                     1",
        "LONG, 66e549,                   1",
        "LONG, b842000000e741ef,         2",
        "LONG, 39c9b050e6400f94c3,       0",
        "LONG, ba40000000b050eeec66ba420066ef66ed66ba4400efed9c, 0",
        "LONG, ffc8b010e640e4409c,       0",
        "PROTECTED32, b05ce640b000e440e74431c0e544, 1",
        "REAL, b050e640b000e440e7426631c0e542,     0",
        "LONG, b950000000b810000000e640e44001c36bc0109090ffc975f1, 0",
    })
    // spotless:on
    void reachSharedRegisters(Mode mode, String code, int calls) {
        try (TestBoard board = sameEnd(e -> board(mode, e, code, "2"))) {
            assertThat(board.counter("exit-device")).isEqualTo(calls);
        }
    }

    private static TestBoard board(Mode mode, ExecutionEngine engine, String code, String flags) {
        TestBoard board =
                new TestBoard(mode, engine)
                        .code(code)
                        .registers(i -> 0x1111_2222_3333_4440L * (i + 1));
        VcpuState s = board.state();
        s.gpr[VcpuState.RSI] = TestBoard.DATA;
        s.fcw = 0x37f;
        s.rflags = Long.parseLong(flags, 16);
        return board;
    }
}
