package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.bt.TestBoard.ABSENT;
import static trivium.bt.TestBoard.ALIAS;
import static trivium.bt.TestBoard.CODE;
import static trivium.bt.TestBoard.DATA;
import static trivium.bt.TestBoard.DEVICE;
import static trivium.bt.TestBoard.FAR;
import static trivium.bt.TestBoard.MORE;
import static trivium.bt.TestBoard.READ_ONLY;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.mmu.MmuStrategy;
import trivium.mmu.shadow.internal.ShadowStrategy;
import trivium.x86.InterpreterEngine;
import trivium.x86.fuzz.Differ;
import trivium.x86.fuzz.Generator.Mix;
import trivium.x86.fuzz.WalkingStrategy;

/** Code that finds memory in the window ends as in the interpreter, whatever faults there. */
class WindowsTest extends ProgramTest {
    private static final int PROGRAMS = 250, LOOPS = 6;

    private static final int[] ADDRESSES = {
        DATA + 0x10,
        DATA + 0xffe,
        ABSENT - 2,
        ABSENT + 4,
        READ_ONLY + 8,
        READ_ONLY - 3,
        DEVICE + 4,
        DEVICE - 2,
        ALIAS + 0x10,
        CODE + 0x800,
        FAR + DATA,
        -2,
    };

    private final MmuStrategy shadow = new ShadowStrategy(new WalkingStrategy());

    WindowsTest() {
        super(new BtEngine(1 << 20, 1, 0));
    }

    private TestBoard board(Mode mode, ExecutionEngine engine) {
        boolean reference = engine instanceof InterpreterEngine;
        return new TestBoard(mode, engine, reference ? new WalkingStrategy() : shadow).rings(3);
    }

    // spotless:off
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', value = {
        "add eax, [ebx]; 0303",
        "adc [ebx], eax; 1103",
        "sub dword [ebx], 5; 832b05",
        "cmp [ebx], edx; 3913",
        "cmp eax, [ebx]; 3b03",
        "cmp byte [ebx], 7; 803b07",
        "test [ebx], eax; 8503",
        "test dword [ebx], 0x1234; f70334120000",
        "xor [ebx], dx; 663113",
        "inc dword [ebx]; ff03",
        "dec word [ebx]; 66ff0b",
        "neg byte [ebx]; f61b",
        "not dword [ebx]; f713",
        "mov eax, [ebx]; 8b03",
        "mov ebx, [ebx]; 8b1b",
        "mov [ebx], eax; 8903",
        "mov word [ebx], 0x1234; 66c7033412",
        "mov al, [ebx]; 8a03",
        "mov ah, [ebx]; 8a23",
        "mov [ebx], dh; 8833",
        "movzx ebx, byte [ebx]; 0fb61b",
        "movsx edx, word [ebx]; 0fbf13",
        "xchg eax, [ebx]; 8703",
        "xchg ebx, [ebx]; 871b",
        "lock add [ebx], eax; f00103",
        "xadd [ebx], eax; 0fc103",
        "cmpxchg [ebx], edx; 0fb113",
        "lock cmpxchg [ebx], edx; f00fb113",
        "cmpxchg8b [ebx]; 0fc70b",
        "shl dword [ebx], 3; c12303",
        "sar dword [ebx], cl; d33b",
        "rcl dword [ebx], 1; d113",
        "ror word [ebx], cl; 66d30b",
        "shld [ebx], eax, 5; 0fa40305",
        "shrd [ebx], eax, cl; 0fad03",
        "mul dword [ebx]; f723",
        "imul edx, [ebx]; 0faf13",
        "imul edx, [ebx], 77; 6b134d",
        "div dword [ebx]; f733",
        "idiv dword [ebx]; f73b",
        "push dword [ebx]; ff33",
        "pop dword [ebx]; 8f03",
        "bsf edx, [ebx]; 0fbc13",
        "bsr ebx, [ebx]; 0fbd1b",
        "bts [ebx], eax; 0fab03",
        "btc dword [ebx], 9; 0fba3b09",
        "setle [ebx]; 0f9e03",
        "cmovle edx, [ebx]; 0f4e13",
        "cmovg ebx, [ebx]; 0f4f1b",
        "cmovs bx, [ebx]; 660f481b",
        "popcnt edx, [ebx]; f30fb813",
        "crc32 edx, byte [ebx]; f20f38f013",
        "fld dword [ebx]; d903",
        "fadd qword [ebx]; dc03",
        "fstp qword [ebx]; dd1b",
        "fild word [ebx]; df03",
        "fistp qword [ebx]; df3b",
        "fstp tword [ebx]; db3b",
        "fldcw [ebx]; d92b",
        "fnstcw [ebx]; d93b",
        "fnstsw [ebx]; dd3b",
        "movd xmm1, [ebx]; 660f6e0b",
        "movq [ebx], xmm1; 660fd60b",
        "movups xmm1, [ebx]; 0f100b",
        "movaps xmm2, [ebx]; 0f2813",
        "paddd xmm1, [ebx]; 660ffe0b",
        "addss xmm1, [ebx]; f30f580b",
        "ucomiss xmm1, [ebx]; 0f2e0b",
        "movups [ebx], xmm2; 0f1113",
        "movnti [ebx], eax; 0fc303",
        "pshufb mm1, [ebx]; 0f38000b",
        "ldmxcsr [ebx]; 0fae13",
        "stmxcsr [ebx]; 0fae1b",
        "cvttss2si edx, [ebx]; f30f2c13",
        "pinsrw xmm1, [ebx], 3; 660fc40b03",
        "pextrd [ebx], xmm1, 1; 660f3a160b01",
        "jmp [ebx]; ff23",
        "call [ebx]; ff13",
        "rep stosd; f3ab",
        "lodsd; ad",
        "movsb; a4",
        "cmpsd; a7",
        "scasb; ae",
        "xlatb; d7",
        "leave; c9",
        "pusha; 60",
        "popa; 61",
        "enter 16, 0; c8100000",
        "les edx, [ebx]; c413",
        "bound edx, [ebx]; 6213",
    })
    // spotless:on
    void everyAccessEverywhere(String name, String code) {
        for (int address : ADDRESSES) {
            try (TestBoard board =
                    sameEnd(
                            "%s at %#x".formatted(name, address),
                            e ->
                                    board(Mode.PROTECTED32, e)
                                            .registers(r -> register(r, address))
                                            .code(loop(code)))) {
                assertThat(board.counter("instructions-native")).isPositive();
            }
        }
    }

    private static long register(int r, int address) {
        return switch (r) {
            case 3 -> address & 0xffff_ffffL;
            case 6 -> DATA + 0x40;
            case 7 -> MORE + 0x40;
            default -> r;
        };
    }

    /** Six times over, with all flags of interest before it and after it. */
    private static String loop(String code) {
        // 1: mov eax, 0x7fffffff; mov ebp, ebx; mov edx, 0x8000; add eax, edx
        String before = "b8ffffff7f 89dd ba00800000 01d0".replace(" ", "");
        int bytes = (before.length() + code.length()) / 2;
        // mov ecx, LOOPS; ...; dec ecx; jnz 1b
        HexFormat hex = HexFormat.of();
        return "b9%s000000".formatted(hex.toHexDigits((byte) LOOPS))
                + before
                + code
                + "490f85"
                + hex.toHexDigits(Integer.reverseBytes(-(bytes + 7)));
    }

    /** Pushes, calls and returns on a stack that ends on a page that is not there. */
    @ParameterizedTest
    @EnumSource(names = {"PROTECTED32", "PAE"})
    void theStackGrowsOffItsPage(Mode mode) {
        // 1: push esp; push eax; push 5; call 2f; pop edx; loop 1b; 2: add [esp+8], eax; ret 4
        String code = "54506a05e8050000005ae2f5eb0701442408c20400";
        for (int slots = 1; slots < 12; slots++) {
            long top = ABSENT + 4096 + 4 * slots;
            sameEnd(
                            slots + " slots",
                            e -> {
                                TestBoard board = board(mode, e).code(code);
                                board.state().gpr[4] = top;
                                board.state().gpr[1] = 3;
                                return board;
                            })
                    .close();
        }
    }

    /** A page that is open is stored to, given to another linear address, taken away. */
    @ParameterizedTest
    @EnumSource(names = {"PROTECTED32", "PAE"})
    void tablesChangeUnderTheWindow(Mode mode) {
        // mov ecx, 500; 1: mov eax, [0x20010]; add [0x20014], eax; int 0x20; dec ecx; jnz 1b
        String code = "b9f4010000 a110000200 010514000200 cd20 49 75f0";
        sameEnd(
                        "tables",
                        e -> {
                            TestBoard board = board(mode, e).code(code);
                            int entry = board.leafEntry(DATA);
                            // xor dword [entry], 0x10000; invlpg [0x20000]; iret
                            board.handler(
                                    0x20,
                                    0xee,
                                    0,
                                    "8135"
                                            + HexFormat.of()
                                                    .toHexDigits(Integer.reverseBytes(entry))
                                            + "00000100 0f013d00000200 cf".replace(" ", ""));
                            return board;
                        })
                .close();
    }

    /** Windows are used indeed, and faults in them are few. */
    @Test
    void opensEachPageOnce() {
        // mov ecx, 100000; 1: mov eax, [esi]; add [edi], eax; dec ecx; jnz 1b
        String code = "b9a0860100 8b06 0107 49 75f9";
        try (TestBoard board =
                sameEnd(
                        "two pages",
                        e ->
                                board(Mode.PROTECTED32, e)
                                        .registers(r -> register(r, 0))
                                        .code(code))) {
            assertThat(board.counter("exit-window")).isBetween(1L, 8L);
            assertThat(board.counter("window-pages-opened")).isBetween(2L, 8L);
            assertThat(board.counter("window-on")).isOne();
        }
    }

    /** On where the guest stays in an address space, off where it changes them all the time. */
    @Test
    void areForWhoStays() {
        // mov ecx, 40000000; 1: mov eax, [esi]; add [edi], eax; dec ecx; jnz 1b
        // mov ecx, 5000; 2: mov eax, [esi]; add [edi], eax; int 0x20; dec ecx; jnz 2b
        String code = "b9005a6202 8b06 0107 49 75f9 b988130000 8b06 0107 cd20 49 75f7";
        BtEngine sampled = new BtEngine(1 << 20, 1, 3);
        try (TestBoard board =
                board(Mode.PROTECTED32, sampled).registers(r -> register(r, 0)).code(code)) {
            // mov eax, cr3; mov cr3, eax; iret
            board.handler(0x20, 0xee, 0, "0f20d80f22d8cf");
            board.run(10_000_000);
            assertThat(board.counter("window-on")).isZero();
            for (int i = 0; i < 14; i++) {
                board.run(10_000_000);
            }
            assertThat(board.counter("window-on")).isOne();
            assertThat(board.counter("exit-window")).isBetween(2L, 8L);
            board.run(20_000_003);
            for (int i = 0; i < 7; i++) {
                board.run(5_000);
            }
            assertThat(board.counter("window-on")).isZero();
            assertThat(board.counter("window-times-off")).isOne();
        }
    }

    @ParameterizedTest
    @MethodSource("trivium.bt.RandomProgramsTest#mixes")
    void randomProgramsEndAsInTheInterpreter(Mix mix) {
        try (Differ differ = new Differ(engine, shadow)) {
            for (int seed = 0; seed < PROGRAMS; seed++) {
                if (differ.check(seed, mix) instanceof Differ.Different different) {
                    assertThat(different.report()).isEmpty();
                }
            }
            assertThat(differ.counter("exit-window")).isGreaterThan(PROGRAMS / 10);
        }
    }
}
