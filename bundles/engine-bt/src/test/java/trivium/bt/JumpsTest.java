package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.bt.TestBoard.CODE;
import static trivium.bt.TestBoard.DATA;
import static trivium.cpu.VcpuState.RAX;

import java.lang.foreign.Arena;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;
import trivium.memory.PhysicalMemory;
import trivium.x86.InterpreterEngine;

/** Indirect jumps find the code of their own privilege, or none. */
class JumpsTest extends ProgramTest {
    private static final int GDT = 0x1000, IDT = 0x2000, TSS = 0x6000, TABLES = 0x10000;
    private static final int USER_PAGE = 4, VECTOR = 0x21, KERNEL_CODE = 16, KERNEL_DATA = 40;

    /**
     * Ring 3 jumps 20 times to X, which reads at ESI and, as EBX is 1, goes on by INT; then ring 0
     * does with 0 in EBX and ESI in a page of the supervisor's, and halts.
     */
    private static final String USER_FIRST =
            "b914000000 be00400000 bc00800000 6a3b 6800700000 6a02 6a33 6820400000 cf"
                    + "bb01000000 ba2c400000 ffe2" // mov ebx, 1; mov edx, X; jmp edx
                    + "8b06 85db 7501 f4 cd21" // X: mov eax, [esi]; test ebx, ebx; jnz; hlt; int
                    + "49 75d2 31db be00000200 ba2c400000 ffe2";

    /** The same with the rings exchanged: ring 3 must not read that page. */
    private static final String SUPERVISOR_FIRST =
            "b914000000 be00000200 bc00800000 bb01000000 ba1b400000 ffe2"
                    + "8b06 85db 7501 f4 cd21"
                    + "49 75e3 6a3b 6800700000 6a02 6a33 6838400000 cf"
                    + "31db ba1b400000 ffe2";

    @Test
    void theSupervisorDoesNotGoOnInUsersCode() {
        long eax = same(USER_FIRST, 0x35, board -> board.state().gpr[RAX]);

        assertThat(eax).isEqualTo(bytesOf(DATA));
    }

    @Test
    void theUserDoesNotGoOnInTheSupervisorsCode() {
        long cr2 = same(SUPERVISOR_FIRST, 0x24, board -> board.state().cr2);

        assertThat(cr2).isEqualTo(DATA);
    }

    /** Runs it on both engines. */
    private long same(String code, int handler, Function<TestBoard, Long> what) {
        try (TestBoard board = sameEnd(e -> board(e, code, handler))) {
            return what.apply(board);
        }
    }

    private static long bytesOf(int gpa) {
        try (TestBoard board = new TestBoard(Mode.PROTECTED32, new InterpreterEngine())) {
            return board.memory().read(gpa, 4);
        }
    }

    private static TestBoard board(ExecutionEngine engine, String code, int handler) {
        TestBoard board = new TestBoard(Mode.PROTECTED32, engine).code(code);
        PhysicalMemory m = board.memory();
        m.write(GDT + 0x30, 8, 0x00cf_fb00_0000_ffffL);
        m.write(GDT + 0x38, 8, 0x00cf_f300_0000_ffffL);
        m.write(IDT + 8 * VECTOR, 8, CODE + handler | KERNEL_CODE << 16 | 0xee00L << 32);
        m.write(TABLES, 4, m.read(TABLES, 4) | 4);
        int entry = TABLES + 0x1000 + 4 * USER_PAGE;
        m.write(entry, 4, m.read(entry, 4) | 4);
        m.write(TSS + 4, 4, TestBoard.STACK);
        m.write(TSS + 8, 4, KERNEL_DATA);
        VcpuState s = board.state();
        s.tr.set(0x40, TSS, 0x67, 0x8b);
        s.segments[VcpuState.DS].set(0x3b, 0, 0xffff_ffffL, 0xc0f3);
        return board;
    }

    @Test
    void toWhereNobodyJumpedYet() {
        // mov rax, -1; jmp rax
        String code = "48c7c0ffffffff ffe0";
        sameEnd(e -> new TestBoard(Mode.LONG, e).code(code)).close();
    }

    /** Also where it is looked for by a jump to -1, the address that an empty entry has. */
    @Test
    void anEmptyEntryNamesAPlaceInAnyExecTable() {
        try (Arena arena = Arena.ofConfined()) {
            long entry = arena.allocate(Area.BYTES + (1 << 20)).address();

            BtAccelerator.clearJump(entry);

            assertThat(HostMemory.getInt(entry + Area.JUMP_EXEC)).isBetween(0, Area.EXEC_BYTES - 4);
        }
    }
}
