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
import java.util.HexFormat;
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
        return by.of(page.address(), 0);
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
        "f3480faed8, wrgsbase",
        "b80fa29090, in an immediate operand"
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
}
