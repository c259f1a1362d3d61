package trivium.vt;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.vt.Vetting.HOST;
import static trivium.vt.Vetting.OPEN;
import static trivium.vt.Vetting.PUSHF;
import static trivium.vt.Vetting.SEGMENTS;
import static trivium.vt.Vetting.SELECTORS;
import static trivium.vt.Vetting.SYSCALL;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VettingTest {
    private static final int PAGE = 4096;
    private final MemorySegment page = Arena.ofAuto().allocate(PAGE, PAGE);
    private final Vetting vetting = new Vetting(true);

    /** A page of NOPs with something in it. */
    private int found(Vetting by, int at, String hex) {
        page.fill((byte) 0x90);
        byte[] bytes = HexFormat.of().parseHex(hex);
        MemorySegment.copy(bytes, 0, page, ValueLayout.JAVA_BYTE, at, bytes.length);
        by.look(page.address());
        return by.of(new BitSet());
    }

    @ParameterizedTest
    @CsvSource({
        "0fa2, cpuid",
        "0f31, rdtsc",
        "0f33, rdpmc",
        "0f01f9, rdtscp",
        "0f01d0, xgetbv",
        "0f01ee, rdpkru",
        "0f01d9, vmmcall",
        "f30fc7f8, rdpid",
        "0fc7f0, rdrand",
        "0fc7f8, rdseed",
        "0fc721, xsavec",
        "0fae00, fxsave",
        "0fae21, xsave",
        "0fae29, xrstor",
        "f30faec0, rdfsbase",
        "f3480faed8, wrgsbase"
    })
    void findsWhatTellsOfTheHost(String hex, String what) {
        for (int at : new int[] {0, 1, 2047, PAGE - hex.length() / 2}) {
            assertThat(found(vetting, at, hex)).as("%s at %d", what, at).isEqualTo(HOST);
        }
    }

    @ParameterizedTest
    @CsvSource({"0f0100, sgdt", "0f0108, sidt", "0f0120, smsw", "0f00c0, sldt", "0f00c8, str"})
    void findsWhatFaultsOnlyUnderUmip(String hex, String what) {
        assertThat(found(new Vetting(false), 100, hex)).as(what).isEqualTo(HOST);
        assertThat(found(vetting, 100, hex)).as(what).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "8ed8, mov ds ax",
        "0fa1, pop fs",
        "0fb408, lfs",
        "48cb, retf",
        "48cf, iretq",
        "ff28, jmp far",
        "9d, popf",
        "0f02c0, lar",
        "0f03c0, lsl",
        "0f00e0, verr",
        "0f00e8, verw"
    })
    void findsWhatHasToDoWithSegments(String hex, String what) {
        assertThat(found(vetting, 100, hex)).as(what).isEqualTo(SEGMENTS);
        // behind MOV RAX, imm64 it is no instruction
        assertThat(found(vetting, 100, "48b8" + "11".repeat(8 - hex.length() / 2) + hex)).isZero();
    }

    @Test
    void findsWhatTellsOfSelectorsAndFlags() {
        assertThat(found(vetting, 5, "8cc8")).isEqualTo(SELECTORS);
        assertThat(found(vetting, 5, "0fa0")).isEqualTo(SELECTORS);
        assertThat(found(vetting, 5, "9c")).isEqualTo(PUSHF);
        assertThat(found(vetting, 5, "0f05")).isEqualTo(SYSCALL);
    }

    @ParameterizedTest
    @CsvSource({
        "0faf00, imul",
        "0fae08, fxrstor",
        "0fae10, ldmxcsr",
        "0faee8, lfence",
        "0faef0, mfence",
        "0fae38, clflush",
        "0fc709, cmpxchg8b",
        "480fc70f, cmpxchg16b",
        "0f8c01000000, jl",
        "0f1f00, nop",
        "cc, int3",
        "0f0b, ud2",
        "0fb6c0, movzx"
    })
    void leavesWhatIsTheSameEverywhere(String hex, String what) {
        assertThat(found(vetting, 100, hex)).as(what).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "0f, a290, true", "0f, 3190, true", "0f, 01d0, true", "0f, 0110, false",
        "0f, af90, false", "0f, c7f0, true", "0f, c708, false", "0f01, f990, true",
        "0f01, 1090, false", "0fae, 2090, true", "0fae, f090, false", "0fc7, f890, true"
    })
    void asksForTheNextPageWhereItMust(String last, String first, boolean tells) {
        assertThat(found(vetting, PAGE - last.length() / 2, last) & (HOST | OPEN)).isEqualTo(OPEN);
        byte[] end = vetting.edge(true);
        found(vetting, 0, first);

        assertThat(vetting.tell(end, vetting.edge(false))).isEqualTo(tells);
    }

    /** Bytes at offsets (hex), among others, and where it was entered (hex). */
    private int entered(int others, String bytes, String entries) {
        page.fill((byte) others);
        for (String each : bytes.split(" ")) {
            String[] part = each.split(":");
            byte[] code = HexFormat.of().parseHex(part[1]);
            int at = Integer.parseInt(part[0], 16);
            MemorySegment.copy(code, 0, page, ValueLayout.JAVA_BYTE, at, code.length);
        }
        BitSet set = new BitSet();
        for (String entry : entries.split(" ")) {
            set.set(Integer.parseInt(entry, 16));
        }
        vetting.look(page.address());
        return vetting.of(set);
    }

    // spotless:off
    @ParameterizedTest(name = "{3}")
    @CsvSource({
        "100:b80fa29090c3,              100,     0,  in an immediate operand",
        "100:b80fa29090c3,              101,     1,  entered in the middle of it",
        "100:b80fa29090c3,              100 101, 1,  entered in both ways",
        "100:c1c10f31f9c3,              100,     0,  across two instructions",
        "100:c1c10f31f9c3,              200,     1,  entered elsewhere",
        "100:c1c10f31f9c3,              103,     1,  half of it known alone",
        "100:0f31c3,                    100,     1,  itself",
        "100:66480f31c3,                100,     1,  itself with prefixes",
        "100:f34866480f31c3,            101,     1,  itself between prefixes",
        "100:90c3b80fa29090c3,          100,     1,  behind a RET",
        "100:90c3b80fa29090c3,          100 102, 0,  behind a RET and entered there",
        "100:eb0090b80fa29090c3,        100,     0,  behind a JMP over nothing",
        "100:ffe0b80fa29090c3,          100,     1,  behind an indirect JMP",
        "100:0f0bb80fa29090c3,          100,     1,  behind a UD2",
        "100:ccb80fa29090c3,            100,     1,  behind an INT3",
        "100:b80fa29090c3 180:e97bffffff,     180, 0, led to by a backward JMP",
        "100:b80fa29090c3 180:0f847affffff,   180, 0, led to by a backward JE",
        "100:b80fa29090c3 180:e87bffffffc3,   180, 0, led to by a CALL",
        "100:b80fa29090c3 180:e2fee07c,       180, 1, led to by nothing",
        "100:b80fa29090c3 180:e97cffffff,     180, 1, a JMP into the middle of it",
        "100:b80fa29090c3 180:66e97affffff,   180, 1, a JMP that CPUs take differently",
        "100:e800000000b80fa29090c3,    100,     0,  behind a CALL",
        "100:06b80fa29090c3,            100,     1,  behind what is no instruction",
        "100:c5f877b80fa29090c3,        100,     1,  behind one that the VM's CPU lacks",
        "100:f0b80fa29090c3,            100,     1,  in one with a bad LOCK",
        "ffb:48b8111111,              ffb,     0,  nothing",
        "ffc:b811110f,                  ffc,     0,  in an operand that goes on in the next page",
        "ffe:b80f,                      ffe,     0,  at the very end in an operand",
        "fff:0f,                        fff,     32, at the very end itself",
        "ffe:660f,                      ffe,     32, at the very end behind a prefix",
        "ffe:b80f,                      fff,     32, at the very end entered in the middle",
        "ffe:900f,                      100,     32, at the very end and not known",
        "ffd:c1c00f,                    ffd,     0,  at the very end of an instruction",
        "0:b80fa29090c3,                0,       0,  at the begin",
        "0:0fa290c3,                    3,       1,  at the begin and not known"
    })
    void passesOverTheMiddlesOfKnownInstructions(String bytes, String entries, int found, String what) {
        // 06 is no instruction
        assertThat(entered(0x06, bytes, entries)).isEqualTo(found);
    }
    // spotless:on

    // spotless:off
    @ParameterizedTest(name = "{3}")
    @CsvSource({
        "100:b80fa29090c3,           90, 0, in an immediate operand",
        "100:c1c10f31f9c3,           90, 0, across two instructions",
        "100:0f31c3,                 90, 1, itself",
        "100:66480f31c3,             90, 1, itself with prefixes",
        "101:0f31c3,                 f4, 1, itself behind HLT",
        "fc:b8909090b80fa29090c3,    90, 1, itself where a jump may lead",
        "f8:b80fa29090b80fa29090c3,  90, 0, in two",
        "100:b80fa29090c3,           06, 1, behind what is no instruction",
        "c1:c5f877 100:b80fa29090c3, 90, 1, behind one that the VM's CPU lacks",
        "a1:06 100:b80fa29090c3,     90, 0, far behind what is no instruction",
        "100:b80fa29090c3,           b8, 1, where readings do not agree",
        "40:b80fa29090c3,            90, 1, too near to the page's begin",
        "ffe:b80f,                   90, 0, at the very end in an operand",
        "ffe:900f,                   90, 32, at the very end itself"
    })
    void passesOverTheMiddlesOfWhatReadsAsOneInstruction(
            String bytes, String others, int found, String what) {
        assertThat(entered(Integer.parseInt(others, 16), bytes, "800")).isEqualTo(found);
    }
    // spotless:on

    /** Each entry of a page of random bytes is followed to an end. */
    @Test
    void randomBytesAreFollowedToAnEnd() {
        Random random = new Random(4);
        byte[] bytes = new byte[PAGE];
        BitSet all = new BitSet(), none = new BitSet();
        all.set(0, PAGE);
        for (int i = 0; i < 200; i++) {
            random.nextBytes(bytes);
            MemorySegment.copy(bytes, 0, page, ValueLayout.JAVA_BYTE, 0, PAGE);
            vetting.look(page.address());
            // what begins everywhere hides nothing
            assertThat(vetting.of(all) & HOST).isGreaterThanOrEqualTo(vetting.of(none) & HOST);
        }
    }
}
