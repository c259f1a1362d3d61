package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;
import static trivium.x86.ProtectedMachine.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.CpuModel;

/** Control registers, MSRs, CPUID. */
class ControlRegisterTest {
    @ParameterizedTest
    @CsvSource({
        "c0, 80000000", // CR0: paging without protection
        "c0, 20000001", // NW without CD
        "e0, 800", // CR4 of a Pentium III: UMIP
        "e0, 100000", // SMEP
    })
    void reservedCombinationsFault(String modRm, String value) {
        try (ProtectedMachine p = new ProtectedMachine()) {
            p.m.s.gpr[RAX] = Long.parseLong(value, 16);
            p.m.code("0f 22 " + modRm);
            assertThat(p.fault()).isEqualTo("13(0) 1000");
        }
    }

    @ParameterizedTest
    @CsvSource({"c8", "e8", "f0", "f8"})
    void missingRegistersAreUndefined(String modRm) {
        try (ProtectedMachine p = new ProtectedMachine()) {
            p.m.code("0f 20 " + modRm);
            assertThat(p.vector()).isEqualTo(6);
        }
    }

    @Test
    void usersMayNotTouchThem() {
        for (String code :
                new String[] {
                    "0f 20 c0",
                    "0f 22 c0",
                    "0f 21 c0",
                    "0f 01 15 00 00 00 00",
                    "0f 06",
                    "0f 08",
                    "0f 09",
                    "0f 30",
                    "0f 32",
                    "f4",
                    "0f 00 d0",
                    "0f 00 d8",
                    "0f 01 f0",
                    "fa",
                    "fb",
                    "0f 01 3d 00 00 00 00",
                    "0f 35"
                }) {
            try (ProtectedMachine p = new ProtectedMachine()) {
                p.ring3();
                p.m.code(code);
                assertThat(p.fault()).as(code).isEqualTo("13(0) 1000");
            }
        }
    }

    @Test
    void the386HasNoCr4() {
        try (ProtectedMachine p = new ProtectedMachine(CpuModel.I386)) {
            p.m.code("0f 20 e0");
            assertThat(p.vector()).isEqualTo(6);
        }
    }

    @Test
    void pdptesAreCheckedWhenCr3IsLoaded() {
        try (ProtectedMachine p = new ProtectedMachine()) {
            TestMachine m = p.m;
            m.s.cr4 = 1 << 5;
            m.write(0x20000, 8, 0x21001).write(0x20008, 8, 0x21003); // a reserved bit
            m.write(0x21000, 8, 0xe3);
            m.s.cr3 = 0x20000;
            m.s.gpr[RAX] = 0x8000_0011L;
            m.code("0f 22 c0");
            assertThat(p.fault()).isEqualTo("13(0) 1000");
            m.write(0x20008, 8, 0);
            m.s.rip = 0x1000;
            m.s.activity = 0;
            m.steps(1);
            assertThat(m.s.cr0).isEqualTo(0x8000_0011L);
            assertThat(m.s.pdpte[0]).isEqualTo(0x21001);
        }
    }

    @Test
    void tsdHidesTheTimeStampCounter() {
        try (ProtectedMachine p = new ProtectedMachine()) {
            p.ring3();
            p.m.code("0f 31 0f 31");
            p.m.steps(1);
            assertThat(p.m.s.gpr[RAX]).isEqualTo(1000);
            p.m.s.cr4 |= 4;
            assertThat(p.fault()).isEqualTo("13(0) 1002");
        }
    }

    // ---- MSRs

    @ParameterizedTest
    @CsvSource({
        "10, 1000, 1000",
        "277, 7010600070106, 7010600070106",
        "2ff, c06, c06",
        "200, c0000006, c0000006",
        "201, fc0000800, fc0000800",
        "c0000103, 5, 5",
        "174, 10, 10",
        "8b, 0, 100000000",
        "1b, fee00800, fee00900",
    })
    void msrsKeepWhatIsWritten(String msr, String written, String read) {
        try (ProtectedMachine p = new ProtectedMachine(CpuModel.X86_64)) {
            long value = Long.parseLong(written, 16);
            TestMachine m = p.m;
            m.s.gpr[RCX] = Long.parseLong(msr, 16);
            m.s.gpr[RAX] = value & 0xffff_ffffL;
            m.s.gpr[RDX] = value >>> 32;
            m.code("0f 30 0f 32");
            m.steps(2);
            assertThat(m.s.gpr[RDX] << 32 | m.s.gpr[RAX]).isEqualTo(Long.parseLong(read, 16));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "12345, 0", // unknown
        "277, 2", // no memory type
        "c0000080, 2", // reserved bit of EFER
        "fe, 0", // read-only
        "2ff, 3",
    })
    void badMsrWritesFault(String msr, String value) {
        try (ProtectedMachine p = new ProtectedMachine(CpuModel.X86_64)) {
            p.m.s.gpr[RCX] = Long.parseLong(msr, 16);
            p.m.s.gpr[RAX] = Long.parseLong(value, 16);
            p.m.code("0f 30");
            assertThat(p.fault()).isEqualTo("13(0) 1000");
        }
    }

    @Test
    void thePentium3HasNoEfer() {
        try (ProtectedMachine p = new ProtectedMachine()) {
            p.m.s.gpr[RCX] = 0xc000_0080L;
            p.m.code("0f 32");
            assertThat(p.fault()).isEqualTo("13(0) 1000");
        }
    }

    // ---- CPUID

    private static long[] cpuid(CpuModel model, long leaf) {
        try (ProtectedMachine p = new ProtectedMachine(model)) {
            p.m.s.gpr[RAX] = leaf;
            p.m.code("0f a2");
            p.m.steps(1);
            return p.m.s.gpr.clone();
        }
    }

    private static String text(long... registers) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * registers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long r : registers) {
            bytes.putInt((int) r);
        }
        return new String(bytes.array(), StandardCharsets.US_ASCII);
    }

    @Test
    void vendorAndSignature() {
        long[] r = cpuid(CpuModel.PENTIUM3, 0);
        assertThat(text(r[RBX], r[RDX], r[RCX])).isEqualTo("GenuineIntel");
        assertThat(cpuid(CpuModel.PENTIUM3, 1)[RAX]).isEqualTo(0x683);
        assertThat(cpuid(CpuModel.X86_64, 1)[RAX]).isEqualTo(0x106ca);
    }

    @Test
    void brand() {
        long[] a = cpuid(CpuModel.X86_64, 0x8000_0002L);
        long[] b = cpuid(CpuModel.X86_64, 0x8000_0003L);
        String brand = text(a[RAX], a[RBX], a[RCX], a[RDX], b[RAX], b[RBX], b[RCX], b[RDX]);
        assertThat(brand.trim()).isEqualTo("Trivium x86-64 CPU");
    }

    @Test
    void announcesNothingThatIsNotThere() {
        long[] one = cpuid(CpuModel.X86_64, 1);
        int avxXsaveMonitorVmx = 1 << 28 | 1 << 26 | 1 << 3 | 1 << 5;
        assertThat(one[RCX] & avxXsaveMonitorVmx).isZero();
        assertThat(cpuid(CpuModel.PENTIUM3, 1)[RDX] & 1 << 26).isZero(); // SSE2
        assertThat(cpuid(CpuModel.X86_64, 7)[RBX]).isEqualTo(1 << 20 | 1 << 7);
    }
}
