package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RSI;

import org.junit.jupiter.api.Test;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.VcpuState;

/** What stays over a HLT, and what does not. */
class HaltTest extends ProgramTest {
    private static final String LOAD_HLT_LOAD = "8b06f48b06";
    private static final int OTHER = TestBoard.DATA + 0x1000;

    private TestBoard board() {
        TestBoard board = new TestBoard(Mode.LONG, engine).code(LOAD_HLT_LOAD);
        board.state().gpr[RSI] = TestBoard.DATA;
        board.memory().write(TestBoard.DATA, 4, 0x1234_5678);
        board.memory().write(OTHER, 4, 0x8765_4321);
        return board;
    }

    private static void wake(TestBoard board) {
        board.state().activity = VcpuState.ACTIVE;
        board.run();
    }

    /** The page of DATA becomes another one. */
    private static void remap(TestBoard board) {
        long entry = board.leafEntry(TestBoard.DATA);
        board.memory().write(entry, 8, board.memory().read(entry, 8) + 0x1000);
    }

    @Test
    void translationsOfAddressesStay() {
        try (TestBoard board = board()) {
            board.run();
            long misses = board.counter("exit-tlb-read");
            remap(board); // without an INVLPG: seen by nobody
            board.state().gpr[RAX] = 0;
            wake(board);
            assertThat(board.state().gpr[RAX]).isEqualTo(0x1234_5678);
            assertThat(board.counter("exit-tlb-read")).isEqualTo(misses);
        }
    }

    @Test
    void theyStayWhereTheGuestsOwnCodeChangedTheState() {
        try (TestBoard board = board()) {
            board.run();
            remap(board);
            board.state().rip = TestBoard.CODE;
            board.wentOnElsewhere();
            wake(board);
            assertThat(board.state().gpr[RAX]).isEqualTo(0x1234_5678);
            board.state().rip = TestBoard.CODE;
            wake(board);
            assertThat(board.state().gpr[RAX]).isEqualTo(0x8765_4321L);
        }
    }

    @Test
    void whoeverChangesTheStateSeesMemoryAnew() {
        try (TestBoard board = board()) {
            board.run();
            remap(board);
            board.state().rip = TestBoard.CODE;
            wake(board);
            assertThat(board.state().gpr[RAX]).isEqualTo(0x8765_4321L);
        }
        try (TestBoard board = board()) {
            board.run();
            remap(board);
            board.state().cr3 |= 8; // PWT
            wake(board);
            assertThat(board.state().gpr[RAX]).isEqualTo(0x8765_4321L);
        }
    }
}
