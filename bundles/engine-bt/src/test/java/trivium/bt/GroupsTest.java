package trivium.bt;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuState;

/** Accesses by one register that are looked up together end as in the interpreter. */
class GroupsTest extends ProgramTest {
    /** Its lower two bytes differ, and are no pointer when exchanged. */
    private static final int POINTER = TestBoard.DATA + 0x410;

    /** Operands [BX] and BH: the register that is used by halves is the pointer as well. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "003b",
                "10 7b 04",
                "38 3b",
                "3a 7b 06",
                "02 7b 07",
                "84 7b 01",
                "88 7b 02",
                "8a 7b 03",
                "86 7b 05"
            })
    void aHighByteOfTheirRegister(String instruction) {
        for (Mode mode : new Mode[] {Mode.PROTECTED32, Mode.LONG}) {
            // mov ecx, [ebx + 8]; …; pushf
            endsAsInTheInterpreter(mode, "8b4b08" + instruction + "9c");
        }
    }

    /** The same of AX, CX and DX, between others. */
    @ParameterizedTest
    @CsvSource({
        "PROTECTED32, 8b1888208b7004",
        "LONG, 488b1888208b7004",
        "PROTECTED32, 018100010000002901c9",
        "LONG, 01990001000000298b7104",
        "LONG, 01020032337204",
        "PROTECTED32, 010200320332",
    })
    void highBytesOfOthers(Mode mode, String code) {
        endsAsInTheInterpreter(mode, code + "9c");
    }

    private void endsAsInTheInterpreter(Mode mode, String code) {
        sameEnd(e -> board(mode, e, code)).close();
    }

    private static TestBoard board(Mode mode, ExecutionEngine engine, String code) {
        TestBoard board = new TestBoard(mode, engine).code(looped(code));
        board.state().gpr[VcpuState.RBP] = 3;
        return board;
    }

    /** At first the TLB does not have the page, and the accesses go one by one. */
    private static String looped(String code) {
        StringBuilder b = new StringBuilder();
        for (int i = VcpuState.RAX; i <= VcpuState.RBX; i++) {
            b.append("%02x%08x".formatted(0xb8 | i, Integer.reverseBytes(POINTER + 0x40 * i)));
        }
        b.append(code.replace(" ", "")).append("ffcd 75"); // dec ebp; jnz
        int length = b.toString().replace(" ", "").length() / 2 + 1;
        return b.append("%02x".formatted(-length & 0xff)).toString();
    }
}
