package trivium.x86;

import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;

/**
 * The x87, MMX and SSE state as the host's FXSAVE64 lays it out (SDM Vol. 1 "FXSAVE Area"), all but
 * the x87 pointers.
 */
public final class FxImage {
    /** Offsets in the image. */
    public static final int FCW = 0, FSW = 2, MXCSR = 24;

    private static final int FTW = 4, ST = 32, XMM = 160, REGISTER = 16;

    private FxImage() {}

    /** The pointers in the image may be lost. */
    public static void put(VcpuState s, long image) {
        HostMemory.putShort(image + FCW, (short) s.fcw);
        HostMemory.putShort(image + FSW, (short) s.fsw);
        HostMemory.putLong(image + FTW, s.ftw & 0xff);
        HostMemory.putInt(image + MXCSR, s.mxcsr);
        int top = s.fsw >>> 11;
        for (int i = 0; i < 8; i++) {
            long at = image + ST + REGISTER * i;
            HostMemory.putLong(at, s.fpMantissa[top + i & 7]);
            HostMemory.putLong(at + 8, s.fpSignExponent[top + i & 7] & 0xffffL);
        }
        for (int i = 0; i < s.xmm.length; i++) {
            HostMemory.putLong(image + XMM + 8 * i, s.xmm[i]);
        }
    }

    public static void get(long image, VcpuState s) {
        s.fcw = HostMemory.getShort(image + FCW) & 0xffff;
        s.fsw = HostMemory.getShort(image + FSW) & 0xffff;
        s.ftw = HostMemory.getByte(image + FTW) & 0xff;
        s.mxcsr = HostMemory.getInt(image + MXCSR);
        int top = s.fsw >>> 11;
        for (int i = 0; i < 8; i++) {
            long at = image + ST + REGISTER * i;
            s.fpMantissa[top + i & 7] = HostMemory.getLong(at);
            s.fpSignExponent[top + i & 7] = HostMemory.getShort(at + 8) & 0xffff;
        }
        for (int i = 0; i < s.xmm.length; i++) {
            s.xmm[i] = HostMemory.getLong(image + XMM + 8 * i);
        }
    }
}
