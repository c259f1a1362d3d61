package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuState;

/** Moves to and from registers of devices end as in the interpreter, mostly without it. */
class DevicesTest extends ProgramTest {
    private static final int LOOPS = 20;

    /** The body of a loop, with the device's page in rSI; whether the interpreter does it all. */
    // spotless:off
    @ParameterizedTest
    @CsvSource({
        "LONG, 8b06,                 false",
        "LONG, 488b4608,             false",
        "LONG, 8a268a7e01,           false",
        "LONG, 408a3e,               false",
        "LONG, 668b5e02,             false",
        "LONG, 0fb6060fb75e02,       false",
        "LONG, 480fbe060fbf5e02,     false",
        "LONG, 660fbe1e660fb65e01,   false",
        "LONG, 488b4610486306,       false",
        "LONG, 4c8b264d8b4608,       false",
        "LONG, 890689460448894608,   false",
        "LONG, 882640883e4c8906,     false",
        "LONG, 66c7060180c74604fefffffFc64655aa, false",
        "LONG, 48c70600000080,       false",
        "LONG, a100e0020000000000a308e0020000000000, false",
        "LONG, 8b86fe0f0000,         true",
        "LONG, 89861e0e0000668986fe0f0000, false",
        // others are the interpreter's
        "LONG, 0306,                 true",
        "LONG, 8706,                 true",
        // flags stay, whoever computes them
        "LONG, 39c88b069c58,         false",
        "LONG, 29d88b06110689c39c58, true",
        "LONG, ffc08b060f92c3,       false",
        "LONG, 01c38b069c588b5e04,   false",
        // groups, floating point
        "LONG, 8b064c8b4610895e08895e0c, false",
        "LONG, d9e88b06d8c0ddd8,     false",
        // the time-stamp counter, which stands still; CR8, also with a bit too many
        "LONG, 0f3139c80f319c58,     false",
        "LONG, ffc00f310f92c331d2,   false",
        "LONG, d9e80f31d8c0ddd8,     false",
        "REAL, 0f31,                 false",
        "LONG, 4889cd0f01f94801c84889e9, false",
        "LONG, 4889cf39c831c00fa24801cb9c584889f9, false",
        "LONG, 4889cfb8010000000fa24831d34889f9, false",
        "PROTECTED32, 89cfb8070000000fa201d389f9, false",
        "LONG, 31d2440f22c2440f20c3, false",
        "LONG, 39c9440f20c00f92c3,   false",
        "LONG, 440f22c6,             false",
        "PROTECTED32, 8b068a6601894604c60655, false",
        "PROTECTED32, a100e00200a200e00200a304e00200, false",
        "REAL, 8b048a6401894404c604aa, false",
        "REAL, 66a100e0a210e0,       false",
    })
    // spotless:on
    void endAsInTheInterpreter(Mode mode, String body, boolean left) {
        try (TestBoard board = sameEnd(e -> board(mode, e, body))) {
            if (left) {
                assertThat(board.interpreted()).isGreaterThanOrEqualTo(LOOPS);
            } else {
                assertThat(board.interpreted()).isLessThan(LOOPS);
            }
        }
    }

    /** With all registers that the C library might change in use. */
    @Test
    void theTimeStampCounterFollowsTheHostsClock() {
        long ahead = 1L << 40;
        String body =
                "0f120e0f280666440f6f3e4889cd0f01f94889e948c1e2204809d0d9e8d8c0ddd80f11060f114e10";
        try (TestBoard board = board(Mode.LONG, engine, body)) {
            VcpuState s = board.state();
            s.gpr[VcpuState.RSI] = TestBoard.DATA;
            s.tscOffset = 12345;
            s.cr4 |= 1 << 9;
            board.tscAhead = OptionalLong.of(ahead);
            String before = board.memory().read(TestBoard.DATA, 8) + "";
            long[] r = s.gpr.clone();
            long from = System.nanoTime();
            board.run();
            long to = System.nanoTime();
            assertThat(s.gpr[VcpuState.RAX] - ahead - 12345).isBetween(from, to);
            assertThat(board.counter("exit-device")).isZero();
            assertThat(board.memory().read(TestBoard.DATA, 8) + "").isEqualTo(before);
            for (int i = VcpuState.RBX; i < 16; i++) {
                if (i != VcpuState.RBP) {
                    assertThat(s.gpr[i]).isEqualTo(r[i]);
                }
            }
        }
    }

    @Test
    void theTimeStampCounterIsNotReadWhereCr4ForbidsIt() {
        try (TestBoard board = board(Mode.LONG, engine, "0f31")) {
            board.state().cr4 |= 1 << 2; // TSD: ring 0 may
            board.tscAhead = OptionalLong.of(0);
            board.run();
            assertThat(board.counter("exit-device")).isEqualTo(LOOPS);
        }
    }

    private static TestBoard board(Mode mode, ExecutionEngine engine, String body) {
        int back = 256 - (body.length() / 2 + (mode == Mode.REAL ? 3 : 4));
        String loop = mode == Mode.REAL ? "4975%02x" : "ffc975%02x";
        TestBoard board =
                new TestBoard(mode, engine)
                        .code(body + loop.formatted(back))
                        .registers(i -> 0x1111_2222_3333_4440L * (i + 1));
        VcpuState s = board.state();
        s.fcw = 0x37f;
        s.gpr[VcpuState.RCX] = LOOPS;
        s.gpr[VcpuState.RSI] =
                mode == Mode.REAL ? TestBoard.DEVICE - TestBoard.DATA : TestBoard.DEVICE;
        return board;
    }

    /** Instructions in device registers are read as often as in the interpreter. */
    @Test
    void codeInDeviceRegisters() {
        // mov r15d, DEVICE; jmp r15: there is ADD [RAX], AL and the like, and then no instruction
        sameEnd(e ->
                        new TestBoard(Mode.LONG, e)
                                .code("41bf00e00200 41ffe7")
                                .registers(i -> TestBoard.DATA + i * 0x10L))
                .close();
    }
}
