package trivium.vmi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static trivium.vmi.Guest.*;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.vm.Vm.Outcome;
import trivium.vm.VmException;

/** What the engine does beyond the ROM, and the way between it and others. */
class HypervisorTest {
    private static final byte[] ROM = Pc.rom(Rom.Variant.FULL, Map.of());
    private static final int RESERVED = 0xfc00_0000;

    @TempDir Path folder;

    private Pc pc(Guest.Program program, String engine, int cpus, byte[] rom) throws Exception {
        return new Pc(folder, Guest.image(program), engine, cpus, rom);
    }

    /** The guest maps a page of its own there; under the hypervisor that is of no use. */
    @ParameterizedTest
    @CsvSource({"interpreter, aaaaaaaa 0 0", "vmi, 0 0 fc000010", "vmi, 0 2 fc000010"})
    void nothingIsMappedWhereTheHypervisorIs(String engine, String expected) throws Exception {
        String[] wanted = expected.split(" ");
        boolean write = wanted[1].equals("2");
        Guest.Program program =
                g -> {
                    Code.Label fault = g.label();
                    g.put(DIRECTORY + 0xfc0, TEST_PTE | 7).put(PAGE_A + 16, 0xaaaa_aaaa);
                    g.emit(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8).onFault(fault).mov(EAX, 0);
                    if (write) {
                        g.emit(0xa3).address(RESERVED + 16);
                    } else {
                        g.emit(0xa1).address(RESERVED + 16);
                    }
                    g.bind(fault).report(EAX).reportAt(ERROR).reportAt(FAULT_CR2);
                };
        try (Pc pc = pc(program, engine, 1, ROM)) {
            int[] r = pc.results().values();
            assertThat(r)
                    .containsExactly(
                            Integer.parseUnsignedInt(wanted[0], 16),
                            Integer.parseInt(wanted[1]),
                            Integer.parseUnsignedInt(wanted[2], 16));
        }
    }

    /** Hot code walks page tables by itself; it has to stop there, too. */
    @Test
    void hotCodeDoesNotReachTheHypervisorEither() throws Exception {
        Guest.Program program =
                g -> {
                    Code.Label fault = g.label(), again = g.label();
                    g.put(DIRECTORY + 0xfc0, TEST_PTE | 7).emit(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8);
                    g.mov(EBX, 2000).onFault(fault).mov(EDI, 0).bind(again);
                    g.emit(0xa1).address(TEST_PAGE).emit(0xa1).address(RESERVED);
                    g.emit(0x47).bind(fault).emit(0x4b, 0x0f, 0x85).distanceTo(again); // inc edi
                    g.report(EDI).reportAt(FAULTS);
                };
        try (Pc pc = pc(program, "vmi", 1, ROM)) {
            assertThat(pc.results().values()).containsExactly(0, 2000);
        }
    }

    private static final int AP_STATE = 0x24_0000, AP_FLAG = 0x24_1000, AP_STACK = 0x25_0000;

    private static void apState(Guest g, Code.Label start, int cr0) {
        g.put(AP_STATE, cr0).put(AP_STATE + 0x08, DIRECTORY);
        g.mov(EAX, start).store(AP_STATE + 0x18, EAX).put(AP_STATE + 0x1c, 0);
        for (int i = 0; i < 8; i++) {
            g.put(AP_STATE + 0x20 + 4 * i, i == 4 ? AP_STACK : 0x1111_1111 * (i + 1));
        }
        g.put(AP_STATE + 0x40, KERNEL_CS | KERNEL_DS << 16);
        g.put(AP_STATE + 0x44, USER_DS | USER_DS << 16).put(AP_STATE + 0x48, PERCPU);
        g.put(AP_STATE + 0x4c, GDT_BYTES - 1 << 16).put(AP_STATE + 0x50, GDT);
        g.put(AP_STATE + 0x54, IDT).put(AP_STATE + 0x58, 8 * VECTORS - 1);
    }

    private static void startAp(Guest g) {
        g.put(APIC + 0xf0, 0x1ff).call(Call.APIC_WRITE, 0x310, 1 << 24);
        g.call(Call.APIC_WRITE, 0x300, 0xc500).call(Call.SET_INITIAL_AP_STATE, AP_STATE, 1);
        g.call(Call.APIC_WRITE, 0x300, 0x8500).call(Call.APIC_WRITE, 0x300, 0x609);
        g.waitMicros(300_000);
    }

    /** At 9000h, where the start-up IPI leads: real-mode code that says it was there. */
    private static void trampoline(Guest g) {
        byte[] code = {
            (byte) 0xb8,
            0x00,
            0x20,
            (byte) 0x8e,
            (byte) 0xd8, // mov ax, 2000h; mov ds, ax
            (byte) 0xc7,
            0x06,
            0x00,
            0x00,
            0x77,
            0x77,
            (byte) 0xfa,
            (byte) 0xf4 // mov [0], 7777h
        };
        for (int i = 0; i < code.length; i += 4) {
            int word = 0;
            for (int j = 0; j < 4 && i + j < code.length; j++) {
                word |= (code[i + j] & 0xff) << 8 * j;
            }
            g.put(0x9000 + i, word);
        }
        g.put(0x2_0000, 0);
    }

    @Test
    void anotherCpuBeginsInTheStateGiven() throws Exception {
        Guest.Program program =
                g -> {
                    Code.Label start = g.label(), over = g.label();
                    g.emit(0xe9).distanceTo(over).bind(start);
                    for (int r = 0; r < 8; r++) {
                        g.store(AP_FLAG + 4 * r, r);
                    }
                    g.emit(0x0f, 0x20, 0xc0).store(AP_FLAG + 32, EAX); // mov eax, cr0
                    g.emit(0x8c, 0xc8).store(AP_FLAG + 36, EAX).emit(0x8c, 0xd0); // cs, ss
                    g.store(AP_FLAG + 40, EAX).emit(0x64, 0xa1, 0, 0, 0, 0); // mov eax, fs:[0]
                    g.store(AP_FLAG + 44, EAX).emit(0x9c, 0x58).store(AP_FLAG + 48, EAX);
                    g.emit(0xfa, 0xf4).bind(over);
                    trampoline(g);
                    apState(g, start, 0x8005_0023);
                    startAp(g);
                    for (int i = 0; i < 13; i++) {
                        g.reportAt(AP_FLAG + 4 * i);
                    }
                    g.reportAt(0x2_0000);
                };
        try (Pc pc = pc(program, "vmi", 2, ROM)) {
            // EAX, EBX, ECX, EDX, ESP, EBP, ESI, EDI in the state; here by number.
            assertThat(pc.results().values())
                    .containsExactly(
                            0x1111_1111,
                            0x3333_3333,
                            0x4444_4444,
                            0x2222_2222,
                            AP_STACK,
                            0x6666_6666,
                            0x7777_7777,
                            0x8888_8888,
                            0x8005_0033, // ET is always 1
                            KERNEL_CS,
                            KERNEL_DS,
                            0xaaaa_aaaa,
                            2,
                            0);
        }
    }

    /** Without a hypervisor the state is not looked at, and the conventional way is taken. */
    @ParameterizedTest
    @CsvSource({"bt, 0x80050023, 0x7777", "vmi, 0x23, 0", "vmi, 0x80000000, 0"})
    void anotherCpuBeginsElsewhereOrNotAtAll(String engine, String cr0, String real)
            throws Exception {
        Guest.Program program =
                g -> {
                    Code.Label start = g.label(), over = g.label();
                    g.emit(0xe9).distanceTo(over).bind(start).put(AP_FLAG, 1).emit(0xfa, 0xf4);
                    g.bind(over);
                    trampoline(g);
                    apState(g, start, Long.decode(cr0).intValue());
                    startAp(g);
                    g.reportAt(AP_FLAG).reportAt(0x2_0000);
                };
        try (Pc pc = pc(program, engine, 2, ROM)) {
            assertThat(pc.results().values()).containsExactly(0, Integer.decode(real));
        }
    }

    /** Adds up what calls give until it is told to end, by a byte on COM1. */
    private static void work(Guest g) {
        Code.Label again = g.label();
        g.put(SPACE, 0).bind(again).put(TEST_PTE, PAGE_A | 7).call(Call.INVAL_PAGE, TEST_PAGE);
        g.load(EAX, TEST_PAGE).store(SPACE + 4, EAX);
        g.call(Call.SET_PXE, PAGE_B | 7, TEST_PTE, TEST_PAGE | 0x11);
        g.call(Call.INVAL_PAGE, TEST_PAGE).load(EAX, TEST_PAGE).emit(0x2b, 0x05);
        g.address(SPACE + 4).emit(0x2d).address(0x1111_1111); // bbbb_bbbb - aaaa_aaaa
        g.emit(0x09, 0x05).address(SPACE); //                           or [SPACE], eax
        g.call(Call.GET_CYCLE_COUNTER, 1).call(Call.APIC_WRITE, 0xb0, 0);
        g.emit(0xff, 0x05).address(SPACE + 8); //                       inc dword
        g.mov(EDX, 0x3fd).emit(0xec, 0xa8, 0x01, 0x0f, 0x84).distanceTo(again);
        g.reportAt(SPACE).reportAt(INTERRUPTS);
    }

    @Test
    void enginesChangeUnderTheGuest() throws Exception {
        Guest.Program program =
                g -> {
                    g.unmaskIrq0().emit(0xfb).push(0).push(2_000_000);
                    g.emit(0x0f, 0x31, 0x89, 0xd1, 0x89, 0xc2).mov(EAX, 0x100);
                    g.called(Call.SET_ALARM).emit(0x83, 0xc4, 8);
                    work(g);
                };
        try (Pc pc = pc(program, "vmi", 1, ROM)) {
            while (!pc.vm.statistics().counters().containsKey("vmi-set-alarm")) {
                Thread.sleep(5);
            }
            String[] engines = {"bt", "vmi", "interpreter", "vmi", "bt", "interpreter", "vmi"};
            for (int i = 0; i < 70; i++) {
                Thread.sleep(3);
                pc.vm.useEngine(engines[i % engines.length]);
                assertThat(pc.vm.engine()).isEqualTo(engines[i % engines.length]);
            }
            pc.vm.console().send(new byte[] {'x'});
            int[] r = pc.results().values();
            assertThat(r[0]).as("pages seen wrong").isZero();
            assertThat(r[1]).as("alarms").isGreaterThan(20);
        }
    }

    private static void wait(Guest g) {
        Code.Label again = g.label();
        g.bind(again).mov(EDX, 0x3fd).emit(0xec, 0xa8, 0x01, 0x0f, 0x84).distanceTo(again);
        g.exit(0);
    }

    @Test
    void aGuestThatDidNotCallTheRomIsRefused() throws Exception {
        try (Pc pc = new Pc(folder, Guest.image(HypervisorTest::wait, false), "bt", 1, ROM)) {
            Thread.sleep(50);
            assertThatThrownBy(() -> pc.vm.useEngine("vmi"))
                    .isInstanceOf(VmException.class)
                    .hasMessageContaining("did not call the VMI ROM");
            assertThat(pc.vm.engine()).isEqualTo("bt");
            pc.vm.console().send(new byte[] {'x'});
            assertThat(pc.end()).isEqualTo(new Outcome.DebugExit(0));
        }
    }

    @Test
    void aGuestWithoutRomIsRefused() throws Exception {
        try (Pc pc = new Pc(folder, Guest.image(HypervisorTest::wait, false), "bt", 1, null)) {
            assertThatThrownBy(() -> pc.vm.useEngine("vmi"))
                    .isInstanceOf(VmException.class)
                    .hasMessageContaining("has no VMI ROM");
            pc.vm.console().send(new byte[] {'x'});
            assertThat(pc.end()).isEqualTo(new Outcome.DebugExit(0));
        }
    }

    @Test
    void aGuestThatFoundTheRomIsTakenOver() throws Exception {
        try (Pc pc = pc(HypervisorTest::wait, "bt", 1, ROM)) {
            while (!pc.vm.engine().equals("vmi")) {
                Thread.sleep(20);
                try {
                    pc.vm.useEngine("vmi");
                } catch (VmException e) {
                    assertThat(e).hasMessageContaining("has not come to it yet");
                }
            }
            pc.vm.reset();
            Thread.sleep(100);
            pc.vm.console().send(new byte[] {'x'});
            assertThat(pc.end()).isEqualTo(new Outcome.DebugExit(0));
        }
    }

    /** Which calls it serves is the ROM's business; the guest asks. */
    @ParameterizedTest
    @EnumSource
    void otherRomsAreForTheSameGuest(Rom.Variant variant) throws Exception {
        Guest.Program program =
                g -> {
                    g.reportAt(INIT_RESULT);
                    for (Call call : Call.values()) {
                        g.reportAt(TYPES + 4 * call.number());
                    }
                    g.reportAt(TYPES + 4 * Call.count());
                };
        try (Pc pc = pc(program, "vmi", 1, Pc.rom(variant, Map.of()))) {
            int[] r = pc.results().values();
            assertThat(r[0]).isZero();
            for (Call call : Call.values()) {
                assertThat(r[1 + call.number()])
                        .as(call.toString())
                        .isEqualTo(variant.serves(call) ? call.relocation() : Call.NONE);
            }
            assertThat(r[1 + Call.count()]).as("a call there is not").isEqualTo(Call.NONE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bt", "vmi"})
    void theRomIsReadOnlyAndItsSumIsZero(String engine) throws Exception {
        Guest.Program program =
                g -> {
                    g.load(EBX, ROM_BASE).emit(0xc6, 0x43, 0x20, 0x77); // mov byte [ebx+20h], 77h
                    g.load(ESI, ROM_BASE).mov(ECX, Rom.BYTES).mov(EDX, 0);
                    Code.Label again = g.label();
                    g.bind(again).emit(0xac, 0x00, 0xc2, 0x49, 0x0f, 0x85).distanceTo(again);
                    g.report(EDX); //                       lodsb; add dl, al; dec ecx; jnz
                };
        try (Pc pc = pc(program, engine, 1, ROM)) {
            assertThat(pc.results().values()).containsExactly(0);
        }
    }
}
