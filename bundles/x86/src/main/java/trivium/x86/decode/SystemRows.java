package trivium.x86.decode;

import static trivium.x86.decode.Feature.*;
import static trivium.x86.decode.Mnemonic.*;
import static trivium.x86.decode.OpcodeTable.insn;
import static trivium.x86.decode.Operand.*;
import static trivium.x86.decode.Row.Attribute.*;

import java.util.List;

/**
 * Far transfers, interrupts, flags that matter to the system, and everything privileged or of
 * protected mode.
 */
final class SystemRows {
    private SystemRows() {}

    // spotless:off
    static final List<Row> ROWS = List.of(
        insn(0x63, ARPL, Ew, Gw).on(I286).with(NOT_64, PROTECTED_ONLY),
        insn(0x9a, CALL_FAR, Ap).with(NOT_64, ENDS_BLOCK), insn(0xea, JMP_FAR, Ap).with(NOT_64, ENDS_BLOCK),
        insn(0xff, CALL_FAR, Mp).ext(3).mem().with(ENDS_BLOCK), insn(0xff, JMP_FAR, Mp).ext(5).mem().with(ENDS_BLOCK),
        insn(0xca, RETF, Iw).with(ENDS_BLOCK), insn(0xcb, RETF).with(ENDS_BLOCK),
        insn(0xc8, RETF, Iw).on(ONLY_8086).with(ENDS_BLOCK), insn(0xc9, RETF).on(ONLY_8086).with(ENDS_BLOCK),
        insn(0xcc, INT3).with(ENDS_BLOCK), insn(0xcd, INT, Ib).with(ENDS_BLOCK),
        insn(0xce, INTO).with(NOT_64, ENDS_BLOCK), insn(0xcf, IRET).with(ENDS_BLOCK), insn(0xf1, INT1).on(I386).with(ENDS_BLOCK),
        insn(0xf4, HLT).with(PRIVILEGED, ENDS_BLOCK), insn(0xfa, CLI), insn(0xfb, STI).with(ENDS_BLOCK),
        insn(0x0f00, SLDT, Ev).ext(0).on(I286).with(PROTECTED_ONLY), insn(0x0f00, STR, Ev).ext(1).on(I286).with(PROTECTED_ONLY),
        insn(0x0f00, LLDT, Ew).ext(2).on(I286).with(PROTECTED_ONLY, PRIVILEGED), insn(0x0f00, LTR, Ew).ext(3).on(I286).with(PROTECTED_ONLY, PRIVILEGED),
        insn(0x0f00, VERR, Ew).ext(4).on(I286).with(PROTECTED_ONLY), insn(0x0f00, VERW, Ew).ext(5).on(I286).with(PROTECTED_ONLY),
        insn(0x0f01, SGDT, Ms).ext(0).mem().on(I286), insn(0x0f01, SIDT, Ms).ext(1).mem().on(I286),
        insn(0x0f01, LGDT, Ms).ext(2).mem().on(I286).with(PRIVILEGED, ENDS_BLOCK), insn(0x0f01, LIDT, Ms).ext(3).mem().on(I286).with(PRIVILEGED, ENDS_BLOCK),
        insn(0x0f01, SMSW, Ev).ext(4).on(I286), insn(0x0f01, LMSW, Ew).ext(6).on(I286).with(PRIVILEGED, ENDS_BLOCK),
        insn(0x0f01, INVLPG, M).ext(7).mem().on(I486).with(PRIVILEGED, ENDS_BLOCK),
        insn(0x0f01, SWAPGS).ext(7).reg(0).on(LONG_MODE).with(ONLY_64, PRIVILEGED, ENDS_BLOCK),
        insn(0x0f01, Mnemonic.RDTSCP).ext(7).reg(1).on(Feature.RDTSCP),
        insn(0x0f01, CLAC).ext(1).reg(2).on(SMAP).with(ENDS_BLOCK), insn(0x0f01, STAC).ext(1).reg(3).on(SMAP).with(ENDS_BLOCK),
        insn(0x0f02, LAR, Gv, Ew).on(I286).with(PROTECTED_ONLY), insn(0x0f03, LSL, Gv, Ew).on(I286).with(PROTECTED_ONLY),
        insn(0x0f05, Mnemonic.SYSCALL).on(Feature.SYSCALL).with(ENDS_BLOCK), insn(0x0f07, SYSRET).on(Feature.SYSCALL).with(PRIVILEGED, ENDS_BLOCK),
        insn(0x0f06, CLTS).on(I286).with(PRIVILEGED, ENDS_BLOCK),
        insn(0x0f08, INVD).on(I486).with(PRIVILEGED), insn(0x0f09, WBINVD).on(I486).with(PRIVILEGED),
        insn(0x0f20, MOV_FROM_CR, Ry, Cd).on(I386).with(PRIVILEGED, FORCE_64), insn(0x0f22, MOV_TO_CR, Cd, Ry).on(I386).with(PRIVILEGED, FORCE_64, ENDS_BLOCK),
        insn(0x0f21, MOV_FROM_DR, Ry, Dd).on(I386).with(PRIVILEGED, FORCE_64), insn(0x0f23, MOV_TO_DR, Dd, Ry).on(I386).with(PRIVILEGED, FORCE_64, ENDS_BLOCK),
        insn(0x0f30, WRMSR).on(MSR).with(PRIVILEGED, ENDS_BLOCK), insn(0x0f31, RDTSC).on(TSC),
        insn(0x0f32, RDMSR).on(MSR).with(PRIVILEGED), insn(0x0f33, RDPMC).on(MMX),
        insn(0x0f34, Mnemonic.SYSENTER).on(Feature.SYSENTER).with(ENDS_BLOCK), insn(0x0f35, SYSEXIT).on(Feature.SYSENTER).with(ENDS_BLOCK),
        insn(0x0faa, RSM).on(I486).with(ENDS_BLOCK));
    // spotless:on
}
