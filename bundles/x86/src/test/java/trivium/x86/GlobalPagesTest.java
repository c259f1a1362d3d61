package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RDI;
import static trivium.cpu.VcpuState.RDX;
import static trivium.cpu.VcpuState.RSI;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.CpuModel;

/**
 * Which translations outlive what (SDM Vol. 3A "Global Pages", "Invalidation of TLBs"): a page is
 * used, its table entry changed behind the TLB's back, and the page used again.
 */
class GlobalPagesTest {
    private static final int TABLES = 0x20000,
            TABLE = TABLES + 0x3000,
            LARGE_ENTRY = TABLES + 0x2008;
    private static final int PAGE = 0x30000, ONE = 0x30000, TWO = 0x31000;

    /** A page that shares its TLB entry with {@link #PAGE}, in the third 2 MiB. */
    private static final int RIVAL = PAGE + (1 << 24);

    private static final int PRESENT = 0x63, GLOBAL = 0x100, PS = 0x80, PAE = 1 << 5, PGE = 1 << 7;

    // MOV ECX,[RSI]; MOV EBX,[RSI]; MOV [RDI],RDX
    private static final String USE = "8b 0e", USE_AGAIN = "8b 1e", CHANGE = "48 89 17";

    private final TestMachine m = new TestMachine(CpuModel.X86_64);

    @BeforeEach
    void longMode() {
        m.write(TABLES, 8, TABLES + 0x1000 | PRESENT);
        m.write(TABLES + 0x1000, 8, TABLES + 0x2000 | PRESENT);
        m.write(TABLES + 0x2000, 8, TABLE | PRESENT);
        m.write(TABLES + 0x2000 + 8 * (RIVAL >>> 21), 8, TABLE | PRESENT);
        for (int at = 0; at < 0x20_0000; at += 4096) {
            m.write(TABLE + 8 * (at >>> 12), 8, at | PRESENT);
        }
        m.s.cr4 = PAE | PGE;
        m.s.cr3 = TABLES;
        m.s.efer = 0xd01;
        m.s.cr0 = 0x8001_0011L;
        m.s.segments[CS].set(8, 0, 0xffff_ffffL, 0xa09b);
        m.s.gpr[RSI] = PAGE;
    }

    @AfterEach
    void close() {
        m.close();
    }

    /** What happens in between, and which of two pages is seen then. */
    @ParameterizedTest
    @CsvSource({
        "local, 0f20d80f22d8, 2", // MOV CR3
        "global, 0f20d80f22d8, 1",
        "global, 0f20d80f22d80f22d8, 1",
        "global, 0f013e, 2", // INVLPG
        "global, 0f20d80f22d80f013e, 2",
        "global, 0f20e00fbaf8070f22e0, 2", // CR4.PGE
        "global, 0f20e00fbaf8070f22e00fbaf8070f22e0, 2",
        "global, 0f20c00fbaf8100f22c0, 2", // CR0.WP
    })
    void globalPagesOutliveCr3Alone(String kind, String between, int seen) {
        m.write(ONE, 4, 1).write(TWO, 4, 2);
        run(kind, USE + CHANGE + between + USE_AGAIN);
        assertThat(m.s.gpr[RBX]).isEqualTo(seen);
    }

    @ParameterizedTest
    @CsvSource({
        "local, 0f20d80f22d8, 2",
        "global, 0f20d80f22d8, 1",
        "global, 0f013e, 2",
        "global, 0f20d80f22d80f013e, 2",
        "global, 0f20e00fbaf8070f22e0, 2",
    })
    void theSameHoldsForCode(String kind, String between, int seen) {
        m.code(ONE, "bb 01 00 00 00 c3").code(TWO, "bb 02 00 00 00 c3"); // MOV EBX,n; RET
        String call = "ff d6";
        run(kind, call + CHANGE + between + call);
        assertThat(m.s.gpr[RBX]).isEqualTo(seen);
    }

    /** An instruction on two pages, of which the second is mapped elsewhere and then written. */
    @Test
    void codeOnTwoPages() {
        m.code(PAGE - 3, "bb 01 02 03 00 c3").code(TWO, "04 00 c3"); // MOV EBX,n; RET
        m.s.gpr[RSI] = PAGE - 3;
        String call = "ff d6", invlpg = "0f 01 3c 25 00 00 03 00";
        // MOV BYTE [TWO],7
        run("local", call + CHANGE + invlpg + call + "c6 04 25 00 10 03 00 07" + call);
        assertThat(m.s.gpr[RBX]).isEqualTo(0x0007_0201);
    }

    @ParameterizedTest
    @CsvSource({"local, 2", "global, 1"})
    void pagesOfBothKindsShareATlbEntry(String kind, int seen) {
        m.write(ONE, 4, 1).write(TWO, 4, 2);
        boolean global = kind.equals("global");
        m.write(TABLE + 8 * (PAGE >>> 12), 8, ONE | PRESENT | (global ? 0 : GLOBAL));
        m.s.gpr[10] = RIVAL;
        m.s.gpr[11] = ONE | PRESENT | (global ? GLOBAL : 0);
        // MOV ECX,[R10]; MOV [RDI],R11
        run(null, "41 8b 0a 4c 89 1f" + USE + CHANGE + "0f 20 d8 0f 22 d8" + USE_AGAIN);
        assertThat(m.s.gpr[RBX]).isEqualTo(seen);
    }

    /** Each 4-KiB piece goes with INVLPG of any of them. */
    @ParameterizedTest
    @CsvSource({"0f20d80f22d8, 1", "0f20d80f22d80f013e, 2", "0f20d80f22d80f01be00f00100, 2"})
    void largeGlobalPages(String between, int seen) {
        m.write(0x20_0000, 4, 1).write(0, 4, 2);
        m.write(LARGE_ENTRY, 8, 0x20_0000 | PRESENT | GLOBAL | PS);
        m.s.gpr[RSI] = 0x20_0000;
        m.s.gpr[RDI] = LARGE_ENTRY;
        m.s.gpr[RDX] = PRESENT | GLOBAL | PS;
        m.code(USE + CHANGE + between + USE_AGAIN + "f4").run();
        assertThat(m.s.gpr[RBX]).isEqualTo(seen);
    }

    private void run(String kind, String code) {
        long flags = PRESENT | ("global".equals(kind) ? GLOBAL : 0);
        if (kind != null) {
            m.write(TABLE + 8 * (PAGE >>> 12), 8, ONE | flags);
        }
        m.s.gpr[RDI] = TABLE + 8 * (PAGE >>> 12);
        m.s.gpr[RDX] = TWO | flags;
        m.code(code + "f4").run();
    }
}
