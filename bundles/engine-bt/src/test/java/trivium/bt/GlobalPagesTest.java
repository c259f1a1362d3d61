package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.x86.InterpreterEngine;

/** Host code outlives what the pages that it was made of outlive, and no more. */
class GlobalPagesTest extends ProgramTest {
    private static final int ENTRY = 0x13000 + 8 * (TestBoard.DATA >>> 12);

    // MOV EBX,n; RET, to be stored as one quadword
    private static final long ONE = 0xc3_0000_0001_bbL, TWO = 0xc3_0000_0002_bbL;

    /** Flags of a code page, what happens after its table entry changed, what runs then. */
    @ParameterizedTest
    @CsvSource({
        "63, 90, 1",
        "163, 90, 1",
        "63, 0f20d80f22d8, 2", // MOV CR3
        "163, 0f20d80f22d8, 1",
        "63, 0f013e, 2", // INVLPG
        "163, 0f013e, 2",
        "163, 0f20d80f22d80f013e, 2",
        "163, 0f20e00fbaf8070f22e0, 2", // CR4.PGE
        "163, 0f20e00fbaf8070f22e00f22e0, 2",
    })
    void codeOnGlobalPages(String flags, String between, int runs) {
        String code = program(Integer.parseInt(flags, 16), between);
        String expected = end(new InterpreterEngine(), code);

        assertThat(expected).contains("r3 %d%n".formatted(runs));
        assertThat(end(engine, code)).isEqualTo(expected);
    }

    private static String end(ExecutionEngine engine, String code) {
        try (TestBoard board = new TestBoard(Mode.LONG, engine)) {
            return board.code(code).run().end();
        }
    }

    private static String program(int flags, String between) {
        String call = "ffd6";
        String change = "48891f"; // MOV [RDI],RBX
        return "0f20e10fbae9070f22e1" // CR4.PGE on
                + store(TestBoard.DATA, ONE)
                + store(TestBoard.MORE, TWO)
                + store(ENTRY, TestBoard.DATA | flags)
                + "be"
                + hex(TestBoard.DATA, 4)
                + "0f013e"
                + call
                + call
                + "bf"
                + hex(ENTRY, 4)
                + "bb"
                + hex(TestBoard.MORE | flags, 4)
                + change
                + between
                + call;
    }

    /** MOV RAX,value; MOV EDI,address; MOV [RDI],RAX. */
    private static String store(int address, long value) {
        return "48b8" + hex(value, 8) + "bf" + hex(address, 4) + "488907";
    }

    private static String hex(long value, int bytes) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < bytes; i++) {
            b.append("%02x".formatted(value >>> 8 * i & 0xff));
        }
        return b.toString();
    }
}
