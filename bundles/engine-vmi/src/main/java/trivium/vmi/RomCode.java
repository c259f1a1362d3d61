package trivium.vmi;

import static trivium.vmi.Code.JA;
import static trivium.vmi.Code.JB;
import static trivium.vmi.Code.JE;
import static trivium.vmi.Code.JNE;

import trivium.vmi.Code.Label;

/**
 * What the ROM's functions do. They run in ring 0 on flat segments wherever the guest has the ROM
 * mapped, take arguments in EAX, EDX, ECX and on the stack, and leave all other registers as they
 * are. There is no memory of their own: what is to be remembered the device does.
 *
 * <p>The kernel stays in ring 0 and its interrupt flag is EFLAGS.IF, for the CPU below is an
 * emulated one: privileged instructions cost less than calls of the hypervisor would. So most calls
 * are the instruction, in either mode.
 */
final class RomCode {
    private static final int JMP = 0xeb, RET = 0xc3;

    /** {@link trivium.cpu.Vcpu#tsc} counts nanoseconds. */
    static final int HZ = 1_000_000_000;

    static final int AP_STATE_DWORDS = 23;

    private final Code c;
    private final Label iretEntry = new Label();

    RomCode(Code code) {
        c = code;
    }

    private void port(int port) {
        c.emit(0xba).dword(port); //                 mov edx, port
        c.emit(0xed); //                             in eax, dx
    }

    private void ret() {
        c.emit(RET);
    }

    // spotless:off

    /** What a call does without a hypervisor, but for those the device answers. */
    void call(Call call) {
        switch (call) {
            case CPUID                -> c.emit(0x0f, 0xa2, RET);             // cpuid
            case WRMSR                -> c.emit(0x0f, 0x30, RET);             // wrmsr
            case RDMSR                -> c.emit(0x0f, 0x32, RET);             // rdmsr
            case SET_GDT              -> setGdt();
            case SET_LDT              -> c.emit(0x0f, 0x00, 0xd0, RET);       // lldt ax
            case SET_IDT              -> c.emit(0x0f, 0x01, 0x18, RET);       // lidt [eax]
            case SET_TR               -> c.emit(0x0f, 0x00, 0xd8, RET);       // ltr ax
            case GET_GDT              -> c.emit(0x0f, 0x01, 0x00, RET);       // sgdt [eax]
            case GET_LDT              -> c.emit(0x31, 0xc0, 0x66, 0x0f, 0x00, 0xc0, RET); // sldt ax
            case GET_IDT              -> c.emit(0x0f, 0x01, 0x08, RET);       // sidt [eax]
            case GET_TR               -> c.emit(0x31, 0xc0, 0x66, 0x0f, 0x00, 0xc8, RET); // str ax
            case WRITE_GDT_ENTRY      -> writeLiveEntry(false);
            case WRITE_LDT_ENTRY      -> writeLiveEntry(true);
            case WRITE_IDT_ENTRY      -> { writeEntry(); ret(); }
            case SET_CR0              -> c.emit(0x0f, 0x22, 0xc0, RET);       // mov cr0, eax
            case SET_CR2              -> c.emit(0x0f, 0x22, 0xd0, RET);
            case SET_CR3              -> c.emit(0x0f, 0x22, 0xd8, RET);
            case SET_CR4              -> c.emit(0x0f, 0x22, 0xe0, RET);
            case GET_CR0              -> c.emit(0x0f, 0x20, 0xc0, RET);       // mov eax, cr0
            case GET_CR2              -> c.emit(0x0f, 0x20, 0xd0, RET);
            case GET_CR3              -> c.emit(0x0f, 0x20, 0xd8, RET);
            case GET_CR4              -> c.emit(0x0f, 0x20, 0xe0, RET);
            case WBINVD               -> c.emit(0x0f, 0x09, RET);
            case SET_DR               -> debugRegister(true);
            case GET_DR               -> debugRegister(false);
            case RDPMC                -> c.emit(0x0f, 0x33, RET);
            case RDTSC                -> c.emit(0x0f, 0x31, RET);
            case CLTS                 -> c.emit(0x0f, 0x06, RET);
            case ENABLE_INTERRUPTS    -> enable();
            case DISABLE_INTERRUPTS   -> c.emit(0xfa, RET);                   // cli
            case GET_INTERRUPT_MASK   -> c.emit(0x9c, 0x58).and(0x200).emit(RET); // pushfd; pop eax
            case SET_INTERRUPT_MASK   -> setInterruptMask();
            case IRET                 -> iret();
            case SYSEXIT              -> c.emit(0xfb, 0x0f, 0x35);            // sti; sysexit
            case HALT                 -> c.emit(0xfb, 0xf4, RET);             // sti; hlt
            case REBOOT               -> reboot();
            case SHUTDOWN             -> haltForEver();
            case SET_PXE              -> c.emit(0x89, 0x02, RET);             // mov [edx], eax
            case SET_PXE_LONG         -> setPxeLong();
            case INVAL_PAGE           -> c.emit(0x0f, 0x01, 0x38, RET);       // invlpg [eax]
            case FLUSH_TLB            -> flushTlb();
            case INL                  -> c.emit(0xed, RET);                   // in eax, dx
            case INB                  -> c.emit(0x31, 0xc0, 0xec, RET);       // xor eax, eax; in al, dx
            case INW                  -> c.emit(0x31, 0xc0, 0x66, 0xed, RET);
            case INSL                 -> c.emit(0xf3, 0x6d, RET);             // rep insd
            case INSB                 -> c.emit(0xf3, 0x6c, RET);
            case INSW                 -> c.emit(0x66, 0xf3, 0x6d, RET);
            case OUTL                 -> c.emit(0xef, RET);                   // out dx, eax
            case OUTB                 -> c.emit(0xee, RET);
            case OUTW                 -> c.emit(0x66, 0xef, RET);
            case OUTSL                -> c.emit(0xf3, 0x6f, RET);             // rep outsd
            case OUTSB                -> c.emit(0xf3, 0x6e, RET);
            case OUTSW                -> c.emit(0x66, 0xf3, 0x6f, RET);
            case SET_IOPL_MASK        -> setIoplMask();
            case SET_INITIAL_AP_STATE -> setInitialApState();
            case APIC_WRITE           -> apicWrite();
            case APIC_READ            -> { port(Ports.APIC_READ); ret(); }
            case GET_CYCLE_FREQUENCY  -> frequency();
            case GET_CYCLE_COUNTER    -> cycleCounter();
            case SET_ALARM            -> setAlarm();
            case CANCEL_ALARM         -> { port(Ports.CANCEL_ALARM); ret(); }
            case GET_WALLCLOCK_TIME   -> { port(Ports.WALLCLOCK); ret(); }
            case WALLCLOCK_UPDATED    -> { port(Ports.WALLCLOCK_UPDATED); ret(); }
            // The guest's tables are the truth, and the CPU walks them: there is nothing to be told.
            case UPDATE_KERNEL_STACK, UPDATE_PXE, UPDATE_PXE_LONG, ALLOCATE_PAGE, RELEASE_PAGE,
                 SET_LINEAR_MAPPING, SET_LAZY_MODE -> ret();
            // Machine frames are physical frames.
            case MACHINE_TO_PHYSICAL, PHYSICAL_TO_MACHINE -> ret();
            case IO_DELAY, SET_CALLBACKS -> ret();
        }
    }

    /** What a call does under the hypervisor, if that differs. @return whether it does */
    boolean hypercall(Call call) {
        switch (call) {
            case SHUTDOWN -> {
                port(Ports.SHUTDOWN);
                haltForEver();
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void enable() {
        c.emit(0xfb);                                   // sti
        c.emit(0x90);                                   // nop           ; what is pending comes here
        ret();
    }

    private void setInterruptMask() {
        Label on = new Label();
        c.emit(0xa9).dword(0x200);                      // test eax, 200h
        c.jump(JNE, on);
        c.emit(0xfa, RET);                              // cli
        c.bind(on);
        enable();
    }

    // --- descriptor tables

    /** {@code [eax + 8 * edx] = ecx}, behind it the first argument on the stack. */
    private void writeEntry() {
        c.emit(0x89, 0x0c, 0xd0);                       // mov [eax+edx*8], ecx
        c.emit(0x8b, 0x4c, 0x24, 0x04);                 // mov ecx, [esp+4]
        c.emit(0x89, 0x4c, 0xd0, 0x04);                 // mov [eax+edx*8+4], ecx
    }

    /** ModR/M of MOV between ECX and a data segment register: ES, SS, DS, FS, GS. */
    private static final int[] DATA_SEGMENTS = {0xc1, 0xd1, 0xd9, 0xe1, 0xe9};

    private static final int SS = 0xd1;

    /** Segment registers that hold the entry take it; reloading from another table is no change. */
    private void writeLiveEntry(boolean local) {
        writeEntry();
        c.emit(0xc1, 0xe2, 0x03);                       // shl edx, 3
        if (local) {
            c.emit(0x83, 0xca, 0x04);                   // or edx, 4     ; selectors' TI
        }
        for (int segment : DATA_SEGMENTS) {
            Label other = new Label();
            c.emit(0x8c, segment);                      // mov ecx, segment
            c.emit(0x81, 0xe1).dword(0xfffc);           // and ecx, 0fffch
            c.emit(0x39, 0xd1);                         // cmp ecx, edx
            c.jump(JNE, other);
            reload(segment);
            c.bind(other);
        }
        ret();
    }

    /** Loads a segment register with what it holds, if that does not fault. Takes EAX, ECX. */
    private void reload(int segment) {
        Label bad = new Label();
        c.emit(0x8c, segment);                          // mov ecx, segment
        c.emit(0x0f, 0x02, 0xc1);                       // lar eax, ecx
        c.jump(JNE, bad);
        if (segment == SS) {
            c.and(0xfa00).emit(0x3d).dword(0x9200);     // and, cmp      ; present, ring 0, writable
            c.jump(JNE, bad);
        } else {
            c.emit(0xf6, 0xc4, 0x80);                   // test ah, 80h  ; present
            c.jump(JE, bad);
            c.emit(0x0f, 0x00, 0xe1);                   // verr cx
            c.jump(JNE, bad);
        }
        c.emit(0x8e, segment);                          // mov segment, ecx
        c.bind(bad);
    }

    private void setGdt() {
        c.emit(0x0f, 0x01, 0x10);                       // lgdt [eax]
        for (int segment : DATA_SEGMENTS) {
            reload(segment);
        }
        Label bad = new Label(), far = new Label();
        c.emit(0x8c, 0xc9);                             // mov ecx, cs
        c.emit(0x0f, 0x02, 0xc1);                       // lar eax, ecx
        c.jump(JNE, bad);
        c.and(0xf800).emit(0x3d).dword(0x9800);         // and, cmp      ; present, ring 0, code
        c.jump(JNE, bad);
        c.emit(0x0e);                                   // push cs
        c.call(far);
        c.bind(bad);
        ret();
        c.bind(far);
        c.emit(0xcb);                                   // retf
    }

    /** EAX number; EDX value or, on return, EAX. 4 and 5 are other names of 6 and 7. */
    private void debugRegister(boolean set) {
        for (int n = 0; n < 8; n++) {
            Label next = new Label();
            int real = n == 4 || n == 5 ? n + 2 : n;
            c.emit(0x83, 0xf8, n);                      // cmp eax, n
            c.jump(JNE, next);
            c.emit(0x0f, set ? 0x23 : 0x21, 0xc0 | real << 3 | (set ? 2 : 0), RET);
            c.bind(next);
        }
        c.emit(0x31, 0xc0);                             // xor eax, eax
        ret();
    }

    // --- leaving the kernel

    /**
     * Faults of IRET are to be told at the place of the call, where Linux has its exception table
     * entry. So the call becomes the instruction, and that runs, if the call is ours. The page
     * may be read-only by now, and DS and ES may be the user's.
     */
    private void iret() {
        Label other = new Label(), base = new Label();
        c.bind(iretEntry);
        c.emit(0x50, 0x51);                             // push eax, ecx
        c.emit(0x8b, 0x44, 0x24, 0x08);                 // mov eax, [esp+8]      ; behind the call
        c.emit(0x2e, 0x80, 0x78, 0xfb, 0xe8);           // cmp byte cs:[eax-5], 0e8h
        c.jump(JNE, other);
        c.emit(0x2e, 0x8b, 0x48, 0xfc);                 // mov ecx, cs:[eax-4]
        c.emit(0x01, 0xc1);                             // add ecx, eax          ; where it leads
        c.emit(0xe8, 0, 0, 0, 0);                       // call base
        c.bind(base);
        c.emit(0x29, 0x0c, 0x24);                       // sub [esp], ecx
        c.emit(0x59);                                   // pop ecx
        c.emit(0x81, 0xf9).distance(iretEntry, base);   // cmp ecx, base - entry
        c.jump(JNE, other);
        c.emit(0x0f, 0x20, 0xc1);                       // mov ecx, cr0
        c.emit(0x51);                                   // push ecx
        c.emit(0x81, 0xe1).dword(~(1 << 16));           // and ecx, ~WP
        c.emit(0x0f, 0x22, 0xc1);                       // mov cr0, ecx
        c.emit(0x36, 0xc6, 0x40, 0xfb, 0xcf);           // mov byte ss:[eax-5], iret
        c.emit(0x59);                                   // pop ecx
        c.emit(0x0f, 0x22, 0xc1);                       // mov cr0, ecx
        c.emit(0x59, 0x58);                             // pop ecx, eax
        c.emit(0x83, 0x2c, 0x24, 0x05);                 // sub dword [esp], 5
        ret();
        c.bind(other);
        c.emit(0x59, 0x58);                             // pop ecx, eax
        c.emit(0x83, 0xc4, 0x04);                       // add esp, 4
        c.emit(0xcf);                                   // iret
    }

    private void haltForEver() {
        Label again = new Label();
        c.emit(0xfa);                                   // cli
        c.bind(again);
        c.emit(0xf4);                                   // hlt
        c.jump(JMP, again);
    }

    /** The PIIX3's reset control register: bit 1 asks for a hard reset, bit 2 does it. */
    private void reboot() {
        c.emit(0xfa);                                   // cli
        c.emit(0x85, 0xc0);                             // test eax, eax
        c.emit(0x0f, 0x95, 0xc0);                       // setne al
        c.emit(0x00, 0xc0);                             // add al, al
        c.emit(0xba).dword(0xcf9);                      // mov edx, 0cf9h
        c.emit(0xee);                                   // out dx, al
        c.emit(0x0c, 0x04);                             // or al, 4
        c.emit(0xee);                                   // out dx, al
        haltForEver();
    }

    // --- paging

    /** EDX:EAX to [ECX]. No CPU may see a present entry of two halves that do not belong together. */
    private void setPxeLong() {
        Label clear = new Label(), was = new Label(), both = new Label(), again = new Label();
        c.emit(0xa8, 0x01);                             // test al, 1
        c.jump(JE, clear);
        c.emit(0xf6, 0x01, 0x01);                       // test byte [ecx], 1
        c.jump(JNE, was);
        c.emit(0x89, 0x51, 0x04);                       // mov [ecx+4], edx
        c.emit(0x89, 0x01, RET);                        // mov [ecx], eax
        c.bind(clear);
        c.emit(0x89, 0x01);                             // mov [ecx], eax
        c.emit(0x89, 0x51, 0x04, RET);                  // mov [ecx+4], edx
        c.bind(was);
        c.emit(0x39, 0x51, 0x04);                       // cmp [ecx+4], edx
        c.jump(JNE, both);
        c.emit(0x89, 0x01, RET);                        // mov [ecx], eax
        c.bind(both);
        c.emit(0x53, 0x56);                             // push ebx, esi
        c.emit(0x89, 0xce);                             // mov esi, ecx
        c.emit(0x89, 0xc3);                             // mov ebx, eax
        c.emit(0x89, 0xd1);                             // mov ecx, edx
        c.emit(0x8b, 0x06);                             // mov eax, [esi]
        c.emit(0x8b, 0x56, 0x04);                       // mov edx, [esi+4]
        c.bind(again);
        c.emit(0xf0, 0x0f, 0xc7, 0x0e);                 // lock cmpxchg8b [esi]
        c.jump(JNE, again);
        c.emit(0x5e, 0x5b);                             // pop esi, ebx
        ret();
    }

    /** EAX bit 0: flush; bit 1: global pages, too. */
    private void flushTlb() {
        Label none = new Label(), local = new Label();
        c.emit(0xa8, 0x01);                             // test al, 1
        c.jump(JE, none);
        c.emit(0xa8, 0x02);                             // test al, 2
        c.jump(JE, local);
        c.emit(0x0f, 0x20, 0xe2);                       // mov edx, cr4
        c.emit(0xf6, 0xc2, 0x80);                       // test dl, PGE
        c.jump(JE, local);
        c.emit(0x89, 0xd0);                             // mov eax, edx
        c.emit(0x24, 0x7f);                             // and al, ~PGE
        c.emit(0x0f, 0x22, 0xe0);                       // mov cr4, eax
        c.emit(0x0f, 0x22, 0xe2, RET);                  // mov cr4, edx
        c.bind(local);
        c.emit(0x0f, 0x20, 0xd8);                       // mov eax, cr3
        c.emit(0x0f, 0x22, 0xd8);                       // mov cr3, eax
        c.bind(none);
        ret();
    }

    private void setIoplMask() {
        c.and(0x3000);                                  // and eax, 3000h
        c.emit(0x9c);                                   // pushfd
        c.emit(0x81, 0x24, 0x24).dword(~0x3000);        // and dword [esp], ~3000h
        c.emit(0x09, 0x04, 0x24);                       // or [esp], eax
        c.emit(0x9d);                                   // popfd
        ret();
    }

    // --- what the device does

    /** EAX where the state is, EDX whose it is. */
    private void setInitialApState() {
        c.emit(0x53, 0x56);                             // push ebx, esi
        c.emit(0x89, 0xc6);                             // mov esi, eax
        c.emit(0x89, 0xd3);                             // mov ebx, edx
        port(Ports.AP_STATE);
        c.emit(0xb9).dword(AP_STATE_DWORDS);            // mov ecx, n
        c.emit(0xfc);                                   // cld
        c.emit(0xf3, 0x6f);                             // rep outsd
        c.emit(0x5e, 0x5b);                             // pop esi, ebx
        ret();
    }

    private void apicWrite() {
        c.emit(0x53);                                   // push ebx
        c.emit(0x89, 0xd3);                             // mov ebx, edx
        port(Ports.APIC_WRITE);
        c.emit(0x5b);                                   // pop ebx
        ret();
    }

    private void frequency() {
        c.emit(0xb8).dword(HZ);                         // mov eax, HZ
        c.emit(0x31, 0xd2);                             // xor edx, edx
        ret();
    }

    /** The real counter is the time-stamp counter; of the others the device has what was stolen. */
    private void cycleCounter() {
        Label real = new Label(), stolen = new Label(), none = new Label();
        c.emit(0x83, 0xf8, 0x01);                       // cmp eax, 1
        c.jump(JB, real);
        c.emit(0x83, 0xf8, 0x02);                       // cmp eax, 2
        c.jump(JE, stolen);
        c.jump(JA, none);
        c.emit(0x53, 0x56);                             // push ebx, esi
        port(Ports.STOLEN);
        c.emit(0x89, 0xc3);                             // mov ebx, eax
        c.emit(0x89, 0xd6);                             // mov esi, edx
        c.emit(0x0f, 0x31);                             // rdtsc
        c.emit(0x29, 0xd8);                             // sub eax, ebx
        c.emit(0x19, 0xf2);                             // sbb edx, esi
        c.emit(0x5e, 0x5b);                             // pop esi, ebx
        ret();
        c.bind(real);
        c.emit(0x0f, 0x31, RET);                        // rdtsc
        c.bind(stolen);
        port(Ports.STOLEN);
        ret();
        c.bind(none);
        c.emit(0x31, 0xc0, 0x31, 0xd2);                 // xor eax, eax; xor edx, edx
        ret();
    }

    /** EAX flags, ECX:EDX expiry, period on the stack. The device gets how far off the expiry is. */
    private void setAlarm() {
        c.emit(0x53, 0x56, 0x57);                       // push ebx, esi, edi
        c.emit(0x89, 0xc3);                             // mov ebx, eax
        c.emit(0x89, 0xd6);                             // mov esi, edx
        c.emit(0x89, 0xcf);                             // mov edi, ecx
        c.emit(0x0f, 0x31);                             // rdtsc
        c.emit(0x29, 0xc6);                             // sub esi, eax
        c.emit(0x19, 0xd7);                             // sbb edi, edx
        c.emit(0x89, 0xd8);                             // mov eax, ebx
        c.emit(0x8b, 0x5c, 0x24, 0x10);                 // mov ebx, [esp+16]
        c.emit(0x8b, 0x4c, 0x24, 0x14);                 // mov ecx, [esp+20]
        port(Ports.SET_ALARM);
        c.emit(0x5f, 0x5e, 0x5b);                       // pop edi, esi, ebx
        ret();
    }

    // --- the two that are not in the table

    /** VMI_Init: 0 in EAX if all is well. What the hypervisor reserves has no translations yet. */
    void init() {
        Label no = new Label();
        c.emit(0xb8).dword(Ports.PROTOCOL);             // mov eax, protocol
        port(Ports.INIT);
        c.emit(0x85, 0xc0);                             // test eax, eax
        c.jump(JNE, no);
        c.emit(0x0f, 0x20, 0xd9);                       // mov ecx, cr3
        c.emit(0x0f, 0x22, 0xd9);                       // mov cr3, ecx
        c.bind(no);
        ret();
    }

    /** VMI_GetRelocationInfo: a table of offset and type, doublewords by number. */
    void getRelocationInfo(Label start, Label table) {
        Label none = new Label(), here = new Label();
        c.emit(0x3d).dword(Call.count());               // cmp eax, count
        c.jump(0x73, none);                             // jae none
        c.emit(0xe8, 0, 0, 0, 0);                       // call here
        c.bind(here);
        c.emit(0x59);                                   // pop ecx
        c.emit(0x8d, 0x94, 0x81).distance(here, table); // lea edx, [ecx+eax*4+(table-here)]
        c.emit(0x0f, 0xb7, 0x02);                       // movzx eax, word [edx]
        c.emit(0x0f, 0xb6, 0x52, 0x02);                 // movzx edx, byte [edx+2]
        c.emit(0x8d, 0x84, 0x08).distance(here, start); // lea eax, [eax+ecx+(start-here)]
        ret();
        c.bind(none);
        c.emit(0x31, 0xc0, 0x31, 0xd2);                 // xor eax, eax; xor edx, edx
        ret();
    }
    // spotless:on
}
