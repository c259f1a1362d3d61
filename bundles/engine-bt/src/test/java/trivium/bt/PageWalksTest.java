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
 * Page walks and INVLPG in host code end as in the interpreter, and come to Java only if they must.
 */
class PageWalksTest extends ProgramTest {
    private static final Mode[] PAGED = {Mode.PROTECTED32, Mode.PAE, Mode.LONG};

    private static final long P = 1,
            RW = 2,
            US = 4,
            A = 1 << 5,
            D = 1 << 6,
            PS = 1 << 7,
            G = 1 << 8;
    private static final long NX = 1L << 63, RESERVED = 1L << 50;
    private static final long PSE = 1 << 4, PGE = 1 << 7;
    private static final int ITERATIONS = 20;

    /** MOV EDI,FAR + DATA; MOV ESI,FAR + DATA; MOV ECX,20. */
    private static final String START =
            "bf"
                    + hex(TestBoard.FAR + TestBoard.DATA, 4)
                    + "be"
                    + hex(TestBoard.FAR + TestBoard.DATA, 4)
                    + "b9"
                    + hex(ITERATIONS, 4);

    private static final String LOAD = "8b07 01c3", STORE = "891f 83c303", MODIFY = "010f";
    private static final String INVLPG = "0f013f", NOP = "90";

    /** What is set and cleared in the page's entry, and in the directory's. */
    private record Tables(long set, long clear, long upperSet, long upperClear) {
        /** Whether the walk has nothing that is left to Java. */
        boolean plain(boolean write, int ring) {
            return (set & ~G) == 0
                    && (upperSet & ~(PS | G)) == 0
                    && ((clear | upperClear) & P) == 0
                    && (!write || ((clear | upperClear) & RW) == 0)
                    && (ring == 0 || ((clear | upperClear) & US) == 0);
        }
    }

    static List<Arguments> walks() {
        List<Arguments> all = new ArrayList<>();
        for (Mode mode : PAGED) {
            for (int ring : mode == Mode.PAE ? new int[] {0} : new int[] {0, 3}) {
                for (String access : List.of(LOAD, STORE, MODIFY)) {
                    for (Tables tables : tables(mode)) {
                        all.add(Arguments.of(mode, ring, access, tables));
                    }
                }
            }
        }
        return all;
    }

    private static List<Tables> tables(Mode mode) {
        List<Tables> all = new ArrayList<>();
        for (long set : new long[] {0, G, PS, NX, RESERVED}) {
            if (set == (int) set || mode != Mode.PROTECTED32) {
                all.add(new Tables(set, 0, 0, 0));
                all.add(new Tables(0, 0, set & ~PS, A));
            }
        }
        for (long clear : new long[] {A, D, A | D, RW, US, P, RW | D}) {
            all.add(new Tables(0, clear, 0, 0));
            all.add(new Tables(0, A | D, 0, clear & ~D | A));
        }
        all.add(new Tables(0, 0, 1L << 40 & (mode == Mode.PROTECTED32 ? 0 : -1), 0));
        return all;
    }

    @ParameterizedTest
    @MethodSource("walks")
    void endsAsInterpreted(Mode mode, int ring, String access, Tables tables) {
        String code =
                START + access + (ring == 0 ? INVLPG : NOP.repeat(3)) + "83e901" + jump(access);
        try (TestBoard board = sameEnd(e -> prepared(mode, e, ring, tables).code(code))) {
            if (tables.plain(!access.equals(LOAD), ring)) {
                long exits = board.counter("exit-tlb-read") + board.counter("exit-tlb-write");
                assertThat(exits).isZero();
                assertThat(board.counter("exit-invlpg")).isZero();
            }
        }
    }

    static List<Arguments> largePages() {
        List<Arguments> all = new ArrayList<>();
        for (Mode mode : PAGED) {
            for (int ring : mode == Mode.PAE ? new int[] {0} : new int[] {0, 3}) {
                for (String access : List.of(LOAD, STORE, MODIFY)) {
                    for (long set : new long[] {0, G, 1 << 12, 1 << 13, 1 << 20, NX, RESERVED}) {
                        if (set == (int) set || mode != Mode.PROTECTED32) {
                            all.add(Arguments.of(mode, ring, access, set, 0, PSE | PGE));
                        }
                    }
                    for (long clear : new long[] {A, D, A | D, RW, US, RW | D}) {
                        all.add(Arguments.of(mode, ring, access, G, clear, PSE | PGE));
                    }
                    all.add(Arguments.of(mode, ring, access, G, 0, PSE));
                    all.add(Arguments.of(mode, ring, access, 0, 0, 0));
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("largePages")
    void ofLargePages(Mode mode, int ring, String access, long set, long clear, long cr4) {
        String code =
                START + access + (ring == 0 ? INVLPG : NOP.repeat(3)) + "83e901" + jump(access);
        try (TestBoard board =
                sameEnd(e -> {
                    TestBoard made = new TestBoard(mode, e);
                    if (mode != Mode.PAE) {
                        made.rings(ring);
                    }
                    made.state().cr4 |= cr4;
                    long all = P | RW | US | A | D | PS;
                    return made.change(made.farEntry(), all & ~clear | set, -1).code(code);
                })) {
            boolean permitted =
                    (access.equals(LOAD) || (clear & RW) == 0) && (ring == 0 || (clear & US) == 0);
            boolean large = mode != Mode.PROTECTED32 || (cr4 & PSE) != 0;
            long allowed = G | 1 << 12 | (mode == Mode.LONG ? NX : 0);
            boolean reserved = (set & ~allowed) != 0;
            if (permitted && large && !reserved) {
                long exits = board.counter("exit-tlb-read") + board.counter("exit-tlb-write");
                assertThat(exits).isZero();
            }
        }
    }

    /** INVLPG anywhere in a large page concerns all of it; a write of CR3, if it is not global. */
    @ParameterizedTest
    @MethodSource("paged")
    void largePageThatChanges(Mode mode) {
        for (long global : new long[] {0, G}) {
            for (String drop : List.of("0f013b", "0f20d80f22d8")) {
                sameEnd(
                                e -> {
                                    TestBoard board = new TestBoard(mode, e);
                                    board.state().cr4 |= PSE | PGE;
                                    long large = P | RW | US | A | D | PS | global;
                                    long small = board.memory().read(board.farEntry(), 4);
                                    board.change(board.farEntry(), large, -1);
                                    return board.code(
                                            "bf" // MOV EDI,FAR + ALIAS: DATA in small pages
                                                    + hex(TestBoard.FAR + TestBoard.ALIAS, 4)
                                                    + "bb"
                                                    + hex(TestBoard.FAR + TestBoard.MORE, 4)
                                                    + "be"
                                                    + hex(board.farEntry(), 4)
                                                    + "b9"
                                                    + hex(ITERATIONS, 4)
                                                    + "0307 c1c005 0303" // ADD EAX,[EDI]; ROL EAX,5
                                                    + "8136" // XOR [ESI],large ^ small
                                                    + hex(large ^ small, 4)
                                                    + drop
                                                    + "0307 83e901"
                                                    + "75"
                                                    + hex(-(18 + drop.length() / 2), 1));
                                })
                        .close();
            }
        }
    }

    private static TestBoard prepared(Mode mode, ExecutionEngine engine, int ring, Tables tables) {
        TestBoard board = new TestBoard(mode, engine);
        if (mode != Mode.PAE) {
            board.rings(ring);
        }
        int page = board.leafEntry(TestBoard.DATA);
        board.change(page, tables.set, tables.clear);
        return board.change(board.farEntry(), tables.upperSet, tables.upperClear);
    }

    /** JNZ back to the access. */
    private static String jump(String access) {
        int bytes = access.replace(" ", "").length() / 2 + 3 + 3 + 2;
        return "75" + hex(-bytes, 1);
    }

    static List<Mode> paged() {
        return List.of(PAGED);
    }

    /**
     * Loads before and behind see one page, and behind the INVLPG that comes between, the other.
     */
    @ParameterizedTest
    @MethodSource("paged")
    void invlpgBetweenNeighbours(Mode mode) {
        sameEnd(
                        e -> {
                            TestBoard board = new TestBoard(mode, e);
                            return board.code(
                                    START
                                            + "be"
                                            + hex(board.leafEntry(TestBoard.DATA), 4)
                                            + "8b07 01c3" // MOV EAX,[EDI]; ADD EBX,EAX
                                            + "8136"
                                            + hex(
                                                    TestBoard.DATA ^ TestBoard.MORE,
                                                    4) // XOR [ESI],...
                                            + "035f04" // ADD EBX,[EDI+4]
                                            + INVLPG
                                            + "035f08 c1c305" // ADD EBX,[EDI+8]; ROL EBX,5
                                            + "83e901 75e3"); // SUB ECX,1; JNZ
                        })
                .close();
    }

    private static String hex(long value, int bytes) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < bytes; i++) {
            b.append("%02x".formatted(value >>> 8 * i & 0xff));
        }
        return b.toString();
    }
}
