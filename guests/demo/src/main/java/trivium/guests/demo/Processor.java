package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.at;
import static trivium.guests.demo.Operand.byteAt;

/**
 * What CPUID tells (SDM Vol. 2A "CPUID"), in words. The tellers append at EDI and change all else.
 */
final class Processor extends Assembler32 {
    private static final int ID_FLAG = 1 << 21, APIC = 9, EXTENDED = 0x8000_0000;
    private static final int LOCAL_APIC = 0xfee0_0000, SPURIOUS = 0xf0, LINT0 = 0x350;
    private static final int APIC_ON = 0x1ff, EXTERNAL_INTERRUPTS = 0x700;

    /** Features: bit and name, of CPUID 1 in EDX and ECX, and of CPUID 80000001h in EDX. */
    private static final String[] SYSTEM = {"0 fpu", "3 pse", "4 tsc", "6 pae", "8 cx8", "9 apic"};

    private static final String[] SYSTEM_2 = {"11 sep", "15 cmov", "16 pat"};
    private static final String[] SIMD = {"23 mmx", "24 fxsr", "25 sse", "26 sse2"};
    private static final String[] SIMD_2 = {
        "0 sse3", "9 ssse3", "19 sse4.1", "20 sse4.2", "23 popcnt"
    };
    private static final String[] LATER = {"11 syscall", "20 nx", "29 lm"};

    /** Asks the CPU and lets the 8259A through to it, if it has a local APIC. */
    final Label init = label();

    final Label tellName = label();
    final Label tellModel = label();
    final Label tellFeatures = label();
    final Label tellSimd = label();

    /** All zero where CPUID is not there. */
    private final Label present = variable();

    private final Label signature = variable();
    private final Label edx1 = variable(), ecx1 = variable(), edxExtended = variable();
    private final Label vendor = room(16), brand = room(64);
    private final Text text;

    Processor(Image image, Text text) {
        super(image);
        this.text = text;
    }

    void emit() {
        routine(init, this::emitInit);
        bind(tellName);
        emitName();
        bind(tellModel);
        emitModel();
        bind(tellFeatures);
        names(edx1, SYSTEM);
        names(edx1, SYSTEM_2);
        names(edxExtended, LATER);
        ret();
        bind(tellSimd);
        names(edx1, SIMD);
        names(ecx1, SIMD_2);
        ret();
    }

    private void emitInit() {
        Label done = label(), noBrand = label(), noApic = label();
        pushfd();
        pop(EAX);
        mov(ECX, EAX);
        xor(EAX, ID_FLAG);
        push(EAX);
        popfd();
        pushfd();
        pop(EAX);
        xor(EAX, ECX);
        test(EAX, ID_FLAG);
        je(done);
        mov(at(present), 1);
        mov(EAX, 0);
        cpuid();
        mov(at(vendor), EBX);
        mov(at(vendor).plus(4), EDX);
        mov(at(vendor).plus(8), ECX);
        mov(EAX, 1);
        cpuid();
        mov(at(signature), EAX);
        mov(at(edx1), EDX);
        mov(at(ecx1), ECX);
        bt(EDX, APIC);
        jae(noApic);
        mov(EAX, LOCAL_APIC);
        mov(at(EAX, SPURIOUS), APIC_ON);
        mov(at(EAX, LINT0), EXTERNAL_INTERRUPTS);
        bind(noApic);
        mov(EAX, EXTENDED);
        cpuid();
        mov(ESI, EAX);
        sub(ESI, EXTENDED + 1);
        cmp(ESI, 0xff);
        ja(done);
        mov(EAX, EXTENDED + 1);
        cpuid();
        mov(at(edxExtended), EDX);
        cmp(ESI, 3);
        jb(noBrand);
        emitBrand();
        bind(noBrand);
        bind(done);
    }

    private void emitBrand() {
        mov(EDI, brand);
        mov(ESI, EXTENDED + 2);
        Label next = here();
        mov(EAX, ESI);
        cpuid();
        mov(at(EDI, 0), EAX);
        mov(at(EDI, 4), EBX);
        mov(at(EDI, 8), ECX);
        mov(at(EDI, 12), EDX);
        add(EDI, 16);
        inc(ESI);
        cmp(ESI, EXTENDED + 5);
        jb(next);
    }

    /** The brand without the blanks before it, or the vendor. */
    private void emitName() {
        Label none = label(), vendorIt = label(), put = label();
        cmp(at(present), 0);
        je(none);
        mov(ESI, brand);
        Label next = here();
        cmp(byteAt(ESI), 0);
        je(vendorIt);
        cmp(byteAt(ESI), ' ');
        jne(put);
        inc(ESI);
        jmp(next);
        bind(vendorIt);
        mov(ESI, vendor);
        bind(put);
        call(text.append);
        ret();
        bind(none);
        text.words("an 80386 or 80486 without CPUID");
        ret();
    }

    /** Family, model and stepping as the CPUID page's "Version Information" puts them together. */
    private void emitModel() {
        Label none = label(), usual = label(), smallModel = label();
        cmp(at(present), 0);
        je(none);
        mov(ESI, vendor);
        call(text.append);
        text.words(", family ");
        mov(EBX, at(signature));
        mov(EAX, EBX);
        shr(EAX, 8);
        and(EAX, 15);
        mov(ECX, EAX);
        cmp(ECX, 15);
        jne(usual);
        mov(EDX, EBX);
        shr(EDX, 20);
        and(EDX, 0xff);
        add(EAX, EDX);
        bind(usual);
        call(text.decimal);
        text.words(" model ");
        mov(EAX, EBX);
        shr(EAX, 4);
        and(EAX, 15);
        cmp(ECX, 6);
        jb(smallModel);
        mov(EDX, EBX);
        shr(EDX, 12);
        and(EDX, 0xf0);
        add(EAX, EDX);
        bind(smallModel);
        call(text.decimal);
        text.words(" stepping ");
        mov(EAX, EBX);
        and(EAX, 15);
        call(text.decimal);
        ret();
        bind(none);
        text.words("not told");
        ret();
    }

    private void names(Label register, String[] features) {
        for (String feature : features) {
            int blank = feature.indexOf(' ');
            Label absent = label();
            bt(at(register), Integer.parseInt(feature.substring(0, blank)));
            jae(absent);
            text.words(feature.substring(blank + 1) + " ");
            bind(absent);
        }
    }
}
