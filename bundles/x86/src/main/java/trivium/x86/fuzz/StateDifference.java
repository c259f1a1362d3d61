package trivium.x86.fuzz;

import java.util.StringJoiner;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;

/** Compares canonical states field by field. */
final class StateDifference {
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};

    private final StringJoiner found = new StringJoiner(", ");
    private int count;

    private StateDifference() {}

    /**
     * @param ignoredFlags bits of RFLAGS that may differ
     * @return null if the states are equal
     */
    static String of(VcpuState actual, VcpuState expected, int ignoredFlags) {
        StateDifference d = new StateDifference();
        d.compare(actual, expected, ignoredFlags);
        return d.count == 0 ? null : d.found.toString();
    }

    private void compare(VcpuState a, VcpuState e, int ignoredFlags) {
        field("rip", a.rip, e.rip);
        for (int i = 0; i < a.gpr.length; i++) {
            field("r" + i, a.gpr[i], e.gpr[i]);
        }
        field("rflags", a.rflags & ~ignoredFlags, e.rflags & ~ignoredFlags);
        for (int i = 0; i < SEGMENTS.length; i++) {
            segment(SEGMENTS[i], a.segments[i], e.segments[i]);
        }
        segment("ldtr", a.ldtr, e.ldtr);
        segment("tr", a.tr, e.tr);
        system(a, e);
        fpu(a, e);
        field("shadow", a.interruptShadow, e.interruptShadow);
        field("nmiBlocked", a.nmiBlocked ? 1 : 0, e.nmiBlocked ? 1 : 0);
        field("activity", a.activity, e.activity);
    }

    private void system(VcpuState a, VcpuState e) {
        field("gdtrBase", a.gdtrBase, e.gdtrBase);
        field("gdtrLimit", a.gdtrLimit, e.gdtrLimit);
        field("idtrBase", a.idtrBase, e.idtrBase);
        field("idtrLimit", a.idtrLimit, e.idtrLimit);
        field("cr0", a.cr0, e.cr0);
        field("cr2", a.cr2, e.cr2);
        field("cr3", a.cr3, e.cr3);
        field("cr4", a.cr4, e.cr4);
        field("efer", a.efer, e.efer);
        field("kernelGsBase", a.kernelGsBase, e.kernelGsBase);
        array("pdpte", a.pdpte, e.pdpte);
        array("dr", a.dr, e.dr);
        field("star", a.star, e.star);
        field("lstar", a.lstar, e.lstar);
        field("tscOffset", a.tscOffset, e.tscOffset);
    }

    private void fpu(VcpuState a, VcpuState e) {
        field("fcw", a.fcw, e.fcw);
        field("fsw", a.fsw, e.fsw);
        field("ftw", a.ftw, e.ftw);
        field("fop", a.fop, e.fop);
        field("fcs", a.fcs, e.fcs);
        field("fds", a.fds, e.fds);
        field("fip", a.fip, e.fip);
        field("fdp", a.fdp, e.fdp);
        array("mantissa", a.fpMantissa, e.fpMantissa);
        for (int i = 0; i < 8; i++) {
            field("exponent" + i, a.fpSignExponent[i], e.fpSignExponent[i]);
        }
        array("xmm half ", a.xmm, e.xmm);
        field("mxcsr", a.mxcsr, e.mxcsr);
    }

    private void array(String name, long[] a, long[] e) {
        for (int i = 0; i < a.length; i++) {
            field(name + i, a[i], e[i]);
        }
    }

    private void segment(String name, Segment a, Segment e) {
        field(name, a.selector, e.selector);
        field(name + ".base", a.base, e.base);
        field(name + ".limit", a.limit, e.limit);
        field(name + ".attributes", a.attributes, e.attributes);
    }

    private void field(String name, long actual, long expected) {
        if (actual != expected) {
            count++;
            found.add("%s %x, expected %x".formatted(name, actual, expected));
        }
    }
}
