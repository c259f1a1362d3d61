package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;

/**
 * Host code finds the way to code on pages that no way leads to since a write of CR3, and only to
 * what is there now.
 */
class FetchTest extends ProgramTest {
    private static final int ROUNDS = 40;
    private static final long P = 1, US = 4, A = 1 << 5, NX = 1L << 63;

    /** How the code there is called. */
    private static final String DIRECT = "e8", INDIRECT = "ffd6";

    /** CR3 is written as it is; or INVLPG of the code's page. */
    private static final String RELOAD = "0f20d80f22d8", INVLPG = "0f013e";

    /** By which bits of the page's table entry change in the middle of the program. */
    static List<Arguments> changes() {
        List<Arguments> all = new ArrayList<>();
        for (Mode mode : List.of(Mode.PROTECTED32, Mode.PAE, Mode.LONG)) {
            for (String call : List.of(DIRECT, INDIRECT)) {
                for (String drop : List.of(RELOAD, INVLPG)) {
                    for (long change :
                            new long[] {0, TestBoard.DATA ^ TestBoard.MORE, P, A, US, NX}) {
                        if (change == (int) change || mode == Mode.LONG) {
                            all.add(Arguments.of(mode, call, drop, change));
                        }
                    }
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("changes")
    void findsWhatIsThere(Mode mode, String call, String drop, long change) {
        try (TestBoard board = sameEnd(e -> board(mode, e, call, drop, change))) {
            if (change == 0 && drop.equals(RELOAD)) {
                assertThat(board.interpreted()).isLessThan(2 * ROUNDS + 40);
            }
        }
    }

    private static TestBoard board(
            Mode mode, ExecutionEngine engine, String call, String drop, long change) {
        TestBoard board = new TestBoard(mode, engine);
        // ADD EBX,3; RET, and ADD EBX,5; RET
        board.memory().write(TestBoard.DATA, 4, 0xc303c383L);
        board.memory().write(TestBoard.MORE, 4, 0xc305c383L);
        int entry = board.leafEntry(TestBoard.DATA);
        String begin =
                "be" // MOV ESI,DATA
                        + hex(TestBoard.DATA, 4)
                        + "bf" // MOV EDI,entry
                        + hex(entry + (change == NX ? 4 : 0), 4)
                        + "b9" // MOV ECX,rounds
                        + hex(ROUNDS, 4);
        // CMP ECX,12; JNE over; XOR DWORD [EDI],change
        long bits = change == NX ? 0x8000_0000L : change;
        String changes = "83f90c 7506 8137" + hex(bits, 4);
        int from = TestBoard.CODE + bytes(begin + drop + changes) + 5;
        String jump = call.equals(DIRECT) ? DIRECT + hex(TestBoard.DATA - from, 4) : call;
        String loop = drop + changes + jump + "d1c3 83e901"; // ROL EBX,1; SUB ECX,1
        return board.code(begin + loop + "0f85" + hex(-bytes(loop) - 6, 4));
    }

    private static int bytes(String hex) {
        return hex.replace(" ", "").length() / 2;
    }

    private static String hex(long value, int bytes) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < bytes; i++) {
            b.append("%02x".formatted(value >>> 8 * i & 0xff));
        }
        return b.toString();
    }
}
