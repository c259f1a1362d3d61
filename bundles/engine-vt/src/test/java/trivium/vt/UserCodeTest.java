package trivium.vt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.cpu.VcpuState;
import trivium.x86.InterpreterEngine;

/** User code that is hot, in KVM, has the effects that the interpreter says it has. */
@Timeout(120)
class UserCodeTest {
    private static final long PAGE = 4096, CODE_2 = UserBoard.CODE_FRAME + PAGE;

    /**
     * 60 times: 20,000 rounds of a loop, then a call of the second page.
     *
     * <pre>
     *        MOV R12D, 60
     * outer: MOV ECX, 20000
     * warm:  DEC ECX; JNZ warm
     *        MOV EAX, 401000h; CALL RAX
     *        DEC R12D; JNZ outer
     *        XOR EAX, EAX; SYSCALL
     * </pre>
     */
    private static final String CALLS =
            "41bc3c000000b9204e0000ffc975fcb800104000ffd041ffcc75eb31c00f05";

    @BeforeEach
    void kvmRunsRing3() {
        var obstacle = KvmHost.obstacle();
        assumeTrue(obstacle.isEmpty(), obstacle.orElse(""));
        assumeTrue(Measurement.quick().trapNanos() > 0, "KVM loses the state of what traps");
    }

    /** Runs it in both ways. @return what the vCPU counted in KVM */
    private static Map<String, Long> same(Consumer<UserBoard> program) {
        try (UserBoard vt = new UserBoard();
                UserBoard reference = new UserBoard()) {
            program.accept(vt);
            program.accept(reference);
            vt.run(new VtEngine(VtEngine.Scope.USER));
            reference.run(new InterpreterEngine());
            assertThat(vt.cpu.state().gpr[VcpuState.RAX]).isZero();
            assertThat(vt.end()).isEqualTo(reference.end());
            assertThat(vt.counters.get("kvm-entries")).isPositive();
            assertThat(vt.counters.get("code-pages-vetted")).isPositive();
            return vt.counters;
        }
    }

    @Test
    void instructionsThatTellOfTheHostTellOfTheVm() {
        var counters =
                same(board -> {
                    board.code(UserBoard.CODE_FRAME, CALLS);
                    // XOR EAX, EAX; CPUID; ADD R8, RBX; RDTSC; ADD R9, RAX;
                    // XOR ECX, ECX; XGETBV; SGDT [420000h]; MOV EBX, 2Bh; LSL EAX, EBX;
                    // ADD R10, RAX; RDTSCP; SMSW EAX; ADD R11, RAX; RET
                    board.code(
                            CODE_2,
                            "31c00fa24901d80f314901c131c90f01d00f01042500004200bb2b000000"
                                    + "0f03c34901c20f01f90f01e04901c3c3");
                });

        assertThat(counters.get("code-pages-refused")).isPositive();
    }

    /** XOR EAX, EAX; JMP in + 1; in: MOV EAX, 9090A20Fh; ADD R8, RBX; RET. */
    @Test
    void oneThatHidesInAnotherInstructionIsFound() {
        same(board -> {
            board.code(UserBoard.CODE_FRAME, CALLS);
            board.code(CODE_2, "31c0eb01b80fa290904901d8c3");
        });
    }

    /**
     * The first part of the page is run first: CALL RAX goes to 401000h, where bytes of RDTSC lie
     * in two instructions; its caller's second half then calls 401800h, which has a real one and
     * CPUID.
     *
     * <pre>
     *        MOV R12D, 60
     * outer: MOV ECX, 20000
     * warm:  DEC ECX; JNZ warm
     *        MOV EAX, 401000h
     *        CMP R12D, 30; JNE first; MOV EAX, 401800h
     * first: CALL RAX
     *        DEC R12D; JNZ outer
     *        XOR EAX, EAX; SYSCALL
     * 401000: MOV ECX, R12D; ROL ECX, 15; XOR ECX, EDI; ADD R8, RCX; RET
     * 401800: XOR EAX, EAX; CPUID; ADD R9, RBX; RDTSC; ADD R9, RAX; RET
     * </pre>
     */
    private static void twoFunctions(UserBoard board, String second) {
        board.code(
                UserBoard.CODE_FRAME,
                "41bc3c000000b9204e0000ffc975fcb8001040004183fc1e7505b800184000ffd041ffcc75e031c0"
                        + "0f05");
        board.code(CODE_2, "4489e1c1c10f31f94901c8c3");
        board.code(CODE_2 + 0x800, second);
    }

    @Test
    void bytesAcrossTwoInstructionsThatAreRunDoNoHarm() {
        var counters = same(board -> twoFunctions(board, "4489e14901c9c3"));

        assertThat(counters.get("code-pages-vetted")).isEqualTo(2);
    }

    @Test
    void aRealOneBesideThemTellsOfTheVm() {
        var counters = same(board -> twoFunctions(board, "31c00fa24901d90f314901c1c3"));

        assertThat(counters.get("code-pages-refused")).isPositive();
        assertThat(counters.get("code-pages-vetted")).isEqualTo(1);
    }

    /**
     * Both functions have such bytes, and each runs for a while: until the second one is entered,
     * nobody knows what its bytes are, since those before it are no code.
     *
     * <pre>
     *         MOV EAX, 401000h; CALL RAX; MOV EAX, 401800h; CALL RAX
     *         XOR EAX, EAX; SYSCALL
     * 401000: MOV EDX, 4000000
     * again:  MOV ECX, EDX; ROL ECX, 15; XOR ECX, EDI; ADD R8, RCX; DEC EDX; JNZ again; RET
     * 401800: the same
     * </pre>
     */
    @Test
    void aPageEnteredElsewhereIsLookedAtAgain() {
        String loop = "ba00093d0089d1c1c10f31f94901c8ffca75f2c3";
        var counters =
                same(board -> {
                    board.code(UserBoard.CODE_FRAME, "b800104000ffd0b800184000ffd031c00f05");
                    board.code(CODE_2, loop);
                    board.code(CODE_2 + 0x7c0, "06".repeat(0x40) + loop);
                });

        assertThat(counters.get("code-pages-refused")).isPositive();
        assertThat(counters.get("code-pages-vetted")).isEqualTo(2);
    }

    /** XOR EAX, EAX; JMP 401FFEh; at the end of the page NOP; CPUID; then ADD R8, RBX; RET. */
    @Test
    void oneThatLiesInTwoPagesIsFound() {
        var counters =
                same(board -> {
                    board.code(UserBoard.CODE_FRAME, CALLS);
                    board.code(CODE_2, "31c0e9f70f0000");
                    board.code(CODE_2 + 0xffe, "900fa24901d8c3");
                });

        assertThat(counters.get("code-pages-refused")).isPositive();
    }

    /** The same with IMUL EAX, EBX in place of CPUID. */
    @Test
    void aHarmlessOneMayLieInTwoPages() {
        var counters =
                same(board -> {
                    board.code(UserBoard.CODE_FRAME, CALLS);
                    board.code(CODE_2, "31c0e9f70f0000");
                    board.code(CODE_2 + 0xffe, "900fafc34901d8c3");
                });

        assertThat(counters).doesNotContainKey("code-pages-refused");
        assertThat(counters.get("code-pages-vetted")).isEqualTo(3);
    }

    /**
     * Puts CPUID into the loop that runs, and takes it out again.
     *
     * <pre>
     *        MOV R12D, 40
     * outer: MOV ECX, 20000
     * warm:  DEC ECX; JNZ warm
     *        XOR EAX, EAX; XOR EBX, EBX
     * here:  NOP; NOP
     *        ADD R8, RBX
     *        MOV EDX, 9090h; MOV EBX, 5107h; ADD EBX, EBX; INC EBX
     *        MOV EAX, R12D; AND EAX, 1; CMOVZ EDX, EBX
     *        MOV [RSI + here - 400000h], DX
     *        DEC R12D; JNZ outer
     *        XOR EAX, EAX; SYSCALL
     * </pre>
     */
    private static final String CHANGES_ITSELF =
            "41bc28000000b9204e0000ffc975fc31c031db90904901d8ba90900000bb0751000001"
                    + "dbffc34489e083e0010f44d36689961300000041ffcc75cb31c00f05";

    @Test
    void onesThatAProgramWritesIntoItsOwnPageAreFound() {
        same(board -> {
            long rights = UserBoard.P | UserBoard.RW | UserBoard.US | UserBoard.A | UserBoard.D;
            board.map(UserBoard.USER, UserBoard.CODE_FRAME, rights);
            board.code(UserBoard.CODE_FRAME, CHANGES_ITSELF);
            board.cpu.state().gpr[6] = UserBoard.USER;
        });
    }

    @Test
    void onesThatAProgramWritesElsewhereForItsOwnPageAreFound() {
        same(board -> {
            long alias = UserBoard.USER + 0x10_0000;
            board.map(
                    alias,
                    UserBoard.CODE_FRAME,
                    UserBoard.P | UserBoard.RW | UserBoard.US | UserBoard.NX);
            board.code(UserBoard.CODE_FRAME, CHANGES_ITSELF);
            board.cpu.state().gpr[6] = alias;
        });
    }

    /**
     * Reads and writes pages that were neither read nor written, is taken the right to write one,
     * or the page, or gets another one in its place, while it is hot; each time its faults are
     * added up, with their error codes.
     */
    @Test
    void rightsAndAccessedAndDirtyBitsAreThoseOfTheTables() {
        var counters =
                same(board ->
                        board.code(
                                UserBoard.CODE_FRAME,
                                "41bc06000000b9a0860100ffc975fcba00004200b910000000488b024901c0f7c1"
                                        + "01000000740448ff42084881c200100000ffc975e3ba0000420048bf0081"
                                        + "00000080ffffbe2500020041f7c4010000007405be67100200b801000000"
                                        + "0f05b9a0860100ffc975fc488d2d0b00000048c702050000004983c2014d"
                                        + "01e94d01f1be67000200b8010000000f05be20000200b8010000000f05b9"
                                        + "a0860100ffc975fc488d2d0a0000004c031a4981c2000100004d01e9be67"
                                        + "000200b8010000000f0541ffcc0f853cffffff31c00f05"));

        assertThat(counters.get("kvm-exit-trap")).isPositive();
    }

    /**
     * <pre>
     * outer: 20,000 rounds; INT3; NOP; INT 3; NOP; INT3 with a prefix;
     *        a read of ffff900000000000h, to which the handler knows how to go on; UD2; NOP
     *        40 times; PUSHFQ; POP R10; MOV EAX, CS; MOV EBX, SS; the end
     * </pre>
     */
    @Test
    void trapsAreDeliveredOnceAndWhereTheyBelong() {
        same(board ->
                board.code(
                        UserBoard.CODE_FRAME,
                        "41bc28000000b9204e0000ffc975fccc90cd039066cc48bd2d0040000000000048b8"
                                + "000000000090ffff4c03004d01e90f0b9041ffcc75ce9c415a8cc88cd331c00f05"));
    }

    /** MOV EAX, DS; ADD R9, RAX; PUSHFQ; POP RAX; ADD R8, RAX; MOV EAX, CS; ADD R9, RAX; RET. */
    @Test
    void selectorsAndFlagsAreTheGuests() {
        same(board -> {
            board.code(UserBoard.CODE_FRAME, CALLS);
            board.code(CODE_2, "8cd84901c19c584901c08cc84901c1c3");
            board.cpu.state().segments[VcpuState.DS].set(0x2b, 0, 0xffff_ffffL, 0xc0f3);
            board.cpu.state().rflags = 2;
        });
    }
}
