package trivium.vmi;

import java.util.Map;
import java.util.TreeMap;
import trivium.vmi.Code.Label;

/**
 * A small kernel of our own, a Multiboot image: flat segments with Linux's selectors, paging with
 * memory at 0 and at C0000000, an IDT and a TSS; it looks for the VMI ROM as Linux does, calls
 * VMI_Init, asks for the relocation of every call, and runs one program. What that reports is sent
 * to COM1 as doublewords; then the guest ends by the debug exit.
 */
final class Guest {
    static final int EAX = 0, ECX = 1, EDX = 2, EBX = 3, ESP = 4, EBP = 5, ESI = 6, EDI = 7;
    static final int KERNEL_CS = 0x60, KERNEL_DS = 0x68, USER_CS = 0x73, USER_DS = 0x7b;
    static final int TSS_SELECTOR = 0x80, LDT_SELECTOR = 0x88, TLS_SELECTOR = 0x33, PERCPU = 0xd8;

    /** Where memory is seen a second time. */
    static final int HIGH = 0xc000_0000;

    /** A page of addresses that programs map as they like, by the entry at {@link #TEST_PTE}. */
    static final int TEST_PAGE = 0x4000_0000, TEST_PTE = 0x20_2000, APIC = 0x4000_1000;

    static final int LOAD = 0x10_0000, STACK = 0x1c_0000, USER_STACK = 0x1b_0000;
    static final int DIRECTORY = 0x20_0000, LOW_TABLE = 0x20_1000, OTHER_DIRECTORY = 0x20_4000;
    static final int GDT = 0x21_0000, GDT_BYTES = 0x100, IDT = 0x21_1000, TSS = 0x21_2000;
    static final int LDT = 0x21_3000, OTHER_GDT = 0x21_4000, OTHER_IDT = 0x21_5000;

    /** Two pages that are told from each other by their first doubleword, and work space. */
    static final int PAGE_A = 0x22_0000, PAGE_B = 0x22_1000, SPACE = 0x23_0000;

    static final int VARIABLES = 0x30_0000;
    static final int COUNT = VARIABLES, BAD = VARIABLES + 4, SAVED_ESP = VARIABLES + 8;
    static final int RESUME = VARIABLES + 12, RESUME_ESP = VARIABLES + 16, SCRATCH = VARIABLES + 20;
    static final int ROM_BASE = VARIABLES + 24, INIT_RESULT = VARIABLES + 28;

    /** The last event: how many there were, vector, error code, EIP, CS, EFLAGS, CR2, ESP. */
    static final int FAULT = VARIABLES + 0x40, FAULTS = FAULT, VECTOR = FAULT + 4;

    static final int ERROR = FAULT + 8, FAULT_EIP = FAULT + 12, FAULT_CS = FAULT + 16;
    static final int FAULT_FLAGS = FAULT + 20, FAULT_CR2 = FAULT + 24, FAULT_ESP = FAULT + 28;

    /** Interrupts by vector, from 20h on. */
    static final int INTERRUPTS = VARIABLES + 0x80;

    static final int TYPES = VARIABLES + 0x200, ADDRESSES = VARIABLES + 0x400;
    static final int RESULTS = VARIABLES + 0x1000;

    static final int IRQ0 = 0x20, LOCAL = 0x40, VECTORS = 0x60;
    private static final int LOCAL_EOI = APIC + 0xb0;
    private static final int[] SENTINELS = {EBX, ESI, EDI, EBP};

    final Code c = new Code(LOAD);
    private final Label entry = new Label(), idt = new Label();
    private final Map<Integer, Label> stubs = new TreeMap<>();

    private Guest() {}

    /** What a guest does between its start and its end. */
    interface Program {
        void emit(Guest g);
    }

    /** An image that has the ROM initialised before the program runs. */
    static byte[] image(Program program) {
        return image(program, true);
    }

    static byte[] image(Program program, boolean findRom) {
        Guest g = new Guest();
        g.header();
        g.c.bind(g.entry);
        g.setUp();
        if (findRom) {
            g.findRom();
        }
        program.emit(g);
        g.finish();
        return g.c.toBytes();
    }

    private void header() {
        c.dword(0x1bad_b002).dword(0x1_0000).dword(-(0x1bad_b002 + 0x1_0000));
        c.dword(LOAD).dword(LOAD).dword(0).dword(0); // header, load, load end, bss end
        c.address(entry);
    }

    // --- what programs are written with

    Guest emit(int... bytes) {
        c.emit(bytes);
        return this;
    }

    Guest mov(int register, int value) {
        c.emit(0xb8 + register).dword(value);
        return this;
    }

    Guest mov(int register, Label label) {
        c.emit(0xb8 + register).address(label);
        return this;
    }

    Guest load(int register, int address) {
        c.emit(0x8b, register << 3 | 5).dword(address);
        return this;
    }

    Guest store(int address, int register) {
        c.emit(0x89, register << 3 | 5).dword(address);
        return this;
    }

    Guest put(int address, int value) {
        c.emit(0xc7, 0x05).dword(address).dword(value);
        return this;
    }

    Guest push(int value) {
        c.emit(0x68).dword(value);
        return this;
    }

    /** The stored doublewords of a descriptor or whatever. */
    Guest put64(int address, long value) {
        return put(address, (int) value).put(address + 4, (int) (value >>> 32));
    }

    /** Adds a register to what is reported; all registers stay. */
    Guest report(int register) {
        c.emit(0x9c, 0x57, 0x56); //                                 pushfd; push edi, esi
        c.emit(0x89, 0xc6 | register << 3); //                       mov esi, register
        load(EDI, COUNT);
        c.emit(0x89, 0x34, 0xbd).dword(RESULTS); //                  mov [RESULTS+edi*4], esi
        c.emit(0xff, 0x05).dword(COUNT); //                          inc dword [COUNT]
        c.emit(0x5e, 0x5f, 0x9d); //                                 pop esi, edi; popfd
        return this;
    }

    Guest reportAt(int address) {
        c.emit(0x50);
        load(EAX, address).report(EAX);
        c.emit(0x58);
        return this;
    }

    /** IF; EAX is lost. */
    Guest reportFlags9() {
        return emit(0x9c, 0x58, 0x25).address(0x200).report(EAX);
    }

    /** IOPL; EAX is lost. */
    Guest reportIopl() {
        return emit(0x9c, 0x58, 0x25).address(0x3000).report(EAX);
    }

    /** The four bytes of an address or another operand. */
    Guest address(int value) {
        c.dword(value);
        return this;
    }

    /** The operand of a near jump. */
    Guest distanceTo(Label label) {
        Label behind = new Label();
        c.distance(behind, label).bind(behind);
        return this;
    }

    /**
     * Calls the ROM with up to five arguments, and notes if a register or the stack is not what it
     * was.
     */
    Guest call(Call call, int... arguments) {
        for (int i = arguments.length - 1; i >= 3; i--) {
            push(arguments[i]);
        }
        int[] registers = {EAX, EDX, ECX};
        for (int i = 0; i < Math.min(3, arguments.length); i++) {
            mov(registers[i], arguments[i]);
        }
        called(call);
        if (arguments.length > 3) {
            c.emit(0x8d, 0x64, 0x24, 4 * (arguments.length - 3)); // lea esp, [esp+n]
        }
        return this;
    }

    /** The same with arguments as they are. */
    Guest called(Call call) {
        for (int register : SENTINELS) {
            mov(register, sentinel(register));
        }
        store(SAVED_ESP, ESP);
        c.emit(0xff, 0x15).dword(ADDRESSES + 4 * call.number()); // call [address]
        return checkPreserved(call);
    }

    private static int sentinel(int register) {
        return 0x5e47_0000 + register;
    }

    private Guest checkPreserved(Call call) {
        Label bad = new Label(), good = new Label();
        c.emit(0x9c); //                                             pushfd
        for (int register : SENTINELS) {
            c.emit(0x81, 0xf8 | register).dword(sentinel(register)); // cmp register, sentinel
            c.jump(Code.JNE, bad);
        }
        c.emit(0x8d, 0x5c, 0x24, 0x04); //                           lea ebx, [esp+4]
        c.emit(0x3b, 0x1d).dword(SAVED_ESP); //                      cmp ebx, [SAVED_ESP]
        c.jump(Code.JE, good);
        c.bind(bad);
        put(BAD, call.number() + 1);
        c.bind(good);
        c.emit(0x9d); //                                             popfd
        return this;
    }

    /** From here on an exception or software interrupt goes on at {@code where}. */
    Guest onFault(Label where) {
        c.emit(0x50);
        mov(EAX, where).store(RESUME, EAX);
        c.emit(0x58);
        return store(RESUME_ESP, ESP);
    }

    Label label() {
        return new Label();
    }

    Guest bind(Label label) {
        c.bind(label);
        return this;
    }

    Guest outb(int port, int value) {
        c.emit(0x50, 0x52);
        mov(EDX, port);
        c.emit(0xb0, value, 0xee, 0x5a, 0x58);
        return this;
    }

    /** Waits, with interrupts as they are, for so many thousand reads of the time-stamp counter. */
    Guest delay(int thousands) {
        mov(ECX, thousands * 1000);
        Label again = c.here();
        c.emit(0x0f, 0x31, 0x49); //                                 rdtsc; dec ecx
        c.jump(Code.JNE, again);
        return this;
    }

    /** Waits until the real counter has gone on by so many microseconds. */
    Guest waitMicros(int micros) {
        c.emit(0x0f, 0x31, 0x89, 0xc1); //                           rdtsc; mov ecx, eax
        Label again = c.here();
        c.emit(0x0f, 0x31, 0x29, 0xc8, 0x3d).dword(micros * 1000); // rdtsc; sub eax, ecx; cmp
        c.jump(Code.JB, again);
        return this;
    }

    /** Waits until a variable has some value or more, but no longer than two seconds. */
    Guest await(int address, int least) {
        Label again = new Label(), done = new Label();
        c.emit(0x0f, 0x31, 0x89, 0xc1).bind(again); //               rdtsc; mov ecx, eax
        load(EAX, address).emit(0x3d).address(least).emit(0x0f, 0x83).distanceTo(done);
        c.emit(0x0f, 0x31, 0x29, 0xc8, 0x3d).dword(2_000_000_000); // rdtsc; sub eax, ecx; cmp
        c.jump(Code.JB, again);
        return bind(done);
    }

    /** Lets IRQ 0 through the PIC. */
    Guest unmaskIrq0() {
        return outb(0x21, 0xfe);
    }

    /** The PIT raises IRQ 0 once, soon. */
    Guest pitSoon() {
        return outb(0x43, 0x30).outb(0x40, 0x40).outb(0x40, 0);
    }

    // --- before and after

    private static long descriptor(long base, int limit, int attributes) {
        return limit & 0xffff
                | (base & 0xff_ffff) << 16
                | (long) (attributes & 0xff) << 40
                | (long) (limit >> 16 & 15) << 48
                | (long) (attributes >> 8 & 0xf0) << 48
                | (base >>> 24) << 56;
    }

    static long data(long base) {
        return descriptor(base, 0xf_ffff, 0xc0f3);
    }

    private static long gate(int offset, int attributes) {
        return offset & 0xffff
                | (long) KERNEL_CS << 16
                | (long) attributes << 32
                | (long) (offset >>> 16) << 48;
    }

    static long gateTo(int offset) {
        return gate(offset, 0xee00);
    }

    private void setUp() {
        c.emit(0xbc).dword(STACK);
        c.emit(0x31, 0xc0, 0xbf).dword(DIRECTORY); //                xor eax, eax; mov edi, ...
        c.emit(0xb9).dword((RESULTS + 0x1000 - DIRECTORY) / 4); //   mov ecx, n
        c.emit(0xfc, 0xf3, 0xab); //                                 cld; rep stosd
        put64(GDT + KERNEL_CS, descriptor(0, 0xf_ffff, 0xc09b));
        put64(GDT + KERNEL_DS, descriptor(0, 0xf_ffff, 0xc093));
        put64(GDT + (USER_CS & ~3), descriptor(0, 0xf_ffff, 0xc0fb));
        put64(GDT + (USER_DS & ~3), data(0));
        put64(GDT + TSS_SELECTOR, descriptor(TSS, 0x67, 0x89));
        put64(GDT + LDT_SELECTOR, descriptor(LDT, 15, 0x82));
        put64(GDT + PERCPU, data(PAGE_A));
        put64(LDT, data(PAGE_A));
        put(TSS + 4, STACK).put(TSS + 8, KERNEL_DS).put(TSS + 0x64, 0x68 << 16);
        put(PAGE_A, 0xaaaa_aaaa).put(PAGE_B, 0xbbbb_bbbb);
        paging();
        segments();
        interrupts();
    }

    private void paging() {
        put(DIRECTORY, LOW_TABLE | 7).put(DIRECTORY + 0xc00, LOW_TABLE | 7);
        put(DIRECTORY + 0x400, TEST_PTE | 7)
                .put(TEST_PTE, PAGE_A | 7)
                .put(TEST_PTE + 4, 0xfee0_0013);
        mov(EAX, 7).mov(EDI, LOW_TABLE).mov(ECX, 1024);
        Label next = c.here();
        c.emit(0xab, 0x05).dword(4096); //                           stosd; add eax, 4096
        c.emit(0x49); //                                             dec ecx
        c.jump(Code.JNE, next);
        mov(EAX, DIRECTORY).emit(0x0f, 0x22, 0xd8); //               mov cr3, eax
        c.emit(0x0f, 0x20, 0xc0, 0x0d).dword(0x8001_0020); //        mov eax, cr0; or PG, WP, NE
        c.emit(0x0f, 0x22, 0xc0); //                                 mov cr0, eax
    }

    private void segments() {
        put(SPACE, GDT_BYTES - 1 | GDT << 16).put(SPACE + 4, GDT >>> 16);
        c.emit(0x0f, 0x01, 0x15).dword(SPACE); //                    lgdt
        mov(EAX, KERNEL_DS).emit(0x8e, 0xd0); //                     mov ss
        mov(EAX, USER_DS).emit(0x8e, 0xd8, 0x8e, 0xc0); //           mov ds, es
        mov(EAX, PERCPU).emit(0x8e, 0xe0, 0x31, 0xc0, 0x8e, 0xe8); // mov fs; gs 0
        Label far = new Label(), on = new Label();
        push(KERNEL_CS);
        c.call(far);
        c.jump(on);
        c.bind(far).emit(0xcb).bind(on); //                          retf
    }

    /** The PICs to 20h and 28h, all masked; the IDT is made when the handlers are known. */
    private void interrupts() {
        outb(0x20, 0x11).outb(0x21, 0x20).outb(0x21, 4).outb(0x21, 1);
        outb(0xa0, 0x11).outb(0xa1, 0x28).outb(0xa1, 2).outb(0xa1, 1);
        outb(0x21, 0xff).outb(0xa1, 0xff);
        outb(0x43, 0x30); // the PIT waits for a count
        c.emit(0xbe).address(idt); //                                mov esi, idt
        mov(EDI, IDT).mov(ECX, 2 * VECTORS).emit(0xf3, 0xa5); //     rep movsd
        put(SPACE, 8 * VECTORS - 1 | IDT << 16).put(SPACE + 4, IDT >>> 16);
        c.emit(0x0f, 0x01, 0x1d).dword(SPACE); //                    lidt
    }

    private void findRom() {
        Label next = new Label(), found = new Label(), ask = new Label();
        mov(EBX, HIGH + 0xc_0000);
        Label look = c.here();
        c.emit(0x66, 0x81, 0x3b, 0x55, 0xaa); //                     cmp word [ebx], aa55h
        c.jump(Code.JNE, next);
        c.emit(0x81, 0x7b, 0x08).dword(Rom.VMI_SIGNATURE); //        cmp dword [ebx+8], 'cVmi'
        c.jump(Code.JE, found);
        c.bind(next);
        c.emit(0x81, 0xc3).dword(Rom.STEP); //                       add ebx, 2048
        c.emit(0x81, 0xfb).dword(HIGH + 0xe_0000); //                cmp ebx, end
        c.jump(Code.JB, look);
        exit(9);
        c.bind(found);
        store(ROM_BASE, EBX);
        c.emit(0x8d, 0x83).dword(Rom.INIT); //                       lea eax, [ebx+80h]
        c.emit(0xff, 0xd0); //                                       call eax
        store(INIT_RESULT, EAX);
        c.emit(0x31, 0xff); //                                       xor edi, edi
        c.bind(ask);
        c.emit(0x89, 0xf8, 0x8d, 0x8b).dword(Rom.GET_RELOCATION); // mov eax, edi; lea ecx, [ebx+..]
        c.emit(0xff, 0xd1); //                                       call ecx
        c.emit(0x89, 0x04, 0xbd).dword(ADDRESSES); //                mov [ADDRESSES+edi*4], eax
        c.emit(0x89, 0x14, 0xbd).dword(TYPES); //                    mov [TYPES+edi*4], edx
        c.emit(0x47, 0x83, 0xff, Call.count() + 2); //               inc edi; cmp edi, n
        c.jump(Code.JNE, ask);
    }

    /** Ends the VM with a code. */
    Guest exit(int code) {
        outb(0xf4, code);
        Label stay = c.here();
        c.emit(0xfa, 0xf4);
        c.jump(0xeb, stay);
        return this;
    }

    /** Sends what was reported: how many, whether registers were lost, and then all. */
    private void finish() {
        mov(EAX, KERNEL_DS).emit(0x8e, 0xd8, 0x8e, 0xc0); //         mov ds, es
        mov(ESI, COUNT).mov(ECX, 8);
        mov(EDX, 0x3f8).emit(0xfc, 0xf3, 0x6e); //                   cld; rep outsb
        mov(ESI, RESULTS).load(ECX, COUNT);
        c.emit(0xc1, 0xe1, 0x02); //                                 shl ecx, 2
        mov(EDX, 0x3f8).emit(0xf3, 0x6e); //                         rep outsb
        exit(0);
        handlers();
        idtImage();
    }

    private static boolean pushesError(int vector) {
        return vector == 8 || vector >= 10 && vector <= 14 || vector == 17;
    }

    private void handlers() {
        Label fault = new Label();
        for (int vector = 0; vector < VECTORS; vector++) {
            Label stub = c.here();
            stubs.put(vector, stub);
            if (vector >= IRQ0 && vector < IRQ0 + 16 || vector == LOCAL) {
                interrupt(vector);
            } else {
                if (!pushesError(vector)) {
                    push(0);
                }
                push(vector);
                c.jump(fault);
            }
        }
        c.bind(fault);
        fault();
    }

    private void interrupt(int vector) {
        c.emit(0x50, 0x1e); //                                       push eax, ds
        mov(EAX, KERNEL_DS).emit(0x8e, 0xd8); //                     mov ds, eax
        c.emit(0xff, 0x05).dword(INTERRUPTS + 4 * (vector - IRQ0)); // inc dword
        if (vector == LOCAL) {
            put(LOCAL_EOI, 0);
        } else {
            outb(0x20, 0x20);
        }
        c.emit(0x1f, 0x58, 0xcf); //                                 pop ds, eax; iretd
    }

    /**
     * Notes everything and goes on at RESUME; all registers but those that the CPU changed stay.
     */
    private void fault() {
        c.emit(0x1e, 0x50); //                                       push ds, eax
        mov(EAX, KERNEL_DS).emit(0x8e, 0xd8); //                     mov ds, eax
        c.emit(0x58, 0x8f, 0x05).dword(SCRATCH); //                  pop eax; pop [SCRATCH]
        for (int at : new int[] {VECTOR, ERROR, FAULT_EIP, FAULT_CS, FAULT_FLAGS}) {
            c.emit(0x8f, 0x05).dword(at); //                         pop [..]
        }
        store(FAULT_ESP, ESP);
        c.emit(0xff, 0x05).dword(FAULTS); //                         inc [FAULTS]
        c.emit(0x50, 0x0f, 0x20, 0xd0); //                           push eax; mov eax, cr2
        store(FAULT_CR2, EAX);
        c.emit(0x58, 0x8b, 0x25).dword(RESUME_ESP); //               pop eax; mov esp, [..]
        c.emit(0xff, 0x25).dword(RESUME); //                         jmp [RESUME]
    }

    private void idtImage() {
        c.align(8, 0).bind(idt);
        for (Label stub : stubs.values()) {
            long gate = gateTo(stub.offset());
            c.dword((int) gate).dword((int) (gate >>> 32));
        }
    }
}
