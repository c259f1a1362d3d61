package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.x86.ProtectedMachine.*;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Segment loads, checks of accesses, and the instructions that ask about descriptors. */
class SegmentTest {
    private static final long ZF = 1 << 6;

    private final ProtectedMachine p = new ProtectedMachine();
    private final TestMachine m = p.m;

    private static int hex(String digits) {
        return Integer.parseInt(digits, 16);
    }

    @ParameterizedTest
    @CsvSource({
        // register field, selector, rights at 58h, expected
        "0, 58, c092, ok",
        "0, 5b, c092, 13(58) 1000", // RPL 3 of DPL 0
        "0, 58, c012, 11(58) 1000", // not present
        "0, 58, c098, 13(58) 1000", // code that cannot be read
        "0, 58, c09a, ok", // readable code
        "0, 5b, c09e, ok", // conforming
        "0, 58, 0082, 13(58) 1000", // LDT descriptor
        "0, 0, c092, ok",
        "0, 100, c092, 13(100) 1000",
        "0, 5c, c092, 13(5c) 1000", // LDT, and there is none
        "2, 0, c092, 13(0) 1000", // SS: null
        "2, 58, c090, 13(58) 1000", // read-only
        "2, 58, c012, 12(58) 1000", // not present
        "2, 5b, c0f2, 13(58) 1000", // wrong level
        "2, 58, c092, ok",
    })
    void movToSegment(int register, String selector, String rights, String expected) {
        p.descriptor(FREE, 0, 0xfffff, hex(rights));
        m.s.gpr[RAX] = hex(selector);
        m.s.ldtr.attributes = 0;
        m.code("8e %02x f4".formatted(0xc0 | register << 3));
        if (expected.equals("ok")) {
            assertThat(p.vector()).isEqualTo(-1);
            boolean isNull = hex(selector) == 0;
            assertThat(m.read(GDT + FREE + 5, 1) & 1).isEqualTo(isNull ? 0 : 1);
        } else {
            assertThat(p.fault()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // rights, limit, offset, write, faults
        "0093, ff, 100, false, true",
        "0093, ff, fd, false, true",
        "0093, ff, fc, false, false",
        "0091, ff, 0, true, true", // read-only
        "0091, ff, 0, false, false",
        "009b, ff, 0, true, true", // code
        "0097, ff, fc, false, true", // expand-down: from 100 on
        "0097, ff, 100, true, false",
        "0097, ff, fffe, true, true", // beyond 64 KiB
        "4097, ff, fffe, true, false",
        "0000, ff, 0, false, true", // null
    })
    void accessChecks(String rights, String limit, String offset, boolean write, boolean faults) {
        m.s.segments[ES].set(0, 0x6000, hex(limit), hex(rights));
        m.s.gpr[RBX] = hex(offset);
        m.code(write ? "26 89 03 f4" : "26 8b 03 f4");
        if (faults) {
            assertThat(p.fault()).isEqualTo("13(0) 1000");
        } else {
            assertThat(p.vector()).isEqualTo(-1);
        }
    }

    @Test
    void alignmentCheckAtRing3() {
        p.ring3();
        m.s.cr0 |= 1 << 18;
        m.s.rflags |= 1 << 18;
        m.code("a1 00 68 00 00 a1 02 68 00 00");
        assertThat(p.fault()).isEqualTo("17(0) 1005");
    }

    @ParameterizedTest
    @CsvSource({
        // selector, rights, LAR sets ZF, LSL, VERR, VERW
        "58, c093, true, true, true, true",
        "58, c091, true, true, true, false",
        "58, c099, true, true, false, false",
        "58, 0082, true, true, false, false", // LDT
        "58, 008c, true, false, false, false", // call gate
        "58, 008e, false, false, false, false", // interrupt gate
        "5b, c093, false, false, false, false", // RPL 3
        "0, c093, false, false, false, false",
        "100, c093, false, false, false, false",
    })
    void descriptorQueries(
            String selector, String rights, boolean lar, boolean lsl, boolean verr, boolean verw) {
        p.descriptor(FREE, 0, 0x12345, hex(rights));
        m.s.gpr[RAX] = hex(selector);
        m.s.gpr[RBX] = 0x77;
        m.code("0f 02 d8 0f 03 c8 0f 00 e0 0f 00 e8");
        m.steps(1);
        assertThat((m.s.rflags & ZF) != 0).isEqualTo(lar);
        long rightsRead = hex(rights) & 0xf0 | hex(rights) & 0xf | (hex(rights) & 0xf000);
        assertThat(m.s.gpr[RBX]).isEqualTo(lar ? rightsRead << 8 & 0xf0_ff00L : 0x77);
        m.steps(1);
        assertThat((m.s.rflags & ZF) != 0).isEqualTo(lsl);
        if (lsl) {
            boolean pages = (hex(rights) & 0x8000) != 0;
            assertThat(m.s.gpr[1]).isEqualTo(pages ? 0x1234_5fffL : 0x12345);
        }
        m.steps(1);
        assertThat((m.s.rflags & ZF) != 0).isEqualTo(verr);
        m.steps(1);
        assertThat((m.s.rflags & ZF) != 0).isEqualTo(verw);
    }

    @Test
    void arplRaisesTheRpl() {
        m.s.gpr[RAX] = 0x58;
        m.s.gpr[RBX] = 3;
        m.code("63 d8");
        m.steps(1);
        assertThat(m.s.gpr[RAX]).isEqualTo(0x5b);
        assertThat(m.s.rflags & ZF).isEqualTo(ZF);
    }

    @Test
    void ltrMarksTheTaskBusy() {
        m.s.gpr[RAX] = TSS2_SELECTOR;
        m.code("0f 00 d8 0f 00 d8"); // LTR AX, twice
        m.steps(1);
        assertThat(m.s.tr.base).isEqualTo(TSS2);
        assertThat(m.read(GDT + TSS2_SELECTOR + 5, 1)).isEqualTo(0x8b);
        assertThat(p.fault()).isEqualTo("13(30) 1003");
    }

    @Test
    void lldtAndSldt() {
        m.s.gpr[RAX] = LDT_SELECTOR;
        m.code("0f 00 d0 0f 00 c3");
        m.steps(2);
        assertThat(m.s.ldtr.base).isEqualTo(LDT);
        assertThat(m.s.gpr[RBX]).isEqualTo(LDT_SELECTOR);
    }

    @Test
    void segmentFromTheLdt() {
        m.s.ldtr.set(LDT_SELECTOR, LDT, 0x1f, 0x82);
        m.write(LDT + 8, 8, raw(0x6000, 0xfff, 0x0093));
        m.s.gpr[RAX] = 0x0c;
        m.code("8e d8");
        m.steps(1);
        assertThat(m.s.segments[DS].base).isEqualTo(0x6000);
        assertThat(m.s.segments[DS].limit).isEqualTo(0xfff);
    }

    @Test
    void sgdtStoresTheWholeBaseWhateverTheOperandSize() {
        m.s.gdtrBase = 0xff00_2000L;
        m.code("66 0f 01 05 00 68 00 00");
        m.steps(1);
        assertThat(m.read(0x6800, 2)).isEqualTo(0xff);
        assertThat(m.read(0x6802, 4)).isEqualTo(0xff00_2000L);
    }
}
