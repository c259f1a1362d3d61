package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.bt.TestBoard.CODE;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDI;
import static trivium.cpu.VcpuState.RSI;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.x86.InterpreterEngine;

/** String instructions end as in the interpreter, and most never see it. */
class StringsTest extends ProgramTest {
    /** A byte that is not in memory. */
    private static final int NOWHERE = 0xee;

    private static final int DF = 1 << 10, IF = 1 << 9, STATUS = 0x8d5;

    /** Code, then RSI, RDI and RCX in hex, and what the interpreter had to do. */
    // spotless:off
    @ParameterizedTest
    @CsvSource({
        // within pages and over them, overlapping, in aliases
        "LONG, a4,        20010, 30020, 0, 0",
        "LONG, 48a5,      20010, 30020, 0, 0",
        "LONG, f3a4,      20010, 30020, 5, 0",
        "LONG, f3a4,      20ff0, 31fe8, 3000, 0",
        "LONG, f3a5,      20ff0, 31fe8, 900, 0",
        "LONG, f366a5,    20ff0, 31fe8, 900, 0",
        "LONG, f348a5,    20ff8, 31fe8, 500, 0",
        "LONG, f3a4,      20010, 20011, 1800, 0",
        "LONG, f348a5,    20010, 20011, 180, 0",
        "LONG, f348a5,    20010, 20011, 280, 1",
        "LONG, f3a4,      2c010, 20011, 800, 0",
        "LONG, f3a4,      20011, 2c010, 800, 0",
        "LONG, f2a4,      20010, 30020, 10, 0",
        "LONG, f3aa,      0, 30ff0, 2345, 0",
        "LONG, f348ab,    0, 30ff8, 345, 0",
        "LONG, f348ab,    0, 30ff3, 345, 1",
        "LONG, ab,        0, 30ff3, 1, 0",
        "LONG, ac,        20005, 0, 0, 0",
        "LONG, 48ad,      20005, 0, 0, 0",
        "LONG, f3ad,      20005, 0, 7, 1",
        // no iterations, and 32-bit addresses
        "LONG, f3a4,      20010, 30020, 0, 0",
        "LONG, f3a6,      20010, 30020, 0, 0",
        "LONG, 67f3a4,    700020010, 900030020, 100000000, 0",
        "LONG, 67f3aa,    700020010, 900030020, 100000000, 0",
        "LONG, 67f3a4,    700020010, 900030020, 100001234, 0",
        "LONG, 67f3a6,    700020010, 900030020, 100000000, 0",
        "LONG, 67a4,      700020010, 900030020, 100000000, 0",
        // compares that end by a difference, by the count, on the last element
        "LONG, a6,        20010, 30020, 0, 0",
        "LONG, 48a7,      20010, 20010, 0, 0",
        "LONG, ae,        0, 30020, 0, 0",
        "LONG, f3a6,      20010, 2c010, 3000, 0",
        "LONG, f3a7,      20010, 30010, 300, 0",
        "LONG, f2a6,      20010, 20011, 100, 0",
        "LONG, f2a6,      20ff0, 30ff1, 3000, 0",
        "LONG, f348a7,    20ff8, 20ff8, 280, 0",
        "LONG, f2ae,      0, 30020, 3000, 0",
        "LONG, f3ae,      0, 30020, 3000, 0",
        "LONG, f266af,    0, 30ffe, 1000, 0",
        // pages that push each other out of the TLB
        "LONG, f3a6,      20010, 1020010, 2100, 0",
        "LONG, a6,        20010, 1020010, 2100, 0",
        "LONG, f3a4,      20010, 1021010, 2100, 0",
        "PROTECTED32, f3a6, 20010, 1020010, 2100, 0",
        // a page that is not there, or not writable, in the middle
        "LONG, f3a4,      27800, 30000, 1000, 1",
        "LONG, f3a4,      20000, 27ff0, 1000, 1",
        "LONG, f3a5,      20001, 27ff2, 1000, 1",
        "LONG, f3aa,      0, 29f00, 1000, 1",
        "LONG, f3a4,      2a000, 30000, 800, 0",
        "LONG, f3a6,      26010, 26010, 3000, 1",
        "LONG, f2ae,      0, 27f80, 1000, 1",
        "LONG, a4,        20010, 28000, 0, 1",
        "LONG, a6,        28000, 20000, 0, 1",
        // a device in the middle
        "LONG, f3a4,      2dff8, 30000, 18, 1",
        "LONG, f3aa,      0, 2dff8, 18, 1",
        "LONG, f348a5,    20000, 2dff4, 4, 1",
        "PROTECTED32, f3a4,   20ff0, 31fe8, 3000, 0",
        "PROTECTED32, f366a5, 20ff0, 31fe8, 900, 0",
        "PROTECTED32, f3a5,   27ff0, 31fe8, 900, 1",
        "PROTECTED32, 67f3a4, fff0, fff0, 20, 0",
        "PROTECTED32, 67f3a6, fff0, fff0, 20, 0",
        "PROTECTED32, 67f366a5, fff1, fff0, 20, 1",
        // downwards, where the block says so
        "LONG, fda4,      20010, 30020, 0, 0",
        "LONG, fd48ad,    20010, 30020, 0, 0",
        "LONG, fdf3a4fc,  22010, 31020, 2000, 0",
        "LONG, fdf348a5fc, 22ff8, 31fe8, 400, 0",
        "LONG, fdf3a5fc,  22ffc, 31fe8, 900, 0",
        "LONG, fdf3a4,    20810, 20811, 800, 0",
        "LONG, fdf348a5,  21811, 21810, 200, 1",
        "LONG, fdf3aafc,  0, 31018, 1018, 0",
        "LONG, fdf2aefc,  0, 31018, 1018, 0",
        "LONG, fdf3a6fc,  21010, 2d010, 20, 0",
        "LONG, fdf3a6,    20fff, 2cfff, 820, 0",
        "LONG, fdf3a4,    29800, 30fff, 2000, 1",
        "LONG, fd67f3a4,  700020010, 900030020, 100000123, 0",
        "LONG, fdf3a4fcf3a4, 20100, 30100, 80, 0",
        "LONG, f3a4fdf3a4, 20100, 30100, 80, 0",
        "PROTECTED32, fdf3a5fc, 22ffc, 31fe8, 900, 0",
        "PROTECTED16, fdf3a4, 1800, 1fff, 1234, 0",
        "PROTECTED16, fdf3a5, 10, 1000, 20, 0",
        "PROTECTED16, fdf3a5, 1000, 10, 20, 1",
        "REAL, fdf3a4,    1234000f, 1800, 200, 0",
        "REAL, fdf3a5,    e, 1800, 200, 0",
        "REAL, fdf3a5,    f, 1800, 200, 1",
        "REAL, fdf366a5,  1000, 10, 20, 0",
        "REAL, fdf366a5,  1000, 11, 20, 1",
        "REAL, fdaa,      0, 56780000, 20, 0",
        // 16-bit offsets: they wrap, or meet the limit
        "REAL, a4,        12340010, 56780020, 0, 0",
        "REAL, f3a4,      12340010, 56780020, 12344567, 0",
        "REAL, f3a4,      5678fff0, 100, 30, 0",
        "REAL, f3aa,      5678fff0, 8000, 9000, 0",
        "REAL, f3ab,      5678fff0, 8001, 9000, 1",
        "REAL, f366ab,    0, 8000, 2100, 0",
        "REAL, f3a6,      10, 8, 8000, 0",
        "REAL, f2ae,      0, 12340008, 9998000, 0",
        "REAL, f3a6,      0, 0, 7770000, 0",
        "REAL, f3a4,      0, 0, 7770000, 0",
        "REAL, f3a4,      dff0, 0, 40, 1",
        "REAL, f326a4,    8000, 9000, 200, 0",
        "REAL, 67f3a4,    8000, 9000, 200, 0",
        "REAL, 67f3a4,    fff0, 0, 40, 1",
        "REAL, ac,        1234ffff, 0, 0, 0",
        "REAL, ad,        1234ffff, 0, 0, 1",
        "REAL, ae,        0, 1234ffff, 0, 0",
        "PROTECTED16, f3a4, 7000, 8000, 1000, 0",
        "PROTECTED16, f3a4, 7f00, 8000, 200, 1",
        "PROTECTED16, f3a4, 0, eff8, 10, 1",
        "PROTECTED16, f3a5, 0, eff7, 10, 1",
        "PROTECTED16, f3ab, 0, ef00, 100, 1",
        "PROTECTED16, f2a7, 0, ef01, 100, 1",
    })
    // spotless:on
    void endAsInTheInterpreter(
            Mode mode, String code, String rsi, String rdi, String rcx, int interpreted) {
        for (int al : new int[] {NOWHERE, 0, 0x33}) {
            try (TestBoard board = sameEnd(e -> board(mode, e, code, rsi, rdi, rcx, al))) {
                if (al == NOWHERE) {
                    assertThat(left(board) > 0).as("interpreted").isEqualTo(interpreted != 0);
                }
            }
        }
    }

    /** What the interpreter did, but the HLT at the end. */
    private static long left(TestBoard board) {
        return board.counter("exit-interpret") + board.counter("interpreted-slow-access") - 1;
    }

    private static TestBoard board(
            Mode mode,
            ExecutionEngine engine,
            String code,
            String rsi,
            String rdi,
            String rcx,
            long al) {
        TestBoard board = new TestBoard(mode, engine).code(code);
        VcpuState s = board.state();
        s.gpr[RSI] = Long.parseLong(rsi, 16);
        s.gpr[RDI] = Long.parseLong(rdi, 16);
        s.gpr[RCX] = Long.parseLong(rcx, 16);
        s.gpr[RAX] = al * 0x0101_0101_0101_0101L;
        s.rflags |= STATUS;
        return board;
    }

    @Test
    void flagsOfACompareWithACountSurviveAMiss() {
        // cmp ecx, 0x2000; rep movsb; pushfq
        String code = "81f900200000 f3a4 9c";
        sameEnd(e -> board(e, code, 0)).close();
    }

    @Test
    void downwardsIsTheInterpreters() {
        for (String code : new String[] {"f3a4", "a4", "f2ae", "48ab", "fd f3a5 fc a5"}) {
            sameEnd(e -> board(e, code, DF)).close();
        }
    }

    private static TestBoard board(ExecutionEngine engine, String code, int flags) {
        TestBoard board = board(Mode.LONG, engine, code, "22ff0", "32ff8", "2000", 0x33);
        board.state().rflags |= flags;
        return board;
    }

    @ParameterizedTest
    @ValueSource(strings = {"f3a4", "f3aa", "f348ab", "b90e000000f3aa"})
    void aProgramOverwritesItselfWithHalts(String code) {
        sameEnd(e -> halts(e, code)).close();
    }

    /** In whatever pieces it was done, an instruction that overwrote itself ends there. */
    @ParameterizedTest
    @CsvSource({"f3aa, 0", "f348ab, 7", "fdf3aa, 0"})
    void anInstructionThatOverwroteItselfIsNoMore(String code, int more) {
        boolean down = code.startsWith("fd");
        int at = CODE + (down ? 2 : 0), from = CODE + (down ? 0x1238 : -0x1238);
        int size = more + 1;
        for (ExecutionEngine e : new ExecutionEngine[] {new InterpreterEngine(), engine}) {
            String rdi = Integer.toHexString(from);
            try (TestBoard board = board(Mode.LONG, e, code, "0", rdi, "3000", 0xf4)) {
                board.run();

                int done = Math.abs(from - at) / size + 1;
                assertThat(board.state().gpr[RCX]).isEqualTo(0x3000 - done);
            }
        }
    }

    private static TestBoard halts(ExecutionEngine engine, String code) {
        return board(Mode.LONG, engine, code, "3000", "3ff8", "18", 0xf4);
    }

    @Test
    void eventsAreLookedAtBetweenPages() {
        try (TestBoard board = board(Mode.LONG, engine, "f3a4", "20000", "30000", "8000", 0)) {
            board.state().nmiBlocked = true;
            board.raise(Vcpu.NMI);
            board.run();

            assertThat(board.state().gpr[RDI]).isEqualTo(0x38000);
            assertThat(board.counter("exit-event-inside")).isGreaterThan(3);
        }
    }

    @Test
    void anInterruptThatIsNotAcceptedDoesNotDisturb() {
        try (TestBoard board = board(Mode.LONG, engine, "f3a4", "20000", "30000", "8000", 0)) {
            board.raise(Vcpu.INTR);
            board.run();

            assertThat(board.state().gpr[RCX]).isZero();
            assertThat(board.counter("exit-event-inside")).isZero();
        }
    }

    @Test
    void anInterruptFindsAnInstructionThatGoesOn() {
        // out 0x10, al raises what it writes; the handler halts
        String code = "b001 e610 f3a4";
        try (TestBoard board = board(Mode.LONG, engine, code, "20000", "30000", "8000", 0)) {
            board.state().rflags |= IF;
            board.run();

            assertThat(board.state().gpr[RCX]).isEqualTo(0x8000);
        }
    }
}
