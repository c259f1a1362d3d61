package trivium.machine.lockstep;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.x86.decode.StatusFlags;

/** Two canonical states compared, register by register. */
final class StateDiff {
    private static final String[] GPR = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
    };
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};
    private static final String RFLAGS = "rflags";
    private static final String[] FLAG_NAMES = {"CF", "PF", "AF", "ZF", "SF", "OF"};
    private static final int[] FLAG_BITS = {
        StatusFlags.CF,
        StatusFlags.PF,
        StatusFlags.AF,
        StatusFlags.ZF,
        StatusFlags.SF,
        StatusFlags.OF
    };

    private static final int ALWAYS_SHOWN = GPR.length + 2;

    /** A state as a list of numbers, always in the same order. */
    private static final class Values {
        final List<String> names = new ArrayList<>();
        long[] values = new long[256];

        void add(String name, long value) {
            if (names.size() == values.length) {
                values = Arrays.copyOf(values, values.length * 2);
            }
            values[names.size()] = value;
            names.add(name);
        }

        void addAll(String name, long[] more) {
            for (int i = 0; i < more.length; i++) {
                add(name + i, more[i]);
            }
        }

        void add(String name, Segment s) {
            add(name, s.selector);
            add(name + ".base", s.base);
            add(name + ".limit", s.limit);
            add(name + ".attr", s.attributes);
        }
    }

    private StateDiff() {}

    private static Values of(VcpuState s) {
        Values v = new Values();
        for (int i = 0; i < GPR.length; i++) {
            v.add(GPR[i], s.gpr[i]);
        }
        v.add("rip", s.rip);
        v.add(RFLAGS, s.rflags);
        for (int i = 0; i < SEGMENTS.length; i++) {
            v.add(SEGMENTS[i], s.segments[i]);
        }
        v.add("ldtr", s.ldtr);
        v.add("tr", s.tr);
        v.add("gdtr.base", s.gdtrBase);
        v.add("gdtr.limit", s.gdtrLimit);
        v.add("idtr.base", s.idtrBase);
        v.add("idtr.limit", s.idtrLimit);
        control(v, s);
        floatingPoint(v, s);
        v.add("shadow", s.interruptShadow);
        v.add("nmi-blocked", s.nmiBlocked ? 1 : 0);
        v.add("activity", s.activity);
        return v;
    }

    private static void control(Values v, VcpuState s) {
        v.add("cr0", s.cr0);
        v.add("cr2", s.cr2);
        v.add("cr3", s.cr3);
        v.add("cr4", s.cr4);
        v.add("cr8", s.cr8);
        v.addAll("pdpte", s.pdpte);
        v.addAll("dr", s.dr);
        v.add("efer", s.efer);
        v.add("star", s.star);
        v.add("lstar", s.lstar);
        v.add("cstar", s.cstar);
        v.add("sfmask", s.sfmask);
        v.add("kernel-gs", s.kernelGsBase);
        v.add("tsc-aux", s.tscAux);
        v.add("sysenter-cs", s.sysenterCs);
        v.add("sysenter-esp", s.sysenterEsp);
        v.add("sysenter-eip", s.sysenterEip);
        v.add("apic-base", s.apicBase);
        v.add("pat", s.pat);
        v.add("misc-enable", s.miscEnable);
        v.add("debugctl", s.debugCtl);
        v.add("mtrr-def", s.mtrrDefType);
        v.addAll("mtrr-fixed", s.mtrrFixed);
        v.addAll("mtrr-var", s.mtrrVariable);
        v.add("tsc-offset", s.tscOffset);
    }

    private static void floatingPoint(Values v, VcpuState s) {
        v.add("fcw", s.fcw);
        v.add("fsw", s.fsw);
        v.add("ftw", s.ftw);
        v.add("fop", s.fop);
        v.add("fcs", s.fcs);
        v.add("fds", s.fds);
        v.add("fip", s.fip);
        v.add("fdp", s.fdp);
        for (int i = 0; i < 8; i++) {
            v.add("fpr" + i, s.fpMantissa[i]);
            v.add("fpr" + i + ".exp", s.fpSignExponent[i]);
        }
        for (int i = 0; i < 16; i++) {
            v.add("xmm" + i, s.xmm[2 * i]);
            v.add("xmm" + i + ".hi", s.xmm[2 * i + 1]);
        }
        v.add("mxcsr", s.mxcsr);
    }

    static boolean equal(VcpuState a, VcpuState b) {
        Values va = of(a), vb = of(b);
        return Arrays.equals(va.values, vb.values);
    }

    /** The status flags that differ if nothing else does, otherwise 0. */
    static int onlyStatusFlags(VcpuState a, VcpuState b) {
        long differing = a.rflags ^ b.rflags;
        if (differing == 0 || (differing & ~(long) StatusFlags.ALL) != 0) {
            return 0;
        }
        Values va = of(a), vb = of(b);
        int flags = va.names.indexOf(RFLAGS);
        va.values[flags] = vb.values[flags];
        return Arrays.equals(va.values, vb.values) ? (int) differing : 0;
    }

    /** A table: general registers always, of the others those that differ, each marked. */
    static String table(String nameA, VcpuState a, String nameB, VcpuState b) {
        Values va = of(a), vb = of(b);
        StringBuilder text = new StringBuilder("%-12s   %-16s   %s%n".formatted("", nameA, nameB));
        for (int i = 0; i < va.names.size(); i++) {
            boolean differs = va.values[i] != vb.values[i];
            if (differs || i < ALWAYS_SHOWN) {
                String name = va.names.get(i);
                text.append(
                        "%-12s %s %016x   %016x%s%n"
                                .formatted(
                                        name,
                                        differs ? "*" : " ",
                                        va.values[i],
                                        vb.values[i],
                                        name.equals(RFLAGS)
                                                ? flags(va.values[i] ^ vb.values[i])
                                                : ""));
            }
        }
        return text.toString();
    }

    private static String flags(long differing) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < FLAG_BITS.length; i++) {
            if ((differing & FLAG_BITS[i]) != 0) {
                text.append(' ').append(FLAG_NAMES[i]);
            }
        }
        return text.toString();
    }
}
