package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuState;

/** Instructions of 16-bit programs, and other seldom ones, end as in the interpreter. */
class LegacyTest extends ProgramTest {
    /** Code, and how many instructions the interpreter completes, HLT included. */
    // spotless:off
    @ParameterizedTest
    @CsvSource({
        // loops
        "REAL, b9050040e2fd,             1",
        "REAL, 66b9050001004067e2fc,     1",
        "REAL, 31c9e303404040,           1",
        "REAL, 31c9e303404040f9,         1",
        "REAL, 66b900000100e3014040,     1",
        "REAL, b90300404083f802e0f9,     1",
        "REAL, b90300404083f802e1f9,     1",
        "REAL, 31c939c0e1fe,             1",
        "REAL, b9010039c0e0fe9c,         1",
        "REAL, b9040083f904e1fb9c,       1",
        "PROTECTED32, b90500000067e2fe40, 1",
        "PROTECTED32, b90500000039c0e1fc, 1",
        "LONG, b90500000039c0e1fc,       1",
        "LONG, b90500000039c067e0fc9c,   1",
        // the stack
        "REAL, 60,                       1",
        "REAL, 6660,                     1",
        "REAL, 6061,                     1",
        "REAL, 6031c06661,               2",
        "REAL, bc080060,                 2",
        "REAL, bcf8ff61,                 2",
        "REAL, bc001060,                 1",
        "REAL, bc081060,                 2",
        "PROTECTED32, 6061,              1",
        "PROTECTED32, bc00780000666061,  1",
        "PROTECTED16, bc0078606661,      1",
        "REAL, bd0070c9,                 1",
        "REAL, bd007066c9,               1",
        "PROTECTED32, bd0070000066c9,    1",
        "LONG, bd0070000066c9,           1",
        "LONG, bd00700000c9,             1",
        "REAL, 68341268785666685634128f068f01, 1",
        "REAL, 68341266688f0100008f0600108f0602106a018f07, 1",
        "PROTECTED32, 68341200006878560000 8f0424 8f442404, 1",
        "LONG, 6834120000 6878560000 8f0424 8f442404, 1",
        "LONG, 6834120000 8f0500b00100, 1",
        "LONG, 6834120000 8f042500800200, 0",
        "LONG, 6834120000 418f8600000300, 1",
        // tables
        "REAL, bb0010b0ffd7,             1",
        "REAL, bbf0ffb01026d7,           1",
        "PROTECTED32, bbf0ff0300b010d7,  1",
        "LONG, bbf0ff0300b010d7,         1",
        // segment registers
        "REAL, b800308ed88ec08ee08ee88a071e06, 1",
        "REAL, 0e1f0e07a10000,           1",
        "REAL, 66061f,                   1",
        "REAL, 0fa80fa10fa00fa1,         1",
        "REAL, c4060010 8cc3 26a10000,   1",
        "REAL, 66c5360010 8cdb a10000,   1",
        "REAL, c536fdff,                 0",
        "REAL, 0fb43600108ee6,           1",
        "REAL, b800008ed0b900808ed9,     3",
        "REAL, b800308ed8b95000 a0000088c48ed8e2f7, 1",
        "REAL, b95000 1e06 1f07 e2fa,    1",
        "PROTECTED16, 1e07,              2",
        // shifts of high bytes, divisions, 16-byte exchanges
        "REAL, b80180b1 05 d0e4d0ecd0d4d2e4d2dd c0c403 39c0, 2",
        "REAL, d2e5 d2ed d2c5,           4",
        "REAL, b8f0ff99bb0700f7fb,       1",
        "REAL, b8f0ffba0100bb0700f7fb,   2",
        "REAL, b8008099bbfffff7fb,       1",
        "PROTECTED32, 39c3 66f7fb 01c0,  1",
        "LONG, be10000300 480fc70e,      1",
        "LONG, be10000300 f0480fc70e,    1",
        "LONG, be10000300 488b06 488b5608 31db 31c9 f0480fc70e 9c, 1",
        "LONG, be18000300 480fc70e,      0",
        "LONG, be18900200 480fc70e,      0",
        // a division by zero behind a compare whose flags nobody else wants
        "LONG, 39d8 31db 39d0 f7f3 01c0, 0",
        "LONG, 31db 85c0 f7fb 01c0,      0",
        "LONG, 83f805 f73425 00800200 01c0, 0",
    })
    // spotless:on
    void endAsInTheInterpreter(Mode mode, String code, int interpreted) {
        try (TestBoard board = sameEnd(e -> board(mode, e, code))) {
            if (interpreted > 0) {
                assertThat(board.interpreted()).as("interpreted").isEqualTo(interpreted);
            }
        }
    }

    private static TestBoard board(Mode mode, ExecutionEngine engine, String code) {
        TestBoard board =
                new TestBoard(mode, engine)
                        .code(code)
                        .registers(i -> 0x1111_2222_0003_0440L + i * 0x10);
        VcpuState s = board.state();
        s.gpr[14] = 0x1000;
        if (mode == Mode.LONG) {
            for (int i = 0; i < 8; i++) {
                s.gpr[i] &= 0xffff_ffffL;
            }
        }
        return board;
    }
}
