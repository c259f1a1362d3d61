package trivium.vmi;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.vmi.Guest.*;

import java.util.Arrays;
import java.util.function.Consumer;
import trivium.vmi.Code.Label;
import trivium.vmi.Guest.Program;

/** For each call a program that uses it and what it has to report. */
final class CallChecks {
    /**
     * @param verify gets what was reported
     */
    record Check(Program program, Consumer<int[]> verify) {}

    private static final int JUNK = 0x46, TS = 8, SENTINEL = 0x1234_5678;
    private static final int PGE = 0x80, CONFIG_ADDRESS = 0xcf8, MASKS = 0x21;

    private CallChecks() {}

    private static Check check(Program program, int... reports) {
        return new Check(program, r -> assertThat(r).containsExactly(reports));
    }

    /** A call of which a guest sees no more than that it returns with its registers. */
    private static Check silent(Call call, int... arguments) {
        return check(g -> g.put(SPACE, SENTINEL).call(call, arguments).reportAt(SPACE), SENTINEL);
    }

    /**
     * @return null for calls that end the guest, start others or are not there: see CallTest
     */
    static Check of(Call call) {
        return switch (call) {
            case CPUID -> cpuid();
            case WRMSR ->
                    check(
                            g -> {
                                g.mov(ECX, 0x175).mov(EDX, 0).mov(EAX, 0x34_5678).called(call);
                                g.mov(ECX, 0x175).emit(0x0f, 0x32).report(EAX);
                            },
                            0x34_5678);
            case RDMSR ->
                    check(
                            g -> {
                                g.mov(ECX, 0x176).mov(EDX, 0).mov(EAX, 0x77_1234).emit(0x0f, 0x30);
                                g.mov(EDX, -1).mov(ECX, 0x176).called(call).report(EAX).report(EDX);
                            },
                            0x77_1234,
                            0);
            case SET_GDT -> setGdt();
            case SET_LDT ->
                    check(
                            g -> {
                                g.call(call, LDT_SELECTOR)
                                        .mov(EAX, 0)
                                        .emit(0x0f, 0x00, 0xc0)
                                        .report(EAX);
                                g.mov(EAX, 7)
                                        .emit(0x8e, 0xe8, 0x65, 0xa1)
                                        .emit(0, 0, 0, 0)
                                        .report(EAX);
                                g.mov(EAX, 0).emit(0x8e, 0xe8); // mov gs
                                g.call(call, 0)
                                        .mov(EAX, -1)
                                        .emit(0x66, 0x0f, 0x00, 0xc0)
                                        .report(EAX);
                            },
                            LDT_SELECTOR,
                            0xaaaa_aaaa,
                            0xffff_0000);
            case SET_IDT ->
                    check(
                            g -> {
                                pointer(g, OTHER_IDT, 0x2ff).call(call, SPACE);
                                g.emit(0x0f, 0x01, 0x0d).address(SPACE + 16); // sidt
                                g.reportAt(SPACE + 16).reportAt(SPACE + 18);
                            },
                            0x2ff | OTHER_IDT << 16,
                            OTHER_IDT);
            case SET_TR ->
                    check(
                            g -> {
                                g.call(call, TSS_SELECTOR)
                                        .mov(EAX, 0)
                                        .emit(0x0f, 0x00, 0xc8)
                                        .report(EAX);
                                g.load(EAX, GDT + TSS_SELECTOR + 4).emit(0xc1, 0xe8, 8).report(EAX);
                            },
                            TSS_SELECTOR,
                            0x8b | TSS >>> 24 << 16);
            case GET_GDT ->
                    check(
                            g -> g.call(call, SPACE + 32).reportAt(SPACE + 32).reportAt(SPACE + 34),
                            GDT_BYTES - 1 | GDT << 16,
                            GDT);
            case GET_IDT ->
                    check(
                            g -> g.call(call, SPACE + 32).reportAt(SPACE + 32).reportAt(SPACE + 34),
                            8 * VECTORS - 1 | IDT << 16,
                            IDT);
            case GET_LDT ->
                    check(
                            g -> {
                                g.mov(EAX, LDT_SELECTOR).emit(0x0f, 0x00, 0xd0);
                                g.mov(EAX, -1).called(call).report(EAX);
                            },
                            LDT_SELECTOR);
            case GET_TR ->
                    check(
                            g -> {
                                g.mov(EAX, TSS_SELECTOR).emit(0x0f, 0x00, 0xd8);
                                g.mov(EAX, -1).called(call).report(EAX);
                            },
                            TSS_SELECTOR);
            case WRITE_GDT_ENTRY -> writeLive(call, GDT, TLS_SELECTOR);
            case WRITE_LDT_ENTRY -> writeLive(call, LDT, 0x0f);
            case WRITE_IDT_ENTRY -> writeIdt();
            case UPDATE_KERNEL_STACK -> kernelStack();
            case SET_CR0 ->
                    check(
                            g -> {
                                g.emit(0x0f, 0x20, 0xc0, 0x83, 0xc8, TS).called(call); // or eax, TS
                                g.emit(0x0f, 0x20, 0xc0, 0x83, 0xe0, TS).report(EAX);
                                g.emit(0x0f, 0x06);
                            },
                            TS);
            case SET_CR2 ->
                    check(g -> g.call(call, SENTINEL).emit(0x0f, 0x20, 0xd0).report(EAX), SENTINEL);
            case SET_CR3 ->
                    check(
                            g -> {
                                otherDirectory(g);
                                g.reportAt(TEST_PAGE)
                                        .call(call, OTHER_DIRECTORY)
                                        .reportAt(TEST_PAGE);
                                g.emit(0x0f, 0x20, 0xd8).report(EAX);
                            },
                            0xaaaa_aaaa,
                            0xbbbb_bbbb,
                            OTHER_DIRECTORY);
            case SET_CR4 -> check(g -> g.call(call, PGE).emit(0x0f, 0x20, 0xe0).report(EAX), PGE);
            case GET_CR0 ->
                    check(
                            g -> {
                                g.emit(0x0f, 0x20, 0xc0, 0x89, 0xc1).mov(EAX, 0); // mov ecx, eax
                                g.emit(0x51).called(call).emit(0x59); // push, pop ecx
                                g.emit(0x29, 0xc8).report(EAX); // sub eax, ecx
                            },
                            0);
            case GET_CR2 ->
                    check(
                            g -> {
                                g.mov(EAX, SENTINEL).emit(0x0f, 0x22, 0xd0);
                                g.mov(EAX, 0).called(call).report(EAX);
                            },
                            SENTINEL);
            case GET_CR3 -> check(g -> g.mov(EAX, 0).called(call).report(EAX), DIRECTORY);
            case GET_CR4 ->
                    check(
                            g -> {
                                g.mov(EAX, PGE).emit(0x0f, 0x22, 0xe0);
                                g.mov(EAX, 0).called(call).report(EAX);
                            },
                            PGE);
            case WBINVD -> silent(call);
            case SET_DR -> setDr();
            case GET_DR -> getDr();
            case RDPMC -> rdpmc();
            case RDTSC ->
                    check(
                            g -> {
                                g.emit(0x0f, 0x31, 0x52, 0x50); // rdtsc; push edx, eax
                                g.waitMicros(10).mov(EAX, 0).mov(EDX, 0).called(call);
                                g.emit(
                                        0x2b, 0x04, 0x24, 0x1b, 0x54, 0x24,
                                        0x04); // sub, sbb from the stack
                                g.emit(0x83, 0xc4, 8);
                                between(g, 10_000);
                            },
                            0,
                            1);
            case CLTS ->
                    check(
                            g -> {
                                g.emit(0x0f, 0x20, 0xc0, 0x83, 0xc8, TS, 0x0f, 0x22, 0xc0)
                                        .called(call);
                                g.emit(0x0f, 0x20, 0xc0, 0x83, 0xe0, TS).report(EAX);
                            },
                            0);
            case ENABLE_INTERRUPTS ->
                    check(
                            g -> {
                                pendingIrq0(g);
                                scratch(g).called(call).reportAt(INTERRUPTS);
                                scratched(g).reportFlags9();
                            },
                            1,
                            SENTINEL,
                            SENTINEL + 1,
                            SENTINEL + 2,
                            0x200);
            case DISABLE_INTERRUPTS ->
                    check(
                            g -> scratched(scratch(g.emit(0xfb)).called(call)).reportFlags9(),
                            SENTINEL,
                            SENTINEL + 1,
                            SENTINEL + 2,
                            0);
            case GET_INTERRUPT_MASK ->
                    check(
                            g -> {
                                scratch(g.emit(0xfa))
                                        .called(call)
                                        .report(EAX)
                                        .report(ECX)
                                        .report(EDX);
                                scratch(g.emit(0xfb)).called(call).report(EAX).emit(0xfa);
                            },
                            0,
                            SENTINEL + 1,
                            SENTINEL + 2,
                            0x200);
            case SET_INTERRUPT_MASK ->
                    check(
                            g -> {
                                pendingIrq0(g);
                                scratch(g).mov(EAX, 0x200 | JUNK).called(call).reportAt(INTERRUPTS);
                                g.report(EAX).report(ECX).report(EDX).reportFlags9();
                                g.mov(EAX, ~0x200).called(call).report(EAX).reportFlags9();
                            },
                            1,
                            0x200 | JUNK,
                            SENTINEL + 1,
                            SENTINEL + 2,
                            0x200,
                            ~0x200,
                            0);
            case IRET -> iret();
            case SYSEXIT -> sysexit();
            case HALT ->
                    check(
                            g -> {
                                g.unmaskIrq0().pitSoon().emit(0xfa).called(call);
                                g.reportAt(INTERRUPTS).reportFlags9().emit(0xfa);
                            },
                            1,
                            0x200);
            case SET_PXE ->
                    check(
                            g -> {
                                g.call(call, PAGE_B | 0x67, SPACE, TEST_PAGE | 0x11)
                                        .reportAt(SPACE);
                                g.call(call, 0, SPACE, 1).reportAt(SPACE);
                            },
                            PAGE_B | 0x67,
                            0);
            case SET_PXE_LONG -> setPxeLong();
            case UPDATE_PXE, UPDATE_PXE_LONG -> silent(call, SPACE, TEST_PAGE | 0x31);
            case MACHINE_TO_PHYSICAL, PHYSICAL_TO_MACHINE ->
                    check(g -> g.call(call, SENTINEL, 5).report(EAX).report(EDX), SENTINEL, 5);
            case ALLOCATE_PAGE -> silent(call, SPACE >> 12, 0x62, DIRECTORY >> 12, 768, 256);
            case RELEASE_PAGE -> silent(call, SPACE >> 12, 0x42);
            case INVAL_PAGE ->
                    check(
                            g -> {
                                g.reportAt(TEST_PAGE).put(TEST_PTE, PAGE_B | 7);
                                g.call(call, TEST_PAGE).reportAt(TEST_PAGE);
                            },
                            0xaaaa_aaaa,
                            0xbbbb_bbbb);
            case FLUSH_TLB -> flushTlb();
            case SET_LINEAR_MAPPING -> silent(call, 0, HIGH, 0x33fa1, 0);
            case INL ->
                    check(
                            g -> {
                                configAddress(g, SENTINEL & ~3 | 0x8000_0000);
                                g.call(call, 0, CONFIG_ADDRESS).report(EAX);
                            },
                            SENTINEL & 0xff_fffc | 0x8000_0000);
            case INB -> check(g -> g.outb(MASKS, 0xa5).call(call, -1, MASKS).report(EAX), 0xa5);
            case INW -> check(g -> g.outb(MASKS, 0xa5).call(call, -1, MASKS).report(EAX), 0xffa5);
            case INSL -> strings(call, 0x8000_1234, 0x8000_1234, SENTINEL);
            case INSB -> strings(call, 0xa5, 0x1234_a5a5, SENTINEL);
            case INSW -> strings(call, 0xa5, 0xffa5_ffa5, SENTINEL);
            case OUTL ->
                    check(
                            g -> {
                                g.call(call, 0x8000_4320, CONFIG_ADDRESS);
                                g.mov(EDX, CONFIG_ADDRESS).emit(0xed).report(EAX);
                            },
                            0x8000_4320);
            case OUTB, OUTW ->
                    check(
                            g -> {
                                g.call(call, 0x12_345a, MASKS);
                                g.mov(EDX, MASKS).mov(EAX, 0).emit(0xec).report(EAX);
                            },
                            0x5a);
            case OUTSL -> stringsOut(call, CONFIG_ADDRESS, 0x8000_5678, 8);
            case OUTSB -> stringsOut(call, MASKS, 0x56, 2);
            case OUTSW -> stringsOut(call, MASKS, 0x78, 4);
            case SET_IOPL_MASK ->
                    check(
                            g -> {
                                g.call(call, 0x3000).reportIopl().call(call, 0x1000).reportIopl();
                                g.call(call, 0).reportIopl();
                            },
                            0x3000,
                            0x1000,
                            0);
            case APIC_WRITE -> check(g -> g.call(call, 0x80, 0x20).reportAt(APIC + 0x80), 0x20);
            case APIC_READ ->
                    check(
                            g -> {
                                g.put(APIC + 0x80, 0x30).mov(EDX, -1);
                                g.call(call, 0xfee0_0080).report(EAX).call(call, 0x30).report(EAX);
                            },
                            0x30,
                            0x5_0014);
            case IO_DELAY ->
                    check(g -> g.called(call).reportAt(TYPES + 4 * call.number()), Call.NOP);
            case GET_CYCLE_FREQUENCY ->
                    check(
                            g -> g.mov(EDX, -1).called(call).report(EAX).report(EDX),
                            1_000_000_000,
                            0);
            case GET_CYCLE_COUNTER -> cycleCounter();
            case SET_ALARM -> setAlarm();
            case CANCEL_ALARM -> cancelAlarm();
            case GET_WALLCLOCK_TIME ->
                    new Check(
                            g -> g.called(call).report(EAX).report(EDX),
                            r ->
                                    assertThat((long) r[1] << 32 | r[0] & 0xffff_ffffL)
                                            .isBetween(
                                                    (System.currentTimeMillis() - 30_000)
                                                            * 1_000_000,
                                                    (System.currentTimeMillis() + 1) * 1_000_000));
            case WALLCLOCK_UPDATED -> check(g -> g.mov(EAX, -1).called(call).report(EAX), 0);
            case SET_LAZY_MODE -> lazyMode();
            case SET_CALLBACKS -> check(g -> g.reportAt(TYPES + 4 * call.number()), Call.NONE);
            case REBOOT, SHUTDOWN, SET_INITIAL_AP_STATE -> null;
        };
    }

    // --- registers

    /** What the flags-only calls may not touch. */
    private static Guest scratch(Guest g) {
        return g.mov(EAX, SENTINEL).mov(ECX, SENTINEL + 1).mov(EDX, SENTINEL + 2);
    }

    private static Guest scratched(Guest g) {
        return g.report(EAX).report(ECX).report(EDX);
    }

    /** Whether EDX:EAX is 0 : at least {@code least}, and less than a second. */
    private static void between(Guest g, int least) {
        g.report(EDX).emit(0x2d).address(least); //                  sub eax, least
        g.emit(0x3d).address(1_000_000_000); //                      cmp eax, second
        g.emit(0x0f, 0x92, 0xc0, 0x0f, 0xb6, 0xc0).report(EAX); //   setb al; movzx eax, al
    }

    private static Check cpuid() {
        return new Check(
                g -> {
                    for (int leaf : new int[] {0, 1, 4}) {
                        g.mov(EAX, leaf).mov(ECX, 1).mov(EBX, -1).mov(EDX, -1);
                        g.emit(0xff, 0x15).address(ADDRESSES).report(EAX).report(EBX);
                        g.report(ECX).report(EDX);
                        g.mov(EAX, leaf).mov(ECX, 1).emit(0x0f, 0xa2).report(EAX).report(EBX);
                        g.report(ECX).report(EDX);
                    }
                },
                r -> {
                    assertThat(r).hasSize(24);
                    for (int i = 0; i < r.length; i++) {
                        assertThat(r[i]).isEqualTo(r[i ^ 4]);
                    }
                    assertThat(r[1]).isEqualTo(0x756e_6547); // Genu
                });
    }

    private static Guest pointer(Guest g, int base, int limit) {
        return g.put(SPACE, limit | base << 16).put(SPACE + 4, base >>> 16);
    }

    /** The table is another, and FS, which is loaded, gets its new base. */
    private static Check setGdt() {
        return check(
                g -> {
                    g.mov(ESI, GDT).mov(EDI, OTHER_GDT).mov(ECX, GDT_BYTES / 4);
                    g.emit(0xf3, 0xa5); //                           rep movsd
                    g.put64(OTHER_GDT + PERCPU, Guest.data(PAGE_B));
                    g.emit(0x64, 0xa1, 0, 0, 0, 0).report(EAX); //   mov eax, fs:[0]
                    pointer(g, OTHER_GDT, GDT_BYTES - 1).call(Call.SET_GDT, SPACE);
                    g.emit(0x0f, 0x01, 0x05).address(SPACE + 16).reportAt(SPACE + 18); // sgdt
                    g.emit(0x64, 0xa1, 0, 0, 0, 0).report(EAX);
                    g.emit(0x8c, 0xc8).report(EAX); //               mov eax, cs
                    g.emit(0x8c, 0xd0).report(EAX); //               mov eax, ss
                },
                0xaaaa_aaaa,
                OTHER_GDT,
                0xbbbb_bbbb,
                KERNEL_CS,
                KERNEL_DS);
    }

    /** GS holds the entry and gets the new base; another table's entry is only written. */
    private static Check writeLive(Call call, int table, int selector) {
        long old = Guest.data(PAGE_A), fresh = Guest.data(PAGE_B);
        return check(
                g -> {
                    g.mov(EAX, LDT_SELECTOR).emit(0x0f, 0x00, 0xd0); // lldt
                    g.put64(table + (selector & ~7), old);
                    g.mov(EAX, selector).emit(0x8e, 0xe8); //        mov gs
                    g.emit(0x65, 0xa1, 0, 0, 0, 0).report(EAX);
                    g.call(call, SPACE, selector >> 3, 1, 2).reportAt(SPACE + (selector & ~7));
                    g.emit(0x65, 0xa1, 0, 0, 0, 0).report(EAX);
                    g.call(call, table, selector >> 3, (int) fresh, (int) (fresh >>> 32));
                    g.reportAt(table + (selector & ~7)).reportAt(table + (selector | 7) - 3);
                    g.emit(0x65, 0xa1, 0, 0, 0, 0).report(EAX);
                    g.mov(EAX, 0).emit(0x8e, 0xe8);
                },
                0xaaaa_aaaa,
                1,
                0xaaaa_aaaa,
                (int) fresh,
                (int) (fresh >>> 32) | 0x100, // accessed
                0xbbbb_bbbb);
    }

    private static Check writeIdt() {
        return check(
                g -> {
                    Label handler = g.label(), over = g.label(), back = g.label();
                    g.emit(0xe9).distanceTo(over).bind(handler);
                    g.mov(EAX, SENTINEL).emit(0xcf).bind(over); //   iretd
                    g.mov(EAX, handler).emit(0x89, 0xc1, 0x25).address(0xffff); // mov ecx, eax; and
                    g.emit(0x0d).address(KERNEL_CS << 16).emit(0x91); // or; xchg eax, ecx
                    g.emit(0x25).address(0xffff_0000).emit(0x0d).address(0x8e00); // high
                    g.emit(0x50).mov(EAX, IDT).mov(EDX, 0x55).called(Call.WRITE_IDT_ENTRY);
                    g.emit(0x58).onFault(back).emit(0xcd, 0x55).bind(back).report(EAX);
                },
                SENTINEL);
    }

    private static void otherDirectory(Guest g) {
        g.put(OTHER_DIRECTORY, LOW_TABLE | 7).put(OTHER_DIRECTORY + 0xc00, LOW_TABLE | 7);
        g.put(OTHER_DIRECTORY + 0x400, TEST_PTE + 0x1000 | 7).put(TEST_PTE + 0x1000, PAGE_B | 7);
    }

    /** DR4 and DR5 are other names of DR6 and DR7. */
    private static Check setDr() {
        return check(
                g -> {
                    for (int n = 0; n < 4; n++) {
                        g.call(Call.SET_DR, n, SENTINEL + n).emit(0x0f, 0x21, 0xc0 | n << 3);
                        g.report(EAX);
                    }
                    g.call(Call.SET_DR, 6, 0xffff_0ff1).emit(0x0f, 0x21, 0xf0).report(EAX);
                    g.call(Call.SET_DR, 7, 0x402).emit(0x0f, 0x21, 0xf8).report(EAX);
                    g.call(Call.SET_DR, 7, 0x400).call(Call.SET_DR, 8, -1);
                },
                SENTINEL,
                SENTINEL + 1,
                SENTINEL + 2,
                SENTINEL + 3,
                0xffff_0ff1,
                0x402);
    }

    private static Check getDr() {
        return check(
                g -> {
                    for (int n = 0; n < 4; n++) {
                        g.mov(EAX, SENTINEL + n).emit(0x0f, 0x23, 0xc0 | n << 3);
                        g.call(Call.GET_DR, n).report(EAX);
                    }
                    g.call(Call.GET_DR, 6).report(EAX).call(Call.GET_DR, 7).report(EAX);
                    g.call(Call.GET_DR, 9).report(EAX);
                },
                SENTINEL,
                SENTINEL + 1,
                SENTINEL + 2,
                SENTINEL + 3,
                0xffff_0ff0,
                0x400,
                0);
    }

    /** As the instruction, whatever that does on this CPU. */
    private static Check rdpmc() {
        return new Check(
                g -> {
                    Label a = g.label(), b = g.label();
                    g.onFault(a).mov(ECX, 0).mov(EAX, 9).mov(EDX, 9).emit(0x0f, 0x33).bind(a);
                    g.report(EAX).report(EDX).reportAt(VECTOR).put(VECTOR, 0).onFault(b);
                    g.mov(ECX, 0).mov(EAX, 9).mov(EDX, 9).called(Call.RDPMC).bind(b);
                    g.report(EAX).report(EDX).reportAt(VECTOR);
                },
                r -> assertThat(Arrays.copyOf(r, 3)).isEqualTo(Arrays.copyOfRange(r, 3, 6)));
    }

    // --- interrupts

    /** IRQ 0 waits to be taken, with IF clear. */
    private static void pendingIrq0(Guest g) {
        Label again = g.label();
        g.emit(0xfa).unmaskIrq0().pitSoon().outb(0x20, 0x0a).bind(again); // OCW3: IRR
        g.emit(0xe4, 0x20, 0xa8, 0x01, 0x0f, 0x84).distanceTo(again); // in al, 20h; test al, 1; jz
    }

    /** From ring 3, and with what user code looks like: flags, stack, a frame that faults. */
    private static Check iret() {
        return new Check(
                g -> {
                    Label user = g.label(), back = g.label(), bad = g.label();
                    Label site = g.label(), kernel = g.label();
                    g.mov(EAX, TSS_SELECTOR).emit(0x0f, 0x00, 0xd8); // ltr
                    // The kernel patches the call in, as Linux does.
                    g.load(EAX, ADDRESSES + 4 * 33).mov(ECX, site);
                    g.emit(0x29, 0xc8, 0x83, 0xe8, 5, 0x89, 0x41, 1); // [ecx+1] = eax - ecx - 5
                    for (int page = LOAD; page < LOAD + 0x4000; page += 4096) {
                        g.put(LOW_TABLE + (page >> 10), page | 5); // read-only, as Linux has it
                    }
                    g.emit(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8); //   flush
                    // Within ring 0, through the same site as all others.
                    g.emit(0x9c).push(KERNEL_CS).mov(EAX, kernel).emit(0x50);
                    g.mov(ECX, SENTINEL).emit(0xe9).distanceTo(site).bind(kernel).report(ECX);
                    // A selector that is none: told at the call, with the frame on the stack.
                    g.onFault(bad).push(USER_DS).push(USER_STACK).push(0x202).push(0x1f3).push(1);
                    g.store(SPACE, ESP).emit(0xe9).distanceTo(site).bind(bad);
                    g.reportAt(VECTOR).reportAt(ERROR).mov(EAX, site).emit(0x2b, 0x05);
                    g.address(FAULT_EIP).report(EAX).load(EAX, FAULT_ESP).emit(0x2b, 0x05);
                    g.address(SPACE).report(EAX);
                    // To ring 3, with IF and the flags of the frame.
                    g.onFault(back).push(USER_DS).push(USER_STACK).push(0x2d7).push(USER_CS);
                    g.mov(EAX, user).emit(0x50);
                    g.bind(site).emit(0xe8, 0, 0, 0, 0, 0x90, 0x90);
                    g.bind(user).emit(0x89, 0xe0, 0xcd, 0x55); //    mov eax, esp; int 55h
                    g.bind(back).emit(0xfa).report(EAX).reportAt(VECTOR).reportAt(FAULT_CS);
                    g.load(EAX, FAULT_FLAGS).emit(0x25).address(0x3ad7).report(EAX);
                },
                r ->
                        assertThat(r)
                                .containsExactly(
                                        SENTINEL,
                                        13,
                                        0x1f0,
                                        0,
                                        0,
                                        USER_STACK,
                                        0x55,
                                        USER_CS,
                                        0x2d7 & 0x3ad7));
    }

    private static Check sysexit() {
        return check(
                g -> {
                    Label user = g.label(), back = g.label();
                    g.mov(EAX, TSS_SELECTOR).emit(0x0f, 0x00, 0xd8); // ltr
                    g.mov(ECX, 0x174).mov(EDX, 0).mov(EAX, KERNEL_CS).emit(0x0f, 0x30);
                    g.onFault(back).emit(0xfa).mov(EDX, user).mov(ECX, USER_STACK);
                    g.mov(EAX, SENTINEL).emit(0xff, 0x15).address(ADDRESSES + 4 * 34);
                    g.bind(user).emit(0x89, 0xe2, 0xcd, 0x55).bind(back).emit(0xfa);
                    g.report(EAX).report(EDX).reportAt(FAULT_CS);
                    g.load(EAX, FAULT_FLAGS).emit(0x25).address(0x200).report(EAX);
                },
                SENTINEL,
                USER_STACK,
                USER_CS,
                0x200);
    }

    /** The next entry from ring 3 uses the stack that Linux wrote into the TSS before the call. */
    private static Check kernelStack() {
        int stack = STACK - 0x800;
        return check(
                g -> {
                    Label user = g.label(), back = g.label();
                    g.mov(EAX, TSS_SELECTOR).emit(0x0f, 0x00, 0xd8); // ltr
                    g.put(TSS + 4, stack).call(Call.UPDATE_KERNEL_STACK, KERNEL_DS, stack);
                    g.onFault(back).push(USER_DS).push(USER_STACK).push(2).push(USER_CS);
                    g.mov(EAX, user).emit(0x50, 0xcf).bind(user).emit(0xcd, 0x55).bind(back);
                    g.reportAt(FAULT_ESP);
                },
                stack - 8);
    }

    // --- paging

    private static final int HIGH_BITS = 0x8000_0000;

    /** Not present to present, to another, to one that differs above 4 GiB, and back. */
    private static Check setPxeLong() {
        int[][] values = {
            {PAGE_A | 7, 0},
            {PAGE_B | 7, 0},
            {PAGE_B | 7, HIGH_BITS},
            {0x3003, 1},
            {0x2002, 5},
            {0, 0}
        };
        int[] expected = new int[2 * values.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = values[i / 2][i % 2];
        }
        return check(
                g -> {
                    for (int[] v : values) {
                        g.call(Call.SET_PXE_LONG, v[0], v[1], SPACE + 8, TEST_PAGE | 0x11);
                        g.reportAt(SPACE + 8).reportAt(SPACE + 12);
                    }
                },
                expected);
    }

    /** Bit 0 alone may leave global pages be. */
    private static Check flushTlb() {
        return new Check(
                g -> {
                    g.mov(EAX, PGE).emit(0x0f, 0x22, 0xe0);
                    g.reportAt(TEST_PAGE).put(TEST_PTE, PAGE_B | 7).call(Call.FLUSH_TLB, 1);
                    g.reportAt(TEST_PAGE).put(TEST_PTE, PAGE_A | 0x107).call(Call.FLUSH_TLB, 1);
                    g.reportAt(TEST_PAGE).put(TEST_PTE, PAGE_B | 0x107).call(Call.FLUSH_TLB, 0);
                    g.reportAt(TEST_PAGE).call(Call.FLUSH_TLB, 3).reportAt(TEST_PAGE);
                    g.emit(0x0f, 0x20, 0xe0).report(EAX);
                },
                r -> {
                    assertThat(r).hasSize(6);
                    assertThat(r[0]).isEqualTo(0xaaaa_aaaa);
                    assertThat(r[1]).isEqualTo(0xbbbb_bbbb);
                    assertThat(r[2]).isEqualTo(0xaaaa_aaaa);
                    assertThat(r[3]).isIn(0xaaaa_aaaa, 0xbbbb_bbbb);
                    assertThat(r[4]).isEqualTo(0xbbbb_bbbb);
                    assertThat(r[5]).isEqualTo(PGE);
                });
    }

    /** Whatever may be put off is done when the mode ends. */
    private static Check lazyMode() {
        return check(
                g -> {
                    g.reportAt(TEST_PAGE).call(Call.SET_LAZY_MODE, 1);
                    g.call(Call.SET_PXE, PAGE_B | 7, TEST_PTE, TEST_PAGE | 0x31);
                    g.call(Call.INVAL_PAGE, TEST_PAGE).call(Call.SET_LAZY_MODE, 0);
                    g.reportAt(TEST_PAGE).call(Call.SET_LAZY_MODE, 2);
                    otherDirectory(g);
                    g.put(TEST_PTE + 0x1000, PAGE_A | 7).call(Call.SET_CR3, OTHER_DIRECTORY);
                    g.call(Call.SET_LAZY_MODE, 0).reportAt(TEST_PAGE);
                },
                0xaaaa_aaaa,
                0xbbbb_bbbb,
                0xaaaa_aaaa);
    }

    // --- ports

    private static void configAddress(Guest g, int value) {
        g.mov(EDX, CONFIG_ADDRESS).mov(EAX, value).emit(0xef);
    }

    private static Check strings(Call call, int value, int... reports) {
        boolean wide = call == Call.INSL;
        return check(
                g -> {
                    g.put(SPACE, wide ? 0 : SENTINEL & 0xffff_0000).put(SPACE + 4, SENTINEL);
                    if (wide) {
                        configAddress(g, value);
                    } else {
                        g.outb(MASKS, value);
                    }
                    int port = wide ? CONFIG_ADDRESS : MASKS;
                    g.mov(EDI, SPACE).mov(EDX, port).mov(ECX, wide ? 1 : 2);
                    g.emit(0xff, 0x15).address(ADDRESSES + 4 * call.number());
                    g.reportAt(SPACE).reportAt(SPACE + 4).report(ECX).report(EDI);
                },
                reports[0],
                reports[1],
                0,
                SPACE + (call == Call.INSB ? 2 : 4));
    }

    private static Check stringsOut(Call call, int port, int last, int bytes) {
        return check(
                g -> {
                    g.put(SPACE, 0x1178_5612).put(SPACE + 4, last);
                    g.mov(ESI, SPACE).mov(EDX, port).mov(ECX, 2);
                    g.emit(0xff, 0x15).address(ADDRESSES + 4 * call.number());
                    g.report(ECX).report(ESI).mov(EDX, port).mov(EAX, 0);
                    g.emit(port == MASKS ? 0xec : 0xed).report(EAX);
                },
                0,
                SPACE + bytes,
                last);
    }

    // --- time

    private static Check cycleCounter() {
        return new Check(
                g -> {
                    for (int counter : new int[] {0, 2, 1, 0, 3}) {
                        g.mov(EDX, -1).call(Call.GET_CYCLE_COUNTER, counter);
                        g.report(EAX).report(EDX);
                    }
                    g.emit(0x0f, 0x31).report(EAX).report(EDX);
                },
                r -> {
                    long first = wide(r, 0), stolen = wide(r, 1), available = wide(r, 2);
                    long real = wide(r, 3);
                    assertThat(first).isPositive();
                    assertThat(available + stolen).isBetween(first, real);
                    assertThat(wide(r, 4)).as("an unknown counter").isZero();
                    assertThat(wide(r, 5)).as("RDTSC").isBetween(real, real + 1_000_000_000);
                });
    }

    private static long wide(int[] r, int which) {
        return (long) r[2 * which + 1] << 32 | r[2 * which] & 0xffff_ffffL;
    }

    /** EAX flags as given, expiry so many nanoseconds from now, period below 4 s. */
    private static Guest alarm(Guest g, int flags, int delta, int period) {
        g.push(0).push(period).emit(0x0f, 0x31).emit(0x05).address(delta); // rdtsc; add eax, delta
        g.emit(0x83, 0xd2, delta < 0 ? -1 : 0); //                   adc edx, 0
        g.emit(0x89, 0xd1, 0x89, 0xc2).mov(EAX, flags); //           mov ecx, edx; mov edx, eax
        return g.called(Call.SET_ALARM).emit(0x83, 0xc4, 8);
    }

    /** Once, late, again and again, of the other counter, and through the local APIC. */
    private static Check setAlarm() {
        return new Check(
                g -> {
                    g.unmaskIrq0().emit(0xfb);
                    alarm(g, 0, 90_000_000, 0).waitMicros(1000).reportAt(INTERRUPTS);
                    g.await(INTERRUPTS, 1).reportAt(INTERRUPTS);
                    alarm(g, 0, -5_000_000, 0).emit(0x90).reportAt(INTERRUPTS);
                    alarm(g, 0x100, 0, 3_000_000).await(INTERRUPTS, 8).emit(0xfa);
                    g.call(Call.CANCEL_ALARM, 0x100).report(EAX).reportAt(INTERRUPTS);
                    g.put(INTERRUPTS, 0).emit(0xfb).waitMicros(1000).put(INTERRUPTS, 0);
                    alarm(g, 1, 2_000_000, 0).await(INTERRUPTS, 1).reportAt(INTERRUPTS);
                    g.put(APIC + 0xf0, 0x1ff).put(APIC + 0x320, LOCAL);
                    alarm(g, 0x1_0000, 2_000_000, 0);
                    g.await(INTERRUPTS + 4 * (LOCAL - IRQ0), 1);
                    g.reportAt(INTERRUPTS).reportAt(INTERRUPTS + 4 * (LOCAL - IRQ0));
                    g.put(APIC + 0x320, LOCAL | 1 << 16);
                    alarm(g, 0x1_0000, 1_000_000, 0).waitMicros(20_000);
                    g.reportAt(INTERRUPTS + 4 * (LOCAL - IRQ0));
                    alarm(g, 2, 0, 0).waitMicros(1000).reportAt(INTERRUPTS).emit(0xfa);
                },
                r -> {
                    assertThat(r[0]).as("before it is time").isZero();
                    assertThat(r[1]).as("once").isEqualTo(1);
                    assertThat(r[2]).as("expired already").isEqualTo(2);
                    assertThat(r[3]).as("cancelled").isEqualTo(1);
                    assertThat(r[4]).as("again and again").isBetween(8, 100);
                    assertThat(r[5]).as("the available counter").isEqualTo(1);
                    assertThat(r[6]).as("IRQ 0 while the local APIC").isEqualTo(1);
                    assertThat(r[7]).as("local APIC").isEqualTo(1);
                    assertThat(r[8]).as("masked").isEqualTo(1);
                    assertThat(r[9]).as("the stolen counter has none").isEqualTo(1);
                    assertThat(r).hasSize(10);
                });
    }

    private static Check cancelAlarm() {
        return check(
                g -> {
                    g.unmaskIrq0().emit(0xfb).call(Call.CANCEL_ALARM, 0).report(EAX);
                    alarm(g, 0, 20_000_000, 0).call(Call.CANCEL_ALARM, 0x1_0100).report(EAX);
                    g.call(Call.CANCEL_ALARM, 0).report(EAX).call(Call.CANCEL_ALARM, 2).report(EAX);
                    g.waitMicros(40_000).reportAt(INTERRUPTS);
                    alarm(g, 0, 1_000_000, 0).await(INTERRUPTS, 1).reportAt(INTERRUPTS);
                    g.call(Call.CANCEL_ALARM, 0).report(EAX).emit(0xfa);
                },
                0,
                1,
                0,
                0,
                0,
                1,
                0);
    }
}
