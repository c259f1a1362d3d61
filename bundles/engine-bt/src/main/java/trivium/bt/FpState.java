package trivium.bt;

import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;
import trivium.x86.FxImage;
import trivium.x86.decode.Feature;
import trivium.x86.interp.Cpu;

/**
 * Carries the guest's x87, MMX and SSE state between the canonical state and the image that the
 * host's units are loaded from ({@link Area#FP_IMAGE}, SDM Vol. 1 "FXSAVE Area"). Once there, it
 * stays in the image between runs of generated code until the interpreter asks for it ({@link
 * Cpu#fpAway}).
 */
final class FpState {
    /** Bits of {@link Area#FP_LOADED}: x87 and MMX, or SSE, may run on the host's units. */
    static final int X87 = 1, SSE = 2;

    private static final int CR0_EM = 1 << 2, CR0_TS = 1 << 3, CR4_OSFXSR = 1 << 9;
    private static final int FSW_ES = 1 << 7, X87_MASKS = 0x3f, SSE_MASKS = 0x1f80;
    private static final int NOT_SET = -1;

    /** The Java thread's own MXCSR: all masked, to nearest. */
    private static final int HOST_MXCSR = 0x1f80;

    private final Cpu c;
    private final VcpuState s;
    private final long area, image;
    private final boolean sse;

    FpState(Cpu c) {
        this.c = c;
        s = c.s;
        area = c.area;
        image = area + Area.FP_IMAGE;
        sse = c.features.contains(Feature.SSE);
        HostMemory.putInt(area + Area.HOST_MXCSR, HOST_MXCSR);
        HostMemory.putInt(area + Area.FP_FOP, NOT_SET);
        HostMemory.putInt(area + Area.FP_FDS, NOT_SET);
    }

    /** Which units may be used now: nothing faults, and no exception can be raised. */
    private int usable(int fcw, int fsw, int mxcsr) {
        if ((s.cr0 & (CR0_EM | CR0_TS)) != 0) {
            return 0;
        }
        boolean quiet = (fcw & X87_MASKS) == X87_MASKS && (fsw & FSW_ES) == 0;
        boolean vector = sse && (s.cr4 & CR4_OSFXSR) != 0 && (mxcsr & SSE_MASKS) == SSE_MASKS;
        return (quiet ? X87 : 0) | (vector ? SSE : 0);
    }

    private int usable() {
        return c.fpAway
                ? usable(
                        HostMemory.getShort(image + FxImage.FCW),
                        HostMemory.getShort(image + FxImage.FSW),
                        HostMemory.getInt(image + FxImage.MXCSR))
                : usable(s.fcw, s.fsw, s.mxcsr);
    }

    /** Before generated code is entered: what it may load by itself. */
    void offer() {
        HostMemory.putInt(area + Area.FP_HELD, c.fpAway && !loaded() ? usable() : 0);
    }

    /**
     * Has the state loaded on the way into generated code.
     *
     * @return whether the units of {@code which} may be used; if not, nothing was done
     */
    boolean load(int which) {
        int usable = usable();
        if ((usable & which) != which) {
            return false;
        }
        if (!c.fpAway) {
            FxImage.put(s, image);
        }
        HostMemory.putInt(area + Area.FP_LOADED, usable);
        return true;
    }

    boolean loaded() {
        return HostMemory.getInt(area + Area.FP_LOADED) != 0;
    }

    /** Generated code was left with loaded state, which is in the image now, and stays there. */
    void park() {
        HostMemory.putInt(area + Area.FP_LOADED, 0);
        c.fpAway = true;
        pointers();
    }

    /** Makes the canonical state the truth again. */
    void fetch() {
        FxImage.get(image, s);
        c.fpuChanged();
    }

    /** The pointers are kept in the canonical state. */
    private void pointers() {
        int fop = HostMemory.getInt(area + Area.FP_FOP);
        if (fop != NOT_SET) {
            s.fop = fop;
            s.fip = HostMemory.getLong(area + Area.FP_FIP);
            s.fcs = HostMemory.getInt(area + Area.FP_FCS);
            HostMemory.putInt(area + Area.FP_FOP, NOT_SET);
        }
        int fds = HostMemory.getInt(area + Area.FP_FDS);
        if (fds != NOT_SET) {
            s.fdp = HostMemory.getLong(area + Area.FP_FDP);
            s.fds = fds;
            HostMemory.putInt(area + Area.FP_FDS, NOT_SET);
        }
    }
}
