package trivium.x86.interp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static trivium.x86.interp.Flags.CR0_EM;
import static trivium.x86.interp.Flags.CR0_MP;
import static trivium.x86.interp.Flags.CR0_NE;
import static trivium.x86.interp.Flags.CR0_TS;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.CpuModel;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;

/** What the recorded vectors do not show: availability, pending exceptions, images, old CPUs. */
class X87OpsTest {
    private static final int ES_AND_B = 0x8080;
    private static final long ONE = 1L << 63;

    private final X87Bench b = new X87Bench(CpuModel.X86_64, true);
    private final VcpuState s = b.state;

    private static void faults(
            int vector, org.assertj.core.api.ThrowableAssert.ThrowingCallable f) {
        assertThatThrownBy(f)
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.vector()).isEqualTo(vector));
    }

    /** FLD1; FLDZ; FDIVP with ZE unmasked: leaves a pending exception. */
    private static void divideByZero(X87Bench b) {
        b.run(0xdb, 0xe3);
        b.put(0x800, 2, 0x37b);
        b.run(load(b, 5, 0x800));
        b.run(0xd9, 0xe8);
        b.run(0xd9, 0xee);
        b.run(0xde, 0xf9);
    }

    /** D9 /n with an absolute address. */
    private static int[] load(X87Bench b, int n, int address) {
        return b.cpu.codeSize == 16
                ? new int[] {0xd9, n << 3 | 6, address & 0xff, address >> 8}
                : new int[] {0xd9, n << 3 | 5, address & 0xff, address >> 8, 0, 0};
    }

    @Test
    void taskSwitchedOrEmulatedMeansNotAvailable() {
        for (long cr0 : new long[] {CR0_TS, CR0_EM}) {
            s.cr0 = cr0;
            faults(GuestException.NM, () -> b.run(0xd9, 0xe8));
            faults(GuestException.NM, () -> b.run(0xdf, 0xe0));
            faults(GuestException.NM, () -> b.run(0x0f, 0xae, 0x05, 0, 0, 0, 0));
        }
        assertThat(s.ftw).isZero();
    }

    @Test
    void waitIsNotAvailableOnlyWithMpAndTs() {
        for (long cr0 : new long[] {CR0_TS, CR0_EM, CR0_MP, CR0_EM | CR0_MP}) {
            s.cr0 = cr0;
            b.run(0x9b);
        }
        s.cr0 = CR0_MP | CR0_TS;
        faults(GuestException.NM, () -> b.run(0x9b));
    }

    @Test
    void pendingExceptionsStopWaitingInstructionsOnly() {
        divideByZero(b);
        assertThat(s.fsw & (ES_AND_B | 0x3f)).isEqualTo(ES_AND_B | 4);
        faults(GuestException.MF, () -> b.run(0xd9, 0xe8));
        faults(GuestException.MF, () -> b.run(0x9b));
        // before the page fault of the operand
        faults(GuestException.MF, () -> b.run(0xdd, 0x05, 0, 0, 0, 0x7f));
        b.run(0xdf, 0xe0);
        assertThat(s.gpr[VcpuState.RAX] & 0xffff).isEqualTo(s.fsw);
        b.run(0xdb, 0xe2);
        assertThat(s.fsw & (ES_AND_B | 0x3f)).isZero();
        b.run(0xd9, 0xe8);
    }

    @Test
    void maskingLaterClearsTheSummaryAndUnmaskingSetsIt() {
        divideByZero(b);
        b.run(load(b, 6, 0x900));
        assertThat(s.fcw & 0x3f).isEqualTo(0x3f);
        assertThat(s.fsw & (ES_AND_B | 0x3f)).isEqualTo(4);
        b.run(load(b, 5, 0x800));
        assertThat(s.fsw & ES_AND_B).isEqualTo(ES_AND_B);
    }

    @Test
    void withoutNeErrorsGoOutOnFerr() {
        s.cr0 &= ~CR0_NE;
        divideByZero(b);
        assertThat(b.ferr).isTrue();
        b.run(0xd9, 0xe8);
        b.run(0xdb, 0xe2);
        assertThat(b.ferr).isFalse();
    }

    @Test
    void anInterruptForFerrComesBeforeTheNextInstruction() {
        s.cr0 &= ~CR0_NE;
        divideByZero(b);
        b.raise(Vcpu.INTR);
        int before = s.fsw;
        s.rflags |= Flags.IF;
        assertThatThrownBy(() -> b.run(0xd9, 0xe8)).isInstanceOf(Stop.class);
        assertThat(s.fsw).isEqualTo(before);
        s.rflags &= ~(long) Flags.IF;
        b.run(0xd9, 0xe8);
    }

    @Test
    void pointersAreThoseOfTheLastInstructionWithAnOperand() {
        b.put(0x800, 4, 0x3f80_0000);
        b.run(load(b, 0, 0x800));
        b.run(0xd9, 0xe0);
        b.run(0xdb, 0xe2); // FNCLEX does not count
        assertThat(s.fip).isEqualTo(0x123);
        assertThat(s.fcs).isEqualTo(0x10);
        assertThat(s.fop).isEqualTo(0x1e0);
        assertThat(s.fdp).isEqualTo(0x800);
        assertThat(s.fds).isEqualTo(0x20);
    }

    private static void prepare(VcpuState s) {
        s.fcw = 0x27f;
        s.fsw = 0x3841;
        s.ftw = 0x80;
        s.fpMantissa[7] = ONE;
        s.fpSignExponent[7] = 0x3fff;
        s.fip = 0x1_2345;
        s.fcs = 0x10;
        s.fop = 0x345;
        s.fdp = 0xa_bcde;
        s.fds = 0x20;
    }

    /** SDM Vol. 1 figures "… FPU State Image in Memory". */
    @ParameterizedTest
    @CsvSource({
        "true, false, 7f02ffff 4138ffff ff3fffff 45230100 10004503 debc0a00 2000ffff",
        "true, true, 7f02 4138 ff3f 4523 1000 debc 2000",
        "false, true, 7f02ffff 4138ffff ff3fffff 4524ffff 45130000 debeffff 00a00000",
        "false, false, 7f02 4138 ff3f 4524 4513 debe 00a0",
    })
    void environmentHasFourFormats(boolean protectedMode, boolean prefix, String expected) {
        X87Bench x = new X87Bench(CpuModel.X86_64, protectedMode);
        prepare(x.state);
        VcpuState before = new VcpuState();
        before.set(x.state);
        int[] store = load(x, 6, 0x900), restore = load(x, 4, 0x900);
        x.run(prefix ? prefixed(store) : store);
        int base = protectedMode ? 0x900 : 0x1900;
        StringBuilder image = new StringBuilder();
        for (int i = 0; i < expected.replace(" ", "").length() / 2; i++) {
            image.append("%02x".formatted(x.get(base + i, 1)));
        }
        assertThat(image.toString()).isEqualTo(expected.replace(" ", ""));
        x.run(0xdb, 0xe3);
        x.run(prefix ? prefixed(restore) : restore);
        assertThat(x.state.fcw).isEqualTo(before.fcw);
        assertThat(x.state.fsw).isEqualTo(before.fsw);
        assertThat(x.state.ftw).isEqualTo(before.ftw);
    }

    private static int[] prefixed(int[] bytes) {
        int[] x = new int[bytes.length + 1];
        x[0] = 0x66;
        System.arraycopy(bytes, 0, x, 1, bytes.length);
        return x;
    }

    @Test
    void saveInitializesAndRestoreBringsBack() {
        prepare(s);
        b.run(0xdd, 0x35, 0, 9, 0, 0);
        assertThat(s.fcw).isEqualTo(0x37f);
        assertThat(s.fsw).isZero();
        assertThat(s.ftw).isZero();
        assertThat(s.fop).isZero();
        s.fpMantissa[7] = 0;
        b.run(0xdd, 0x25, 0, 9, 0, 0);
        assertThat(s.fsw).isEqualTo(0x3841);
        assertThat(s.ftw).isEqualTo(0x80);
        assertThat(s.fpMantissa[7]).isEqualTo(ONE);
        assertThat(s.fop).isEqualTo(0x345);
        assertThat(s.fdp).isEqualTo(0xa_bcde);
    }

    @Test
    void fxsaveKeepsPointersAndLeavesXmmOutWithoutOsfxsr() {
        prepare(s);
        s.xmm[0] = 5;
        b.put(0x900 + 160, 1, 77);
        b.run(0x0f, 0xae, 0x05, 0, 9, 0, 0);
        assertThat(b.get(0x900, 8)).isEqualTo(0x0345_0080_3841_027fL);
        assertThat(b.get(0x908, 8)).isEqualTo(0x10_0001_2345L);
        assertThat(b.get(0x910, 8)).isEqualTo(0x20_000a_bcdeL);
        assertThat(b.get(0x920, 8)).isEqualTo(ONE);
        assertThat(b.get(0x900 + 160, 1)).isEqualTo(77);
        s.cr4 |= Flags.CR4_OSFXSR;
        b.run(0x0f, 0xae, 0x05, 0, 9, 0, 0);
        assertThat(b.get(0x918, 8)).isEqualTo(0xffff_0000_1f80L);
        assertThat(b.get(0x9a0, 8)).isEqualTo(5);
    }

    @Test
    void fxrstorRefusesReservedMxcsrBitsAndOddAddresses() {
        s.cr4 |= Flags.CR4_OSFXSR;
        b.put(0x918, 4, 0x1_1f80);
        faults(GuestException.GP, () -> b.run(0x0f, 0xae, 0x0d, 0, 9, 0, 0));
        faults(GuestException.GP, () -> b.run(0x0f, 0xae, 0x0d, 8, 9, 0, 0));
        faults(GuestException.GP, () -> b.run(0x0f, 0xae, 0x05, 8, 9, 0, 0));
        b.put(0x918, 4, 0xffbf);
        b.run(0x0f, 0xae, 0x0d, 0, 9, 0, 0);
        assertThat(s.mxcsr).isEqualTo(0xffbf);
    }

    @Test
    void thePentium3HasNoDenormalsAreZeros() {
        X87Bench p3 = new X87Bench(CpuModel.PENTIUM3, true);
        p3.state.cr4 |= Flags.CR4_OSFXSR;
        p3.run(0x0f, 0xae, 0x05, 0, 9, 0, 0);
        assertThat(p3.get(0x91c, 4)).isEqualTo(0xffbf);
        p3.put(0x918, 4, 0x40);
        faults(GuestException.GP, () -> p3.run(0x0f, 0xae, 0x0d, 0, 9, 0, 0));
    }

    /** FCMOVB, FCOMI, FUCOMIP: P6; FISTTP: SSE3; FXSAVE: Pentium II. */
    @ParameterizedTest
    @CsvSource({
        "I386, da c1",
        "I386, db f1",
        "I386, df e9",
        "I386, db 0d 00 08 00 00",
        "PENTIUM3, db 0d 00 08 00 00",
        "I386, 0f ae 05 00 09 00 00",
        "X86_64, d9 d1",
        "X86_64, d9 e2",
        "X86_64, da f0",
        "X86_64, db fc",
        "X86_64, dd f0",
        "X86_64, de da",
        "X86_64, df fa",
        "X86_64, df e1",
        "X86_64, f0 d9 e8",
    })
    void whatACpuLacksIsUndefined(CpuModel model, String code) {
        X87Bench x = new X87Bench(model, true);
        int[] bytes =
                java.util.Arrays.stream(code.split(" "))
                        .mapToInt(h -> Integer.parseInt(h, 16))
                        .toArray();
        faults(GuestException.UD, () -> x.run(bytes));
    }

    /** Each pops ST0 = 1 into, or exchanges it with, or compares it to ST1 = 0. */
    @ParameterizedTest
    @CsvSource({
        "d9, d9, 1",
        "df, d1, 1",
        "df, d9, 1", // FSTP
        "dd, c9, 2",
        "df, c9, 2", // FXCH
        "dc, d1, 2",
        "dc, d9, 1",
        "de, d1, 1", // FCOM, FCOMP
        "df, c0, 1", // FFREEP
    })
    void undocumentedAliasesWork(String escape, String modRm, int left) {
        b.run(0xd9, 0xee);
        b.run(0xd9, 0xe8);
        b.run(Integer.parseInt(escape, 16), Integer.parseInt(modRm, 16));
        assertThat(Integer.bitCount(s.ftw)).isEqualTo(left);
        int top = s.fsw >>> 11 & 7;
        boolean one = s.fpMantissa[top] == ONE;
        boolean moved =
                left == 1 && (escape.equals("d9") || escape.equals("df")) && !modRm.equals("c0");
        boolean compared = escape.equals("dc") && left == 2;
        assertThat(one).isEqualTo(moved || compared);
    }

    @Test
    void oldControlInstructionsDoNothing() {
        divideByZero(b);
        int fsw = s.fsw;
        b.run(0xdb, 0xe0);
        b.run(0xdb, 0xe1);
        b.run(0xdb, 0xe4);
        assertThat(s.fsw).isEqualTo(fsw);
    }
}
